//! What a process uses.

use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::bench::tunnel::contender::cpu;

/// Share of one core, in percent.
pub(super) fn share(pid: u32, while_this: impl FnOnce() -> Result<()>) -> Result<f64> {
    let pid = pid.to_string();
    let (before, since) = (cpu(&pid)?, Instant::now());
    while_this()?;
    Ok((cpu(&pid)? - before) / since.elapsed().as_secs_f64() * 100.0)
}

/// Most memory that it ever had, in MiB.
pub(super) fn peak(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no peak")?;
    let kib: u32 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(f64::from(kib) / 1024.0)
}
