//! The verifier's own words about a program that it accepts, which `aya` does not ask for.
#![expect(unsafe_code, reason = "bpf(2) takes addresses")]

use std::ffi::CStr;
use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd};

use anyhow::{Context as _, Result};
use aya_obj::generated::bpf_insn;

/// What a program is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Kind {
    SocketFilter = 1,
    Classifier = 3,
}

/// Loads a program, forgets it, and returns the statistics that the verifier has logged.
pub(super) fn statistics(kind: Kind, instructions: &[bpf_insn], license: &CStr) -> Result<String> {
    let mut log = vec![0_u8; 4096];
    let attributes = Load {
        program_type: kind as u32,
        instruction_count: u32::try_from(instructions.len())?,
        instructions: instructions.as_ptr().addr() as u64,
        license: license.as_ptr().addr() as u64,
        log_level: BPF_LOG_STATS,
        log_len: u32::try_from(log.len())?,
        log: log.as_mut_ptr().addr() as u64,
        kernel_version: 0,
        flags: 0,
    };
    // SAFETY: the attributes are alive and their size is told; their addresses are those of borrowed memory, of
    // the lengths told beside them.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, BPF_PROG_LOAD, &raw const attributes, size_of::<Load>()) };
    if fd < 0 {
        return Err(io::Error::last_os_error())
            .context("the verifier refuses a program that it has accepted");
    }
    // SAFETY: the kernel has just made it for us.
    drop(unsafe { OwnedFd::from_raw_fd(i32::try_from(fd)?) });
    let text = CStr::from_bytes_until_nul(&log).context("an endless log")?;
    Ok(text.to_string_lossy().into_owned())
}

/// linux: `union bpf_attr`, the part of `BPF_PROG_LOAD`.
#[repr(C)]
struct Load {
    program_type: u32,
    instruction_count: u32,
    instructions: u64,
    license: u64,
    log_level: u32,
    log_len: u32,
    log: u64,
    kernel_version: u32,
    flags: u32,
}

// linux: include/uapi/linux/bpf.h, include/linux/bpf_verifier.h
const BPF_PROG_LOAD: libc::c_long = 5;
const BPF_LOG_STATS: u32 = 4;
