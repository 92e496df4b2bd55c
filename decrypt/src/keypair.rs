//! A session's two keys at work: counters, padding, the replay window (whitepaper 5.4.6).

use std::ops::Range;

use thiserror::Error;
use wgtrace_wire::wireguard::{Counter, SessionIndex, TAG_LEN, TransportHeader};
use zerocopy::{FromBytes as _, IntoBytes as _};

use crate::aead::{Aead as _, RingKey};
use crate::keylog::SessionKeys;
use crate::replay::{ReplayError, ReplayWindow};

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
    sending: RingKey,
    receiving: RingKey,
    sent: u64,
    window: ReplayWindow,
}

impl Keypair {
    /// Begins a session with counters at zero; the same keys must never begin twice.
    pub fn new(keys: SessionKeys) -> Self {
        let (sending, receiving) = (RingKey::new(&keys.send), RingKey::new(&keys.receive));
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

    /// Makes a transport message of the `len` bytes at `buffer[16..]` and returns it, header first.
    ///
    /// Pads as [`padded_len`] says; the buffer needs [`message_len`] bytes. `len` zero is a keepalive.
    pub fn seal<'b>(
        &mut self,
        buffer: &'b mut [u8],
        len: usize,
        mtu: usize,
    ) -> Result<&'b mut [u8], SealError> {
        let counter = Counter(self.sent);
        if counter.0 >= REJECT_AFTER_MESSAGES {
            return Err(SealError::Exhausted);
        }
        let (need, have) = (message_len(len, mtu), buffer.len());
        let too_small = SealError::BufferTooSmall { need, have };
        let message = buffer.get_mut(..need).ok_or(too_small)?;
        let (header, content) = message.split_at_mut_checked(TransportHeader::LEN).ok_or(too_small)?;
        let padding = Range { start: len, end: content.len().saturating_sub(TAG_LEN) };
        content.get_mut(padding).ok_or(too_small)?.fill(0);
        self.sending.seal(counter, content).map_err(|_| too_small)?;
        let clear = TransportHeader {
            kind: TransportHeader::TYPE,
            reserved: [0; 3],
            receiver: self.keys.remote.0.into(),
            counter: counter.0.into(),
        };
        header.copy_from_slice(clear.as_bytes());
        self.sent = self.sent.saturating_add(1);
        Ok(message)
    }

    /// Authenticates and decrypts a whole transport message; returns the packet with its padding,
    /// nothing for a keepalive.
    ///
    /// After an error the content of `message` is unspecified.
    pub fn open<'b>(&mut self, message: &'b mut [u8]) -> Result<&'b mut [u8], OpenError> {
        let (header, sealed) =
            TransportHeader::mut_from_prefix(message).map_err(|_| OpenError::NotTransportData)?;
        if header.kind != TransportHeader::TYPE || sealed.len() < TAG_LEN {
            return Err(OpenError::NotTransportData);
        }
        if header.receiver.get() != self.keys.local.0 {
            return Err(OpenError::OtherReceiver);
        }
        let counter = Counter(header.counter.get());
        if counter.0 >= REJECT_AFTER_MESSAGES {
            return Err(OpenError::Exhausted);
        }
        self.window.check(counter)?;
        let plain = self.receiving.open(counter, sealed).map_err(|_| OpenError::Unauthentic)?;
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
