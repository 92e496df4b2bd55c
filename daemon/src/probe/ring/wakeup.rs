//! Sleeping until a ring has enough in it.

use std::{
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use rustix::{
    event::{Timespec, epoll},
    io::Errno,
};

use super::RingError;

/// The watermarks of all rings as one thing to wait for.
#[derive(Debug)]
pub(super) struct Wakeup {
    epoll: OwnedFd,
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
        Ok(Self { epoll })
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

    pub(super) fn sleep(&self, time: Duration) -> Result<Woken, RingError> {
        let timeout = Timespec::try_from(time).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
        // those that do not fit are told of by the next call
        let mut events = [const { MaybeUninit::uninit() }; 64];
        let (events, _) = match epoll::wait(&self.epoll, &mut events, Some(&timeout)) {
            Ok(events) => events,
            Err(Errno::INTR) => return Ok(Woken::default()),
            Err(errno) => return Err(failed("epoll_wait")(errno)),
        };
        let mut woken = Woken::default();
        for event in events {
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

fn failed(call: &'static str) -> impl Fn(Errno) -> RingError {
    move |errno| RingError::Call { call, errno }
}
