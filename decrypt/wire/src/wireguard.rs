//! The four WireGuard messages (whitepaper 5.4) as zero-copy views.

use core::fmt;

use zerocopy::byteorder::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::Error;

/// One WireGuard message in the payload of a UDP datagram.
///
/// Recognised by shape alone: type byte and length. The three reserved bytes are not looked at,
/// because some deployments (Cloudflare WARP) put an identifier there; a live tunnel checks them
/// with [`reserved_is_zero`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// Type 1, first message of the handshake.
    Initiation(&'a Initiation),
    /// Type 2, second message of the handshake.
    Response(&'a Response),
    /// Type 3, an answer under load.
    CookieReply(&'a CookieReply),
    /// Type 4, an encrypted packet, or a keepalive when empty.
    TransportData(TransportData<'a>),
}

impl<'a> Message<'a> {
    /// Reads the message that fills `payload` exactly.
    ///
    /// # Errors
    /// [`Error::NotWireGuard`] for another type byte, [`Error::WrongLength`] where the length does
    /// not fit the type.
    pub fn parse(payload: &'a [u8]) -> Result<Self, Error> {
        let Some(&kind) = payload.first() else { return Err(Error::NotWireGuard) };
        let wrong_length = |need| Error::WrongLength { need, have: payload.len() };
        match kind {
            Initiation::TYPE => Initiation::ref_from_bytes(payload)
                .map(Self::Initiation)
                .map_err(|_| wrong_length(Initiation::LEN)),
            Response::TYPE => {
                Response::ref_from_bytes(payload).map(Self::Response).map_err(|_| wrong_length(Response::LEN))
            }
            CookieReply::TYPE => CookieReply::ref_from_bytes(payload)
                .map(Self::CookieReply)
                .map_err(|_| wrong_length(CookieReply::LEN)),
            TransportHeader::TYPE => match TransportHeader::ref_from_prefix(payload) {
                Ok((header, sealed)) if sealed.len() >= TAG_LEN => {
                    Ok(Self::TransportData(TransportData { header, sealed }))
                }
                _ => Err(wrong_length(TransportHeader::LEN + TAG_LEN)),
            },
            _ => Err(Error::NotWireGuard),
        }
    }
}

/// Whether the three bytes after the type are zero, as the whitepaper has them.
pub fn reserved_is_zero(payload: &[u8]) -> bool {
    payload.get(1..4) == Some(&[0; 3])
}

/// A session's 32-bit name, chosen at random by the side that will receive messages under it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionIndex(pub u32);

impl fmt::Display for SessionIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08x}", self.0)
    }
}

impl fmt::Debug for SessionIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A transport message's counter: its nonce, unique under one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Counter(pub u64);

/// Handshake initiation (whitepaper 5.4.2), 148 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Initiation {
    /// 1.
    pub kind: u8,
    /// Zero, but for deployments with an identifier of their own.
    pub reserved: [u8; 3],
    /// Index under which the initiator will receive.
    pub sender: U32,
    /// Unencrypted ephemeral public key.
    pub ephemeral: [u8; 32],
    /// The initiator's static public key, sealed.
    pub encrypted_static: [u8; 48],
    /// TAI64N timestamp, sealed.
    pub encrypted_timestamp: [u8; 28],
    /// Keyed with the responder's public key (whitepaper 5.4.4).
    pub mac1: [u8; 16],
    /// Keyed with the last cookie, zero without one.
    pub mac2: [u8; 16],
}

/// Handshake response (whitepaper 5.4.3), 92 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Response {
    /// 2.
    pub kind: u8,
    /// Zero, but for deployments with an identifier of their own.
    pub reserved: [u8; 3],
    /// Index under which the responder will receive.
    pub sender: U32,
    /// The initiation's sender index.
    pub receiver: U32,
    /// Unencrypted ephemeral public key.
    pub ephemeral: [u8; 32],
    /// Tag of an empty plaintext: proof that both hold all keys.
    pub encrypted_nothing: [u8; 16],
    /// Keyed with the initiator's public key.
    pub mac1: [u8; 16],
    /// Keyed with the last cookie, zero without one.
    pub mac2: [u8; 16],
}

/// Cookie reply (whitepaper 5.4.7), 64 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct CookieReply {
    /// 3.
    pub kind: u8,
    /// Zero, but for deployments with an identifier of their own.
    pub reserved: [u8; 3],
    /// Sender index of the message that is answered.
    pub receiver: U32,
    /// XChaCha20Poly1305 nonce.
    pub nonce: [u8; 24],
    /// The 16-byte cookie, sealed.
    pub encrypted_cookie: [u8; 32],
}

/// The clear 16 bytes of a transport message (whitepaper 5.4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct TransportHeader {
    /// 4.
    pub kind: u8,
    /// Zero, but for deployments with an identifier of their own.
    pub reserved: [u8; 3],
    /// Index of the receiving side.
    pub receiver: U32,
    /// Nonce counter of the sending key.
    pub counter: U64,
}

/// A transport message: clear header, then the sealed packet with its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransportData<'a> {
    /// The clear header.
    pub header: &'a TransportHeader,
    /// Ciphertext and 16-byte tag; never shorter than the tag.
    pub sealed: &'a [u8],
}

/// Length of a Poly1305 tag in bytes.
pub const TAG_LEN: usize = 16;

macro_rules! message {
    ($type:ident, $kind:literal, $len:literal) => {
        impl $type {
            /// The type byte.
            pub const TYPE: u8 = $kind;
            /// Length in bytes.
            pub const LEN: usize = $len;
        }
        const _: () = assert!(size_of::<$type>() == $len);
    };
}

message!(Initiation, 1, 148);
message!(Response, 2, 92);
message!(CookieReply, 3, 64);
message!(TransportHeader, 4, 16);

#[cfg(test)]
mod tests;
