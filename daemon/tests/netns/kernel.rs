//! What the kernel says about programs, whoever loaded them.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use aya::programs::{ProgramInfo, SchedClassifier, TcAttachType};
use wgtrace_testbed::{Namespace, bpf};

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

/// How often the programs of that name ran that a process holds.
pub(crate) fn runs_of(pid: u32, name: &str) -> Result<u64> {
    let mut runs = 0;
    for fd in descriptors(pid)? {
        let Some(id) = bpf::field(&fd, "prog_id")? else { continue };
        let known =
            aya::programs::loaded_programs().filter_map(Result::ok).find(|one| u64::from(one.id()) == id);
        if known.is_some_and(|program| program.name_as_str() == Some(name)) && fd_is_program(&fd)? {
            runs += bpf::field(&fd, "run_cnt")?.unwrap_or_default();
        }
    }
    Ok(runs)
}

/// Descriptors of links name their program as well, without its runs.
fn fd_is_program(fdinfo: &std::path::Path) -> Result<bool> {
    Ok(bpf::field(fdinfo, "run_cnt")?.is_some())
}

fn descriptors(pid: u32) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(format!("/proc/{pid}/fdinfo"))?;
    Ok(entries.filter_map(Result::ok).map(|entry| entry.path()).collect())
}
