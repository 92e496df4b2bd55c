//! bpf(2) itself, for what aya has no call for.
#![expect(unsafe_code, reason = "a system call with addresses in it")]

use std::ffi::c_int;
use std::os::fd::{AsRawFd as _, BorrowedFd};

use rustix::io::Errno;

/// linux: the part of `union bpf_attr` that is for one element of a map.
#[repr(C)]
pub(crate) struct Element {
    map: u32,
    padding: u32,
    key: u64,
    value: u64,
    flags: u64,
}

const _: () = assert!(size_of::<Element>() == 32);

impl Element {
    /// An element's place, and the address of its value: 0 where the command has none.
    pub(crate) fn of(map: BorrowedFd<'_>, key: &u32, value: u64) -> Result<Self, Errno> {
        let key = std::ptr::from_ref(key).expose_provenance() as u64;
        Ok(Self { map: number(map)?, padding: 0, key, value, flags: 0 })
    }
}

/// # Safety
/// Addresses in the attributes are of memory that the command may use.
pub(crate) unsafe fn bpf<T>(command: c_int, attributes: &mut T) -> Result<(), Errno> {
    let size = u32::try_from(size_of::<T>()).map_err(|_| Errno::INVAL)?;
    // SAFETY: the attributes are as long as is said; what they point to, the caller answers for.
    let done = unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_mut(attributes), size) };
    if done == 0 {
        Ok(())
    } else {
        Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
    }
}

/// A map as the system call names it.
pub(crate) fn number(map: BorrowedFd<'_>) -> Result<u32, Errno> {
    u32::try_from(map.as_raw_fd()).map_err(|_| Errno::BADF)
}
