//! A network namespace for one piece of work.
#![expect(unsafe_code, reason = "leaving a namespace is unsafe in rustix, for the sake of file tables")]

use rustix::io::Errno;
use rustix::thread::{UnshareFlags, unshare_unsafe};

/// Runs `work` in a namespace of its own, which has nothing but a loopback device (index 1, down) and ends with it.
///
/// # Errors
/// When namespaces cannot be made: this takes `CAP_SYS_ADMIN`.
pub fn scratch<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Errno> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            // SAFETY: only the network namespace of this new thread changes; it goes on sharing its file table.
            unsafe { unshare_unsafe(UnshareFlags::NEWNET) }?;
            Ok(work())
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
