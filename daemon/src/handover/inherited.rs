#![expect(unsafe_code, reason = "descriptors that a program is started with are numbers and nothing else")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::fd::{BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};

/// Takes what the program was started with, by name, if it was meant for this process. Only the first call gets any.
pub(super) fn take(pid: &OsStr, count: &OsStr, names: &OsStr) -> BTreeMap<String, OwnedFd> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    if number(pid) != Some(std::process::id()) || TAKEN.swap(true, Ordering::Relaxed) {
        return BTreeMap::new();
    }
    let count = number(count).unwrap_or_default().min(MOST);
    let mut names = names.to_str().unwrap_or_default().split(':');
    let mut taken = BTreeMap::new();
    for descriptor in (FIRST..).take(usize::try_from(count).unwrap_or_default()) {
        let name = names.next().unwrap_or_default();
        // One that is not open has been somebody's mistake.
        if let Some(owned) = own(descriptor)
            && taken.insert(name.to_owned(), owned).is_some()
        {
            tracing::warn!(
                name,
                "two descriptors of this name from the service manager: the later one is taken"
            );
        }
    }
    taken
}

fn own(descriptor: RawFd) -> Option<OwnedFd> {
    // SAFETY: it is borrowed for the time of two calls that look whether it is open; nothing closes it meanwhile, as it
    // is nobody's in this process.
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    fcntl_getfd(borrowed).ok()?;
    fcntl_setfd(borrowed, FdFlags::CLOEXEC).ok()?;
    // SAFETY: it is open, the program was started with it, and whoever did so says that it is this process's own. The
    // first call alone comes here, before the program has opened anything, and takes each number once.
    Some(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

fn number(text: &OsStr) -> Option<u32> {
    text.to_str()?.parse().ok()
}

// sd_listen_fds(3): SD_LISTEN_FDS_START
const FIRST: RawFd = 3;
/// More than that is no count.
const MOST: u32 = 64;
