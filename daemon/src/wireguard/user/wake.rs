use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;

/// What a worker waits on besides its files: told to look around, or to end.
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
    /// So it is, and datagrams have come back to the socket.
    Returned,
    /// There was nothing for so long.
    InVain,
    /// The TUN is of no use any more: its device is gone.
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

    /// Waits until the socket or the TUN can be read, as far as they are given, until somebody calls, or
    /// until `patience` ends.
    pub(super) fn wait(
        &self,
        socket: Option<BorrowedFd<'_>>,
        tun: Option<BorrowedFd<'_>>,
        patience: Option<Timespec>,
    ) -> io::Result<Waited> {
        let event = self.event.as_fd();
        // In place of what is not given stands the event itself, of which nothing more is asked.
        let file = |file: Option<_>| {
            let flags = if file.is_some() { PollFlags::IN } else { PollFlags::empty() };
            PollFd::from_borrowed_fd(file.unwrap_or(event), flags)
        };
        let mut fds = [PollFd::from_borrowed_fd(event, PollFlags::IN), file(socket), file(tun)];
        match poll(&mut fds, patience.as_ref()) {
            Ok(0) => return Ok(Waited::InVain),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [called, socket, tun] = fds.map(|fd| fd.revents());
        if called.contains(PollFlags::IN) {
            let _ = rustix::io::read(&self.event, &mut [0; 8]);
        }
        let gone = tun.intersects(PollFlags::HUP | PollFlags::NVAL)
            || (tun.contains(PollFlags::ERR) && !tun.contains(PollFlags::IN));
        Ok(match (gone, socket.contains(PollFlags::ERR)) {
            (true, _) => Waited::Gone,
            (false, true) => Waited::Returned,
            (false, false) => Waited::Ready,
        })
    }
}
