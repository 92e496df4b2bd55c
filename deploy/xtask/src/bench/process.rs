//! A program run to its end: wall time, and the most memory that it held.

use std::fs;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) wall: f64,
    /// Peak resident set in KiB.
    pub(super) peak: u64,
    pub(super) status: ExitStatus,
}

/// Runs `command` with its output thrown away.
///
/// Memory is polled from /proc: the kernel keeps the peak, so a coarse poll misses only what is
/// allocated in the last milliseconds.
pub(super) fn run(command: &mut Command) -> Result<Run> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child =
        command.spawn().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak = peak.max(high_water(&status_file));
        std::thread::sleep(Duration::from_millis(2));
    };
    Ok(Run { wall: start.elapsed().as_secs_f64(), peak, status })
}

fn high_water(status_file: &str) -> u64 {
    let Ok(status) = fs::read_to_string(status_file) else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
