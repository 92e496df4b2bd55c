//! What the kernel says about programs, whoever loaded them.

use std::fs;

use anyhow::{Context as _, Result};
use aya::maps::{Map, MapData, PerCpuArray};
use aya::programs::{ProgramInfo, SchedClassifier, TcAttachType};
use wgtrace_abi::{Hook, HookCounters, names};
use wgtrace_testbed::{Namespace, bpf};
use zerocopy::transmute;

/// Names of the programs on TCX, in the order in which they run.
pub(crate) fn tcx(namespace: &Namespace, device: &str, direction: TcAttachType) -> Result<Vec<String>> {
    let programs = tcx_programs(namespace, device, direction)?;
    Ok(programs.iter().map(|program| program.name_as_str().unwrap_or_default().to_owned()).collect())
}

/// How often the first program of that name on TCX ran.
pub(crate) fn tcx_runs(
    namespace: &Namespace,
    device: &str,
    direction: TcAttachType,
    name: &str,
) -> Result<Option<u64>> {
    let programs = tcx_programs(namespace, device, direction)?;
    Ok(programs.iter().find(|program| program.name_as_str() == Some(name)).map(ProgramInfo::run_count))
}

fn tcx_programs(namespace: &Namespace, device: &str, direction: TcAttachType) -> Result<Vec<ProgramInfo>> {
    let (_, programs) = namespace.run(|| SchedClassifier::query_tcx(device, direction))??;
    Ok(programs)
}

/// How often the program of that name ran that a process holds.
pub(crate) fn runs_of(pid: u32, name: &str) -> Result<u64> {
    program_of(pid, name).map(|program| program.run_count())
}

/// The program of that name that a process holds.
pub(crate) fn program_of(pid: u32, name: &str) -> Result<ProgramInfo> {
    let entries = fs::read_dir(format!("/proc/{pid}/fdinfo"))?.filter_map(Result::ok);
    let ids: Vec<u64> = entries.filter_map(|fd| bpf::field(&fd.path(), "prog_id").ok().flatten()).collect();
    aya::programs::loaded_programs()
        .filter_map(Result::ok)
        .find(|program| ids.contains(&program.id().into()) && program.name_as_str() == Some(name))
        .with_context(|| format!("process {pid} holds no program {name}"))
}

/// A hook's counters, of all CPUs together, from the maps of a program.
pub(crate) fn counters(program: &ProgramInfo, hook: Hook) -> Result<HookCounters> {
    let maps = program.map_ids()?.context("the kernel does not tell the maps of programs")?;
    let maps = maps.into_iter().filter_map(|id| MapData::from_id(id).ok());
    let mut maps =
        maps.filter(|map| map.info().is_ok_and(|info| info.name_as_str() == Some(names::COUNTERS)));
    let map = Map::PerCpuArray(maps.next().context("the program has no counters")?);
    let counters: PerCpuArray<MapData, [u8; 64]> = PerCpuArray::try_from(map)?;
    let mut sum = [0_u64; 8];
    for bytes in counters.get(&u32::from(hook.number()), 0)?.iter() {
        for (total, number) in sum.iter_mut().zip(bytes.chunks_exact(8)) {
            *total += u64::from_ne_bytes(number.try_into()?);
        }
    }
    Ok(transmute!(sum))
}
