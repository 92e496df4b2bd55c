use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::Timespec;

/// Over what waits in a TUN that was taken over, until there are sessions to send it under. It is read, lest the TUN be
/// full when answers to what arrives first have to go there.
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

    /// There is no room for more.
    pub(super) fn give_up(&self) {
        self.is_on.store(false, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was read meanwhile, in order, with its headers.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    packets: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Backlog {
    pub(super) fn push(&mut self, header: &[u8], packet: &[u8]) {
        let packet = [header, packet].concat();
        self.bytes = self.bytes.saturating_add(packet.len());
        self.packets.push_back(packet);
    }

    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        let packet = self.packets.pop_front()?;
        self.bytes = self.bytes.saturating_sub(packet.len());
        Some(packet)
    }

    /// More of it is left in the TUN.
    pub(super) fn is_full(&self) -> bool {
        self.packets.len() >= MOST_PACKETS || self.bytes >= MOST_BYTES
    }
}

/// Twice what a TUN has room for by default.
const MOST_PACKETS: usize = 1000;
const MOST_BYTES: usize = 16 << 20;
/// How long answers are waited for.
const ANSWER: Duration = Duration::from_millis(200);
/// How long in all.
const MOST: Duration = Duration::from_secs(2);
