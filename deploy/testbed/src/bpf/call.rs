//! bpf(2), as far as it is needed here; `aya` loads whole objects only.
#![expect(unsafe_code, reason = "bpf(2) takes addresses")]

use std::io;
use std::os::fd::{AsFd, AsRawFd as _, FromRawFd as _, OwnedFd};

use super::Direction;

/// Loads a tc program.
pub(super) fn load(name: &str, instructions: &[u64]) -> io::Result<OwnedFd> {
    let mut attributes = Load {
        program_type: BPF_PROG_TYPE_SCHED_CLS,
        instruction_count: count(instructions.len())?,
        instructions: instructions.as_ptr().addr() as u64,
        license: LICENSE.as_ptr().addr() as u64,
        ..Load::default()
    };
    let (_, room) = attributes.name.split_last_mut().ok_or(io::ErrorKind::InvalidInput)?;
    room.get_mut(..name.len()).ok_or(io::ErrorKind::InvalidFilename)?.copy_from_slice(name.as_bytes());
    // SAFETY: instructions and license are borrowed or static, and as long as the attributes say.
    unsafe { descriptor(BPF_PROG_LOAD, &mut attributes) }
}

/// Links a tc program behind those of a device in the caller's namespace.
pub(super) fn tcx_link(program: &impl AsFd, ifindex: u32, direction: Direction) -> io::Result<OwnedFd> {
    let mut attributes = LinkCreate {
        program: descriptor_number(program)?,
        ifindex,
        attach_type: match direction {
            Direction::Ingress => BPF_TCX_INGRESS,
            Direction::Egress => BPF_TCX_EGRESS,
        },
        ..LinkCreate::default()
    };
    // SAFETY: these attributes hold no address.
    unsafe { descriptor(BPF_LINK_CREATE, &mut attributes) }
}

/// Has the kernel count runs while the descriptor is open.
pub(super) fn enable_stats() -> io::Result<OwnedFd> {
    let mut run_time = [0_u32; 1];
    // SAFETY: these attributes hold no address.
    unsafe { descriptor(BPF_ENABLE_STATS, &mut run_time) }
}

/// Runs a program `times` times over a packet: what it returned last, and the mean time in nanoseconds.
pub(super) fn test_run(program: &impl AsFd, packet: &[u8], times: u32) -> io::Result<(i32, u32)> {
    let mut attributes = TestRun {
        program: descriptor_number(program)?,
        data_in_len: count(packet.len())?,
        data_in: packet.as_ptr().addr() as u64,
        repeat: times,
        ..TestRun::default()
    };
    // SAFETY: the packet is borrowed and as long as the attributes say; nothing is asked to be written back.
    unsafe { bpf(BPF_PROG_TEST_RUN, &mut attributes) }?;
    Ok((attributes.verdict.cast_signed(), attributes.duration))
}

/// linux: `union bpf_attr`, the part of `BPF_PROG_LOAD`.
#[derive(Default)]
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
    name: [u8; 16],
}

/// The part of `BPF_LINK_CREATE`, with what TCX has.
#[derive(Default)]
#[repr(C)]
struct LinkCreate {
    program: u32,
    ifindex: u32,
    attach_type: u32,
    flags: u32,
    relative: u32,
    padding: u32,
    expected_revision: u64,
}

/// The part of `BPF_PROG_TEST_RUN`, without contexts.
#[derive(Default)]
#[repr(C)]
struct TestRun {
    program: u32,
    verdict: u32,
    data_in_len: u32,
    data_out_len: u32,
    data_in: u64,
    data_out: u64,
    repeat: u32,
    duration: u32,
}

// linux: include/uapi/linux/bpf.h
const BPF_PROG_LOAD: libc::c_long = 5;
const BPF_PROG_TEST_RUN: libc::c_long = 10;
const BPF_LINK_CREATE: libc::c_long = 28;
const BPF_ENABLE_STATS: libc::c_long = 32;
const BPF_PROG_TYPE_SCHED_CLS: u32 = 3;
const BPF_TCX_INGRESS: u32 = 46;
const BPF_TCX_EGRESS: u32 = 47;

const LICENSE: &std::ffi::CStr = c"Dual MIT/GPL";

/// # Safety
///
/// As for [`bpf`], and the command must return a new descriptor.
unsafe fn descriptor<T>(command: libc::c_long, attributes: &mut T) -> io::Result<OwnedFd> {
    // SAFETY: handed on to the caller.
    let fd = unsafe { bpf(command, attributes) }?;
    let fd = i32::try_from(fd).map_err(io::Error::other)?;
    // SAFETY: the kernel has just made it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// # Safety
///
/// Every address in `attributes` must be that of memory as the command will use it.
unsafe fn bpf<T>(command: libc::c_long, attributes: &mut T) -> io::Result<libc::c_long> {
    // SAFETY: the attributes are alive and their size is told; their addresses are the caller's word.
    let result =
        unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_mut(attributes), size_of::<T>()) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn descriptor_number(fd: &impl AsFd) -> io::Result<u32> {
    u32::try_from(fd.as_fd().as_raw_fd()).map_err(io::Error::other)
}

fn count(len: usize) -> io::Result<u32> {
    u32::try_from(len).map_err(io::Error::other)
}
