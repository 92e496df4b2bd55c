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
    /// Makes an event of 64 zero bytes and the first bytes of the packet, and leaves it to the programs behind.
    Emit {
        /// Descriptor of a `PERF_EVENT_ARRAY`.
        events: i32,
        /// Bytes of the packet, which has to have them.
        captured: u16,
    },
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
        self.fdinfo("run_cnt")
    }

    /// How long these runs took, in nanoseconds, with what it takes to measure that.
    pub fn run_time(&self) -> Result<u64> {
        self.fdinfo("run_time_ns")
    }

    fn fdinfo(&self, name: &str) -> Result<u64> {
        let info = format!("/proc/thread-self/fdinfo/{}", self.fd.as_raw_fd());
        field(Path::new(&info), name)?
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
        Code::Emit { events, captured } => emit(events, captured),
        Code::Redirect(ifindex) => vec![mov(1, ifindex), mov(2, 0), with(0x85, REDIRECT_HELPER), EXIT],
    }
}

/// As much as an event costs anybody: a clear stack, and the helper.
fn emit(events: i32, captured: u16) -> Vec<u64> {
    const EVENT_LEN: u32 = 64;
    const CURRENT_CPU: u32 = u32::MAX;
    const PERF_EVENT_OUTPUT_HELPER: u32 = 25;
    let with = |operation: u64, immediate: u32| operation | (u64::from(immediate) << 32);
    let clear = |offset: i16| with(0x0a7a | (u64::from(offset.cast_unsigned()) << 16), 0);
    let mut code: Vec<u64> = (1..=8).map(|word| clear(-8 * word)).collect();
    code.extend([
        with(0x1218, events.cast_unsigned()), // r2: the map of this descriptor
        0,
        with(0x0318, CURRENT_CPU), // r3: lower half
        with(0, captured.into()),  // and upper half
        with(0xa4bf, 0),           // r4: stack
        with(0x0407, EVENT_LEN.wrapping_neg()),
        with(0x05b7, EVENT_LEN),
        with(0x85, PERF_EVENT_OUTPUT_HELPER),
        with(0x00b7, u32::MAX),
        0x95,
    ]);
    code
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
