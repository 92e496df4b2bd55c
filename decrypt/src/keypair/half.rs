use std::ops::Range;

use wgtrace_wire::wireguard::{Counter, SessionIndex, TAG_LEN, TransportHeader};
use zerocopy::{FromBytes as _, IntoBytes as _};

use super::{OpenError, REJECT_AFTER_MESSAGES, SealError, message_len};
use crate::aead::{Aead as _, RingKey};

/// The sending half of a session: seals under counters that the caller hands out, from any thread.
///
/// Two messages under one counter break the cipher: whoever holds this counts.
#[derive(Debug)]
pub struct SendHalf {
    pub(super) key: RingKey,
    pub(super) remote: SessionIndex,
}

impl SendHalf {
    /// Index under which the peer receives.
    pub fn remote(&self) -> SessionIndex {
        self.remote
    }

    /// Makes a transport message of the `len` bytes at `buffer[16..]` and returns it, header first.
    ///
    /// Pads as [`super::padded_len`] says; the buffer needs [`message_len`] bytes.
    #[inline]
    pub fn seal<'b>(
        &self,
        counter: Counter,
        buffer: &'b mut [u8],
        len: usize,
        mtu: usize,
    ) -> Result<&'b mut [u8], SealError> {
        if counter.0 >= REJECT_AFTER_MESSAGES {
            return Err(SealError::Exhausted);
        }
        let (need, have) = (message_len(len, mtu), buffer.len());
        let too_small = SealError::BufferTooSmall { need, have };
        let message = buffer.get_mut(..need).ok_or(too_small)?;
        let (header, content) = message.split_at_mut_checked(TransportHeader::LEN).ok_or(too_small)?;
        let padding = Range { start: len, end: content.len().saturating_sub(TAG_LEN) };
        content.get_mut(padding).ok_or(too_small)?.fill(0);
        self.key.seal(counter, content).map_err(|_| too_small)?;
        let clear = TransportHeader {
            kind: TransportHeader::TYPE,
            reserved: [0; 3],
            receiver: self.remote.0.into(),
            counter: counter.0.into(),
        };
        header.copy_from_slice(clear.as_bytes());
        Ok(message)
    }
}

/// The receiving half of a session: opens in any order, from any thread, and remembers nothing.
///
/// Whoever holds this keeps the [`crate::replay::ReplayWindow`].
#[derive(Debug)]
pub struct ReceiveHalf {
    pub(super) key: RingKey,
    pub(super) local: SessionIndex,
}

impl ReceiveHalf {
    /// Index under which this end receives.
    pub fn local(&self) -> SessionIndex {
        self.local
    }

    /// The counter that a message for this session claims; nothing is authenticated yet.
    #[inline]
    pub fn counter(&self, message: &[u8]) -> Result<Counter, OpenError> {
        let (header, sealed) =
            TransportHeader::ref_from_prefix(message).map_err(|_| OpenError::NotTransportData)?;
        if header.kind != TransportHeader::TYPE || sealed.len() < TAG_LEN {
            return Err(OpenError::NotTransportData);
        }
        if header.receiver.get() != self.local.0 {
            return Err(OpenError::OtherReceiver);
        }
        let counter = Counter(header.counter.get());
        if counter.0 >= REJECT_AFTER_MESSAGES {
            return Err(OpenError::Exhausted);
        }
        Ok(counter)
    }

    /// Authenticates and decrypts a whole transport message; returns the packet with its padding.
    ///
    /// After an error the content of `message` is unspecified. A replayed message opens too.
    #[inline]
    pub fn open<'b>(&self, message: &'b mut [u8]) -> Result<(Counter, &'b mut [u8]), OpenError> {
        let counter = self.counter(message)?;
        let sealed = message.get_mut(TransportHeader::LEN..).ok_or(OpenError::NotTransportData)?;
        let plain = self.key.open(counter, sealed).map_err(|_| OpenError::Unauthentic)?;
        Ok((counter, plain))
    }
}
