use std::time::Instant;

/// What a peer waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The answer to an initiation.
    Retransmit,
    /// Something to send, lest the peer take silence for a broken session.
    PassiveKeepalive,
    /// An answer to what was sent, lest the session be broken.
    NewHandshake,
    /// The end of all key material.
    Wipe,
    /// The next keepalive that keeps middleboxes open.
    PersistentKeepalive,
}

const ALL: [Timer; 5] = [
    Timer::Retransmit,
    Timer::PassiveKeepalive,
    Timer::NewHandshake,
    Timer::Wipe,
    Timer::PersistentKeepalive,
];

/// When each is over; `None` is not waited for.
#[derive(Debug, Default)]
pub(crate) struct Timers([Option<Instant>; ALL.len()]);

impl Timers {
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        self.put(timer, Some(at));
    }

    /// Leaves an earlier setting as it is.
    pub(crate) fn set_if_idle(&mut self, timer: Timer, at: Instant) {
        if !self.is_set(timer) {
            self.set(timer, at);
        }
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        self.put(timer, None);
    }

    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.at(timer).is_some()
    }

    pub(crate) fn at(&self, timer: Timer) -> Option<Instant> {
        self.0.get(timer as usize).copied().flatten()
    }

    /// The first that will be over.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }

    /// Stops one timer that is over and names it, the longest over first.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Timer> {
        let due = |timer: &Timer| self.at(*timer).filter(|at| *at <= now);
        let timer = ALL.into_iter().filter(|timer| due(timer).is_some()).min_by_key(due)?;
        self.stop(timer);
        Some(timer)
    }

    fn put(&mut self, timer: Timer, at: Option<Instant>) {
        if let Some(slot) = self.0.get_mut(timer as usize) {
            *slot = at;
        }
    }
}
