//! A session that several threads seal and open under at once.

mod run;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use wgtrace_decrypt::keylog::SessionKeys;
use wgtrace_decrypt::keypair::{
    Keypair, OpenError, REJECT_AFTER_MESSAGES, ReceiveHalf, Role, SealError, SendHalf,
};
use wgtrace_decrypt::replay::{ReplayError, ReplayWindow};
use wgtrace_wire::wireguard::{Counter, SessionIndex, reserved_is_zero};

use crate::drops::{DropCause, Drops};
use crate::time::REJECT_AFTER_TIME;

pub use run::Run;

/// A peer's name within its device; never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub(crate) u64);

/// The two keys of one session, with the counters of one direction and the replay window of the other.
///
/// Whatever is refused here has been counted with its peer already.
pub struct Session {
    peer: PeerId,
    born: Instant,
    keys: SessionKeys,
    sending: SendHalf,
    receiving: ReceiveHalf,
    next: AtomicU64,
    window: Mutex<ReplayWindow>,
    drops: Arc<Drops>,
}

impl Session {
    pub(crate) fn new(keypair: Keypair, peer: PeerId, born: Instant, drops: Arc<Drops>) -> Self {
        let (next, window) = (AtomicU64::new(keypair.sent()), Mutex::new(keypair.window().clone()));
        let (keys, sending, receiving) = keypair.into_halves();
        Self { peer, born, keys, sending, receiving, next, window, drops }
    }

    /// Whose session.
    pub fn peer(&self) -> PeerId {
        self.peer
    }

    /// When it began.
    pub fn born(&self) -> Instant {
        self.born
    }

    /// Which end of its handshake this device was.
    pub fn role(&self) -> Role {
        self.keys.role
    }

    /// Index under which this end receives.
    pub fn local(&self) -> SessionIndex {
        self.keys.local
    }

    /// Index under which the peer receives.
    pub fn remote(&self) -> SessionIndex {
        self.keys.remote
    }

    /// The keys themselves, for an export that begins while the session is up.
    pub fn keys(&self) -> &SessionKeys {
        &self.keys
    }

    /// Counters handed out so far.
    pub fn sent(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// One above the highest counter accepted.
    pub fn received(&self) -> u64 {
        self.window().next()
    }

    /// Whether it may still be sent under: neither too old nor out of counters.
    pub fn is_usable(&self, now: Instant) -> bool {
        !self.is_expired(now) && self.sent() < REJECT_AFTER_MESSAGES
    }

    /// Takes `count` consecutive counters, fewer where the session ends.
    pub fn reserve(&self, now: Instant, count: u64) -> Result<Run<'_>, DropCause> {
        if self.is_expired(now) {
            return Err(self.drops.count(DropCause::SessionExpired));
        }
        let take = |next: u64| {
            (next < REJECT_AFTER_MESSAGES).then(|| next.saturating_add(count).min(REJECT_AFTER_MESSAGES))
        };
        let first = self
            .next
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .map_err(|_| self.drops.count(DropCause::CountersExhausted))?;
        Ok(Run::new(self, first, take(first).unwrap_or(first)))
    }

    /// Authenticates and decrypts a whole transport message where it lies, and refuses it when its
    /// counter is not new; returns the packet with its padding, nothing for a keepalive.
    ///
    /// After an error the content of `message` is unspecified.
    pub fn open<'b>(&self, now: Instant, message: &'b mut [u8]) -> Result<&'b mut [u8], DropCause> {
        let counter = self.receiving.counter(message).map_err(|error| self.refuse(error))?;
        self.window().check(counter).map_err(|error| self.refuse(error.into()))?;
        let (counter, plain) = self.decrypt(now, message)?;
        self.accept(counter)?;
        Ok(plain)
    }

    /// The first half of [`Session::open`], for threads that share one session's messages: authentic,
    /// perhaps replayed.
    pub fn decrypt<'b>(
        &self,
        now: Instant,
        message: &'b mut [u8],
    ) -> Result<(Counter, &'b mut [u8]), DropCause> {
        if !reserved_is_zero(message) {
            return Err(self.drops.count(DropCause::NotWireGuard));
        }
        if self.is_expired(now) {
            return Err(self.drops.count(DropCause::SessionExpired));
        }
        self.receiving.open(message).map_err(|error| self.refuse(error))
    }

    /// The second half: refuses the counter of a decrypted message when it is not new.
    pub fn accept(&self, counter: Counter) -> Result<(), DropCause> {
        self.window().accept(counter).map_err(|error| self.refuse(error.into()))
    }

    pub(crate) fn drops(&self) -> &Drops {
        &self.drops
    }

    pub(crate) fn is_expired(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.born) >= REJECT_AFTER_TIME
    }

    fn seal<'b>(
        &self,
        counter: Counter,
        buffer: &'b mut [u8],
        len: usize,
        mtu: usize,
    ) -> Result<&'b mut [u8], DropCause> {
        self.sending.seal(counter, buffer, len, mtu).map_err(|error| {
            let is_end = error == SealError::Exhausted;
            self.drops.count(if is_end { DropCause::CountersExhausted } else { DropCause::BufferTooSmall })
        })
    }

    fn window(&self) -> MutexGuard<'_, ReplayWindow> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse(&self, error: OpenError) -> DropCause {
        self.drops.count(match error {
            OpenError::OtherReceiver => DropCause::UnknownReceiver,
            OpenError::Exhausted => DropCause::CountersExhausted,
            OpenError::Replayed(ReplayError::Duplicate) => DropCause::ReplayedCounter,
            OpenError::Replayed(ReplayError::TooOld) => DropCause::CounterTooOld,
            OpenError::Unauthentic => DropCause::Unauthentic,
            // And what a later version of the crate may add.
            OpenError::NotTransportData | _ => DropCause::WrongLength,
        })
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("peer", &self.peer)
            .field("role", &self.keys.role)
            .field("local", &self.keys.local)
            .field("remote", &self.keys.remote)
            .finish_non_exhaustive()
    }
}
