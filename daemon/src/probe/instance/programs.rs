//! The programs of an instance: loaded when they are first needed, so that one that a kernel refuses stops
//! nothing else.

use std::os::fd::{AsFd as _, AsRawFd as _};

use aya::{
    Ebpf,
    programs::{Program, SchedClassifier, SocketFilter},
};
use wgtrace_abi::{Hook, names};

use super::ProbeError;

/// What the kernel knows of a loaded program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramFacts {
    /// Its name.
    pub name: &'static str,
    /// Runs while [`RunStatistics`](super::RunStatistics) were on.
    pub runs: u64,
    /// Nanoseconds they took.
    pub run_time: u64,
    /// Instructions the verifier went through; `None` before Linux 5.16.
    pub verified_instructions: Option<u64>,
}

pub(super) fn classifier<'a>(
    ebpf: &'a mut Ebpf,
    name: &'static str,
) -> Result<&'a mut SchedClassifier, ProbeError> {
    let program: &mut SchedClassifier = find(ebpf, name)?.try_into().map_err(|_| wrong_kind(name))?;
    if program.fd().is_err() {
        program.load().map_err(|error| ProbeError::load(name, &error))?;
    }
    Ok(program)
}

pub(super) fn tap(ebpf: &mut Ebpf) -> Result<&mut SocketFilter, ProbeError> {
    let name = names::program(Hook::TapIn);
    let program: &mut SocketFilter = find(ebpf, name)?.try_into().map_err(|_| wrong_kind(name))?;
    if program.fd().is_err() {
        program.load().map_err(|error| ProbeError::load(name, &error))?;
    }
    Ok(program)
}

/// Those that are loaded: tracers, then forwarders, in the order of their hooks.
pub(super) fn facts(ebpf: &Ebpf) -> Result<Vec<ProgramFacts>, ProbeError> {
    let mut facts = Vec::new();
    for name in
        Hook::ALL.map(names::program).into_iter().chain(Hook::ALL.into_iter().filter_map(names::forwarder))
    {
        let Some(program) = ebpf.program(name).map(Program::fd) else { continue };
        let Ok(fd) = program else { continue };
        if facts.iter().any(|other: &ProgramFacts| other.name == name) {
            continue;
        }
        let path = format!("/proc/self/fdinfo/{}", fd.as_fd().as_raw_fd());
        let text =
            std::fs::read_to_string(&path).map_err(|error| ProbeError::io(format!("read {path}"), &error))?;
        facts.push(parse(name, &text));
    }
    Ok(facts)
}

fn parse(name: &'static str, fdinfo: &str) -> ProgramFacts {
    let field = |key: &str| {
        let line = fdinfo.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        line.and_then(|value| value.trim().parse().ok())
    };
    ProgramFacts {
        name,
        runs: field("run_cnt").unwrap_or(0),
        run_time: field("run_time_ns").unwrap_or(0),
        verified_instructions: field("verified_insns"),
    }
}

fn find<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut Program, ProbeError> {
    ebpf.program_mut(name).ok_or_else(|| ProbeError::Object(format!("it has no program {name}")))
}

fn wrong_kind(name: &str) -> ProbeError {
    ProbeError::Object(format!("program {name} is of another kind"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_come_from_fdinfo() {
        let text = "pos:\t0\nprog_type:\t3\nrun_time_ns:\t1200\nrun_cnt:\t7\nrecursion_misses:\t0\nverified_insns:\t341\n";
        let expected =
            ProgramFacts { name: "wgt_tap", runs: 7, run_time: 1200, verified_instructions: Some(341) };
        assert_eq!(parse("wgt_tap", text), expected);
        let old = parse("wgt_tap", "run_time_ns:\t5\nrun_cnt:\t1\n");
        assert_eq!((old.runs, old.verified_instructions), (1, None));
    }
}
