//! Sleeping until a ring has enough in it.

use std::{
    fmt,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use rustix::{
    buffer::spare_capacity,
    event::{Timespec, epoll},
    io::Errno,
};

use super::RingError;

/// The watermarks of all rings as one thing to wait for.
pub(super) struct Wakeup {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
}

/// What ended a sleep.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Woken {
    /// A watermark was reached.
    pub(super) reached: bool,
    /// CPUs whose perf event is dead, as it went offline.
    pub(super) dead: Vec<u32>,
}

impl Wakeup {
    pub(super) fn new() -> Result<Self, RingError> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(failed("epoll_create"))?;
        Ok(Self { epoll, events: Vec::with_capacity(64) })
    }

    pub(super) fn add(&self, cpu: u32, event: impl AsFd) -> Result<(), RingError> {
        epoll::add(&self.epoll, event, epoll::EventData::new_u64(cpu.into()), epoll::EventFlags::IN)
            .map_err(failed("epoll_ctl"))
    }

    /// A dead event is ready forever: it must not be waited for.
    pub(super) fn remove(&self, event: impl AsFd) -> Result<(), RingError> {
        match epoll::delete(&self.epoll, event) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(failed("epoll_ctl")(errno)),
        }
    }

    pub(super) fn sleep(&mut self, time: Duration) -> Result<Woken, RingError> {
        let timeout = Timespec::try_from(time).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&timeout)) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Woken::default()),
            Err(errno) => return Err(failed("epoll_wait")(errno)),
        }
        let mut woken = Woken::default();
        for event in &self.events {
            let (flags, cpu) = (event.flags, event.data.u64());
            if flags.intersects(epoll::EventFlags::HUP | epoll::EventFlags::ERR) {
                woken.dead.extend(u32::try_from(cpu));
            } else {
                woken.reached = true;
            }
        }
        Ok(woken)
    }
}

impl AsFd for Wakeup {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

impl fmt::Debug for Wakeup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Wakeup").field("epoll", &self.epoll).finish_non_exhaustive()
    }
}

fn failed(call: &'static str) -> impl Fn(Errno) -> RingError {
    move |errno| RingError::Call { call, errno }
}
