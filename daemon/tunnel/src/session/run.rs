use wgtrace_wire::wireguard::{Counter, SessionIndex};

use super::Session;
use crate::drops::DropCause;

/// Consecutive counters of one session, each for one message: what a UDP super-frame is made of.
///
/// No other run holds any of them, so that no two messages share a nonce. Those left over when a run
/// is dropped stay unused, which costs nothing.
#[derive(Debug)]
pub struct Run<'s> {
    session: &'s Session,
    next: u64,
    end: u64,
}

impl<'s> Run<'s> {
    pub(super) fn new(session: &'s Session, next: u64, end: u64) -> Self {
        Self { session, next, end }
    }

    /// Index under which the peer receives every message of this run.
    pub fn receiver(&self) -> SessionIndex {
        self.session.remote()
    }

    /// How many messages are left to seal.
    pub fn left(&self) -> u64 {
        self.end.saturating_sub(self.next)
    }

    /// Leaves the first `count` here and returns the rest, for another thread.
    #[must_use]
    pub fn split_off(&mut self, count: u64) -> Run<'s> {
        let middle = self.next.saturating_add(count).min(self.end);
        let rest = Run { session: self.session, next: middle, end: self.end };
        self.end = middle;
        rest
    }

    /// Makes a transport message, under the next counter, of the `len` bytes at `buffer[16..]`, and
    /// returns it, header first.
    ///
    /// `mtu` is the tunnel device's, which bounds the padding; the buffer needs
    /// [`wgtrace_decrypt::keypair::message_len`] bytes. `len` zero is a keepalive.
    #[inline]
    pub fn seal<'b>(
        &mut self,
        buffer: &'b mut [u8],
        len: usize,
        mtu: usize,
    ) -> Result<&'b mut [u8], DropCause> {
        if self.next >= self.end {
            return Err(self.session.drops().count(DropCause::CountersExhausted));
        }
        let message = self.session.seal(Counter(self.next), buffer, len, mtu)?;
        self.next = self.next.saturating_add(1);
        Ok(message)
    }
}
