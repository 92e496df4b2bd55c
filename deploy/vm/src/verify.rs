//! Every program before this kernel's verifier.

mod log;

use std::collections::HashSet;
use std::os::fd::{AsFd as _, AsRawFd as _, RawFd};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use aya::Ebpf;
use aya::programs::{Program, ProgramError, ProgramInfo};
use aya_obj::{Object, ProgramSection};
use wgtrace_abi::{Hook, names};
use wgtrace_vm::{Line, Size};

use crate::port::Port;

/// Loads each program of the object by itself, and reports what the verifier made of it.
///
/// A refusal is a failed check with the verifier's log, and no reason to leave out the others.
pub(crate) fn verify(port: &mut Port, object: &mut Ebpf) -> Result<()> {
    let mut names: Vec<String> = object.programs().map(|(name, _)| name.to_owned()).collect();
    names.sort();
    port.check("every program is ours", || {
        let forwarders = Hook::ALL.into_iter().filter_map(names::forwarder);
        let mut ours: Vec<&str> = Hook::ALL.into_iter().map(names::program).chain(forwarders).collect();
        ours.sort_unstable();
        ours.dedup();
        ensure!(names == ours, "the object has {names:?}");
        Ok(format!("{} programs", names.len()))
    })?;
    for name in names {
        let mut size = None;
        port.check(&format!("{name} is accepted"), || {
            let accepted = accept(object, &name)?;
            size = Some(accepted);
            Ok(format!("{} instructions verified, {} translated", accepted.verified, accepted.translated))
        })?;
        if let Some(size) = size {
            port.say(&Line::Program { name, size })?;
        }
    }
    Ok(())
}

fn accept(object: &mut Ebpf, name: &str) -> Result<Size> {
    let info = load(object, name)?;
    let translated = info.size_translated().context("the kernel does not tell the translated size")? / 8;
    let verified = match info.verified_instruction_count() {
        Some(count) if count > 0 => count,
        // before Linux 5.16 only the verifier's log has it
        Some(_) | None => count_from_log(object, name)?,
    };
    Ok(Size { verified, translated })
}

fn load(object: &mut Ebpf, name: &str) -> Result<ProgramInfo> {
    let program = object.program_mut(name).with_context(|| format!("no program {name}"))?;
    let loaded = if let Program::SchedClassifier(classifier) = program {
        classifier.load()
    } else if let Program::SocketFilter(filter) = program {
        filter.load()
    } else {
        bail!("neither of tc nor of a socket: {:?}", program.prog_type())
    };
    loaded.map_err(|error| anyhow!("{}", with_log(&error)))?;
    Ok(program.info()?)
}

/// An error with the end of the verifier's log, where it says why, and how far it got.
fn with_log(error: &ProgramError) -> String {
    let ProgramError::LoadError { io_error, verifier_log } = error else { return format!("{error:?}") };
    let log = verifier_log.to_string();
    let lines: Vec<&str> = log.lines().filter(|line| line.len() > 2).collect();
    let end = lines.get(lines.len().saturating_sub(12)..).unwrap_or_default();
    let end: Vec<String> = end.iter().map(|line| line.chars().take(160).collect()).collect();
    format!("refused: {io_error}\n{}", end.join("\n"))
}

/// Has the verifier look at the program again, in the words of its log: `processed 1234 insns (limit 1000000) ..`.
fn count_from_log(object: &Ebpf, name: &str) -> Result<u32> {
    let mut parsed = Object::parse(wgtrace_bpf::OBJECT)?;
    let maps = parsed.maps.clone();
    let mut fds: Vec<(&str, RawFd, &aya_obj::Map)> = Vec::new();
    for (name, map) in &maps {
        let fd = object.map(name).with_context(|| format!("no map {name}")).and_then(descriptor)?;
        fds.push((name, fd, map));
    }
    let sections: HashSet<usize> = parsed.functions.keys().map(|(section, _)| *section).collect();
    parsed.relocate_maps(fds.into_iter(), &sections)?;
    parsed.relocate_calls(&sections)?;
    let program = parsed.programs.get(name).with_context(|| format!("no program {name}"))?;
    let kind = if matches!(program.section, ProgramSection::SocketFilter) {
        log::Kind::SocketFilter
    } else {
        log::Kind::Classifier
    };
    let function = parsed.functions.get(&program.function_key()).context("a program without code")?;
    let log = log::statistics(kind, &function.instructions, &program.license)?;
    let words = log.lines().find_map(|line| line.strip_prefix("processed "));
    let count = words.and_then(|words| words.split(' ').next()?.parse().ok());
    count.with_context(|| format!("the verifier's log does not count instructions: {log:?}"))
}

fn descriptor(map: &aya::maps::Map) -> Result<RawFd> {
    use aya::maps::Map;
    if let Map::Array(map)
    | Map::HashMap(map)
    | Map::LpmTrie(map)
    | Map::PerCpuArray(map)
    | Map::PerfEventArray(map) = map
    {
        return Ok(map.fd().as_fd().as_raw_fd());
    }
    bail!("a map of a kind that the object is not known to have: {map:?}")
}
