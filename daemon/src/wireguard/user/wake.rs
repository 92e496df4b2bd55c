use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::Errno;

/// What a worker waits on besides its own file: told to look around, or to end.
#[derive(Debug)]
pub(super) struct Wake {
    event: OwnedFd,
    ending: AtomicBool,
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waited {
    /// There may be something to read.
    Ready,
    /// The file is of no use any more: its device is gone.
    Gone,
}

impl Wake {
    pub(super) fn new() -> io::Result<Self> {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { event, ending: AtomicBool::new(false) })
    }

    /// Makes the worker look around.
    pub(super) fn wake(&self) {
        // Full only when it has been woken 2^64 times already.
        let _ = rustix::io::write(&self.event, &1_u64.to_ne_bytes());
    }

    /// Makes the worker end.
    pub(super) fn end(&self) {
        self.ending.store(true, Ordering::Release);
        self.wake();
    }

    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// Waits until `file` can be read, or somebody calls.
    pub(super) fn wait(&self, file: BorrowedFd<'_>) -> io::Result<Waited> {
        let mut fds = [
            PollFd::from_borrowed_fd(file, PollFlags::IN),
            PollFd::from_borrowed_fd(self.event.as_fd(), PollFlags::IN),
        ];
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [file, event] = fds;
        if event.revents().contains(PollFlags::IN) {
            let _ = rustix::io::read(&self.event, &mut [0; 8]);
        }
        let gone = file.revents().intersects(PollFlags::HUP | PollFlags::NVAL)
            || (file.revents().contains(PollFlags::ERR) && !file.revents().contains(PollFlags::IN));
        Ok(if gone { Waited::Gone } else { Waited::Ready })
    }
}
