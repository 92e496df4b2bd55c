//! A session's two keys at work: counters, padding, the replay window (whitepaper 5.4.6).

mod half;

use thiserror::Error;
use wgtrace_wire::wireguard::{Counter, SessionIndex, TAG_LEN, TransportHeader};

use crate::aead::{Aead as _, RingKey};
use crate::keylog::SessionKeys;
use crate::replay::{ReplayError, ReplayWindow};

pub use half::{ReceiveHalf, SendHalf};

/// Which end of the handshake; decided anew by each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sent the first message.
    Initiator,
    /// Answered it.
    Responder,
}

impl Role {
    /// The other end.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}

/// Which way a message goes, seen from one end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Away from it.
    Send,
    /// Towards it.
    Receive,
}

/// One session at one end: seals what is sent, opens what arrives.
#[derive(Debug)]
pub struct Keypair {
    keys: SessionKeys,
    sending: SendHalf,
    receiving: ReceiveHalf,
    sent: u64,
    window: ReplayWindow,
}

impl Keypair {
    /// Begins a session with counters at zero; the same keys must never begin twice.
    pub fn new(keys: SessionKeys) -> Self {
        let sending = SendHalf { key: RingKey::new(&keys.send), remote: keys.remote };
        let receiving = ReceiveHalf { key: RingKey::new(&keys.receive), local: keys.local };
        Self { keys, sending, receiving, sent: 0, window: ReplayWindow::new() }
    }

    /// Which end this is.
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

    /// Messages sealed so far; at [`REKEY_AFTER_MESSAGES`] a new handshake is due.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// What has been received.
    pub fn window(&self) -> &ReplayWindow {
        &self.window
    }

    /// Whether the peer is known to have these keys too.
    ///
    /// A responder must not send before that: its response may have been lost (whitepaper 5.1).
    pub fn is_confirmed(&self) -> bool {
        match self.keys.role {
            Role::Initiator => true,
            Role::Responder => self.window.next() > 0,
        }
    }

    /// The keys and both halves, for a session that several threads work on; whoever takes them
    /// carries on from [`Keypair::sent`] and [`Keypair::window`].
    pub fn into_halves(self) -> (SessionKeys, SendHalf, ReceiveHalf) {
        (self.keys, self.sending, self.receiving)
    }

    /// Makes a transport message of the `len` bytes at `buffer[16..]` and returns it, header first.
    ///
    /// Pads as [`padded_len`] says; the buffer needs [`message_len`] bytes. `len` zero is a keepalive.
    pub fn seal<'b>(
        &mut self,
        buffer: &'b mut [u8],
        len: usize,
        mtu: usize,
    ) -> Result<&'b mut [u8], SealError> {
        let message = self.sending.seal(Counter(self.sent), buffer, len, mtu)?;
        self.sent = self.sent.saturating_add(1);
        Ok(message)
    }

    /// Authenticates and decrypts a whole transport message; returns the packet with its padding,
    /// nothing for a keepalive.
    ///
    /// After an error the content of `message` is unspecified.
    pub fn open<'b>(&mut self, message: &'b mut [u8]) -> Result<&'b mut [u8], OpenError> {
        self.window.check(self.receiving.counter(message)?)?;
        let (counter, plain) = self.receiving.open(message)?;
        self.window.accept(counter)?;
        Ok(plain)
    }
}

/// Length of a packet of `len` bytes with its padding: the next multiple of 16, but padding alone
/// never exceeds `mtu`, the tunnel device's.
// linux: drivers/net/wireguard/send.c, calculate_skb_padding
pub fn padded_len(len: usize, mtu: usize) -> usize {
    len.checked_next_multiple_of(PADDING).unwrap_or(len).min(mtu.max(len))
}

/// Length of the transport message for a packet of `len` bytes.
pub fn message_len(len: usize, mtu: usize) -> usize {
    padded_len(len, mtu).saturating_add(TransportHeader::LEN + TAG_LEN)
}

const PADDING: usize = 16;

/// After this many messages under one key a new handshake is due (whitepaper 6.1).
pub const REKEY_AFTER_MESSAGES: u64 = 1 << 60;

/// No message is sent or accepted with this counter or a higher one (whitepaper 6.1).
pub const REJECT_AFTER_MESSAGES: u64 = u64::MAX - (1 << 13);

/// Why a packet was not sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SealError {
    /// The key's counters are used up.
    #[error("no counters are left under this key")]
    Exhausted,
    /// Header, packet, padding and tag do not fit.
    #[error("the message takes {need} bytes, the buffer has {have}")]
    BufferTooSmall {
        /// Bytes needed.
        need: usize,
        /// Bytes present.
        have: usize,
    },
}

/// Why a message was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another type, or too short.
    #[error("not a transport message")]
    NotTransportData,
    /// For another session.
    #[error("the receiver index is another session's")]
    OtherReceiver,
    /// The counter is one that no peer may use.
    #[error("the counter is beyond the last allowed")]
    Exhausted,
    /// Seen before, or too old to know.
    #[error(transparent)]
    Replayed(#[from] ReplayError),
    /// Not made with this session's key.
    #[error("authentication failed")]
    Unauthentic,
}

#[cfg(test)]
mod tests;
