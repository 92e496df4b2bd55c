//! What aya has no call for.
#![expect(unsafe_code, reason = "the bpf system call for perf event arrays, and membarrier")]

use std::{
    ffi::c_int,
    os::fd::{AsRawFd as _, BorrowedFd},
    ptr,
};

use rustix::io::Errno;

use crate::probe::call::{Element, bpf};

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

fn element(command: c_int, map: BorrowedFd<'_>, cpu: &u32, event: Option<&c_int>) -> Result<(), Errno> {
    let value = event.map_or(0, |event| ptr::from_ref(event).expose_provenance() as u64);
    let mut attributes = Element::of(map, cpu, value)?;
    // SAFETY: key and value of a perf event array are 4 bytes each, live through the call and are only read.
    unsafe { bpf(command, &mut attributes) }
}

// linux: include/uapi/linux/bpf.h, membarrier.h
const UPDATE: c_int = 2;
const DELETE: c_int = 3;
const MEMBARRIER_GLOBAL: c_int = 1;
