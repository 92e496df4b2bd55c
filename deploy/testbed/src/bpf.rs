//! The programs of others: a few instructions each, put behind ours to see what we do to them.

mod attach;
mod call;

use std::fs;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::Path;

use anyhow::{Context as _, Result};

pub use attach::{Attached, Direction};

/// What a tc program does with every packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Leaves it to the programs behind (`TC_ACT_UNSPEC`).
    Next,
    /// Lets it go on, without the programs behind (`TC_ACT_OK`).
    Accept,
    /// Drops it (`TC_ACT_SHOT`).
    Drop,
    /// Sends it out by the device with this index instead.
    Redirect(u32),
}

/// A loaded tc program.
#[derive(Debug)]
pub struct Program {
    fd: OwnedFd,
}

/// One run of a program over a packet, as `BPF_PROG_TEST_RUN` tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestRun {
    /// What the program returned: -1 for [`Code::Next`].
    pub verdict: i32,
    /// Mean time of a run, in nanoseconds.
    pub nanoseconds: u32,
}

/// The kernel counts runs of programs as long as this lives.
#[derive(Debug)]
pub struct RunCounting {
    _fd: OwnedFd,
}

impl Program {
    /// Loads one under a name of at most 15 bytes.
    pub fn load(name: &str, code: Code) -> Result<Self> {
        let fd = call::load(name, &instructions(code)).with_context(|| format!("cannot load {name}"))?;
        Ok(Self { fd })
    }

    /// How often it ran since it was loaded and runs are counted.
    pub fn runs(&self) -> Result<u64> {
        let info = format!("/proc/thread-self/fdinfo/{}", self.fd.as_raw_fd());
        field(Path::new(&info), "run_cnt")?
            .context("this kernel does not count the runs of programs: Linux 5.1 does")
    }

    /// Runs it over a packet, an Ethernet frame, so many times.
    pub fn test_run(&self, packet: &[u8], times: u32) -> Result<TestRun> {
        let (verdict, nanoseconds) =
            call::test_run(&self.fd, packet, times).context("cannot run the program by itself")?;
        Ok(TestRun { verdict, nanoseconds })
    }
}

impl RunCounting {
    /// Starts to count, for all programs.
    pub fn start() -> Result<Self> {
        let fd = call::enable_stats()
            .context("cannot count the runs of programs: this needs Linux 5.8 and root")?;
        Ok(Self { _fd: fd })
    }
}

/// A number from what the kernel says about a descriptor; `None` when it does not say it.
///
/// `fdinfo` is a file in some `/proc/PID/fdinfo`, so that this works for programs of other processes.
pub fn field(fdinfo: &Path, name: &str) -> Result<Option<u64>> {
    let text = fs::read_to_string(fdinfo).with_context(|| format!("cannot read {}", fdinfo.display()))?;
    Ok(text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| *key == name)
        .and_then(|(_, value)| value.trim().parse().ok()))
}

/// linux: `struct bpf_insn`; immediates are in the upper half.
fn instructions(code: Code) -> Vec<u64> {
    const EXIT: u64 = 0x95;
    const REDIRECT_HELPER: u32 = 23;
    let with = |operation: u64, immediate: u32| operation | (u64::from(immediate) << 32);
    let mov = |register: u64, value: u32| with(0xb7 | (register << 8), value);
    match code {
        Code::Next => vec![mov(0, u32::MAX), EXIT],
        Code::Accept => vec![mov(0, 0), EXIT],
        Code::Drop => vec![mov(0, 2), EXIT],
        Code::Redirect(ifindex) => vec![mov(1, ifindex), mov(2, 0), with(0x85, REDIRECT_HELPER), EXIT],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_encoded_as_the_kernel_reads_them() {
        let bytes = |code| instructions(code).into_iter().flat_map(u64::to_le_bytes).collect::<Vec<_>>();
        let next = [0xb7, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x95, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(bytes(Code::Next), next);
        assert_eq!(bytes(Code::Redirect(3))[..16], [0xb7, 1, 0, 0, 3, 0, 0, 0, 0xb7, 2, 0, 0, 0, 0, 0, 0]);
    }
}
