use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::Timespec;

/// What waits in a TUN that was taken over is left there until there are sessions to send it under: there is room for more
/// of it than here.
#[derive(Debug)]
pub(super) struct Hold {
    is_on: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    until: Instant,
    /// Whether peers have been asked for sessions.
    has_asked: bool,
}

impl Hold {
    pub(super) fn new(is_on: bool) -> Self {
        let state = State { until: Instant::now() + MOST, has_asked: false };
        Self { is_on: AtomicBool::new(is_on), state: Mutex::new(state) }
    }

    pub(super) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// For how long it goes on, unless it ends earlier; `None` when it is over.
    pub(super) fn left(&self) -> Option<Timespec> {
        if !self.is_on() {
            return None;
        }
        let left = self.lock().until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            self.is_on.store(false, Ordering::Relaxed);
            return None;
        }
        // A moment too long rather than none at all.
        Timespec::try_from(left + Duration::from_millis(1)).ok()
    }

    /// Peers are asked for sessions now: those that are there answer in a moment.
    pub(super) fn ask(&self) {
        let mut state = self.lock();
        state.has_asked = true;
        state.until = state.until.min(Instant::now() + ANSWER);
    }

    /// All peers have sessions; whether it ends by that.
    pub(super) fn end(&self) -> bool {
        self.lock().has_asked && self.is_on.swap(false, Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long answers are waited for.
const ANSWER: Duration = Duration::from_millis(200);
/// How long in all.
const MOST: Duration = Duration::from_secs(2);
