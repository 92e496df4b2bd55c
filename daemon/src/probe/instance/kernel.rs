//! What aya has no call for.
#![expect(unsafe_code, reason = "the bpf system call for perf event arrays, and membarrier")]

use std::{
    os::fd::{AsRawFd as _, BorrowedFd},
    ptr,
};

use rustix::io::Errno;

/// Lets programs on `cpu` write to the perf event `event` through the perf event array `map`.
pub(super) fn set_event(map: BorrowedFd<'_>, cpu: u32, event: BorrowedFd<'_>) -> Result<(), Errno> {
    let value = event.as_raw_fd();
    element(UPDATE, map, &cpu, Some(&value))
}

/// Leaves programs on `cpu` without an event to write to.
pub(super) fn unset_event(map: BorrowedFd<'_>, cpu: u32) -> Result<(), Errno> {
    match element(DELETE, map, &cpu, None) {
        Err(Errno::NOENT) => Ok(()),
        other => other,
    }
}

/// Waits until every run of a program that had begun when this was called is over.
pub(super) fn wait_for_programs() {
    // SAFETY: the call takes numbers and touches no memory of ours. The kernel carries it out with
    // synchronize_rcu (linux: kernel/sched/membarrier.c), and programs run under RCU. Where it is refused (nohz_full),
    // the wait is all that is missing.
    let _ = unsafe { libc::syscall(libc::SYS_membarrier, MEMBARRIER_GLOBAL, 0, 0) };
}

/// linux: the part of `union bpf_attr` that is for map elements.
#[repr(C)]
struct Element {
    map: u32,
    padding: u32,
    key: u64,
    value: u64,
    flags: u64,
}

const ELEMENT_SIZE: u32 = 32;
const _: () = assert!(size_of::<Element>() == ELEMENT_SIZE as usize);

fn element(command: i32, map: BorrowedFd<'_>, key: &u32, value: Option<&i32>) -> Result<(), Errno> {
    let attributes = Element {
        map: u32::try_from(map.as_raw_fd()).map_err(|_| Errno::BADF)?,
        padding: 0,
        key: ptr::from_ref(key).expose_provenance() as u64,
        value: value.map_or(0, |value| ptr::from_ref(value).expose_provenance() as u64),
        flags: 0,
    };
    // SAFETY: key and value of a perf event array are 4 bytes each, live through the call and are only read.
    let done = unsafe { libc::syscall(libc::SYS_bpf, command, &raw const attributes, ELEMENT_SIZE) };
    if done == 0 {
        Ok(())
    } else {
        Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
    }
}

// linux: include/uapi/linux/bpf.h, membarrier.h
const UPDATE: i32 = 2;
const DELETE: i32 = 3;
const MEMBARRIER_GLOBAL: i32 = 1;
