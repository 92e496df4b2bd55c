//! Everything that is refused or lost, by cause.

use std::array;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! causes {
    ($($(#[$doc:meta])+ $cause:ident: $text:literal,)+) => {
        /// Why a message, a packet or a reply went no further.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum DropCause {
            $($(#[$doc])+ $cause,)+
        }

        impl DropCause {
            /// Every cause, in the order of a message's way through the device.
            pub const ALL: &[Self] = &[$(Self::$cause),+];

            /// What happened, in a few words.
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$cause => $text,)+
                }
            }
        }
    };
}

causes! {
    /// Another first byte, or a reserved byte that is not zero.
    NotWireGuard: "not a WireGuard message",
    /// A type of WireGuard's with another length.
    WrongLength: "length does not fit the message type",
    /// mac1 was not made for this device's public key.
    InvalidMac1: "mac1 is not for this device",
    /// Under load, and without proof of its source address: it got a cookie.
    AnsweredWithCookie: "answered with a cookie under load",
    /// Under load, and more of this source than is fair.
    SourceRateLimited: "handshake messages of one source over the rate limit",
    /// Under load, and more than the device works off.
    DeviceRateLimited: "handshake messages over the device's rate limit",
    /// A public key in the message is a point of low order.
    LowOrderPoint: "a public key of low order",
    /// The initiator's static key, or the timestamp that proves it, does not decrypt.
    InitiationUndecryptable: "initiation does not decrypt",
    /// A handshake of somebody who is no peer.
    UnknownPeer: "initiator is not a peer",
    /// A timestamp no greater than the last.
    ReplayedInitiation: "initiation is not newer than the last",
    /// More than one initiation of a peer within 20 ms.
    InitiationFlood: "initiations of a peer in too quick succession",
    /// A response that nothing here waits for.
    UnexpectedResponse: "response to no initiation in progress",
    /// A response that does not authenticate: forged, or the preshared keys differ.
    ResponseUndecryptable: "response does not authenticate",
    /// A cookie reply to no message sent.
    UnexpectedCookie: "cookie reply to no message sent",
    /// A cookie reply that does not authenticate.
    CookieUndecryptable: "cookie reply does not authenticate",
    /// A transport message for no session here.
    UnknownReceiver: "receiver index of no session",
    /// A session older than 180 s, in either direction.
    SessionExpired: "session older than reject-after-time",
    /// Every counter of the session is used up, in either direction.
    CountersExhausted: "counter beyond reject-after-messages",
    /// A counter seen before.
    ReplayedCounter: "counter seen before",
    /// A counter too far behind to know.
    CounterTooOld: "counter behind the replay window",
    /// The tag is not this session's.
    Unauthentic: "transport message does not authenticate",
    /// Decrypted, and not an IP packet, or longer than what was decrypted.
    InnerMalformed: "decrypted bytes are not a whole IP packet",
    /// Decrypted, and its source is not among the peer's allowed IPs.
    DisallowedSource: "source is not among the peer's allowed IPs",
    /// Handed in to be sent, and not an IP packet.
    NotIp: "not an IP packet",
    /// No peer has the destination among its allowed IPs.
    NoRoute: "destination among no peer's allowed IPs",
    /// The peer's address is not known yet.
    NoEndpoint: "peer has no endpoint",
    /// Oldest packet that waited for a handshake, pushed out by a newer one.
    StagedOverflow: "too many packets wait for the handshake",
    /// Waited for a handshake that was given up, or for a peer that was removed.
    NoHandshake: "handshake given up",
    /// Sent to a peer that was gone, and not sent again when it came back: newer ones needed the room, or it never came.
    PeerGone: "sent while the peer was unreachable",
    /// The caller's buffer does not hold the message.
    BufferTooSmall: "buffer too small",
    /// The caller did not take messages out for too long.
    OutboxFull: "too many messages wait to be taken out",
    /// The caller did not take events out for too long.
    EventsFull: "too many events wait to be taken out",
}

impl fmt::Display for DropCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for DropCause {}

/// Counters of every cause, shared by all threads.
#[derive(Debug)]
pub struct Drops([AtomicU64; DropCause::ALL.len()]);

impl Drops {
    pub(crate) fn new() -> Self {
        Self(array::from_fn(|_| AtomicU64::new(0)))
    }

    /// Counts `n` more.
    #[inline]
    pub fn add(&self, cause: DropCause, n: u64) {
        if let Some(count) = self.0.get(cause as usize) {
            count.fetch_add(n, Ordering::Relaxed);
        }
    }

    /// Counts one and hands the cause on.
    #[inline]
    pub(crate) fn count(&self, cause: DropCause) -> DropCause {
        self.add(cause, 1);
        cause
    }

    /// What has been counted.
    pub fn counts(&self) -> DropCounts {
        DropCounts(array::from_fn(|at| self.0.get(at).map_or(0, |count| count.load(Ordering::Relaxed))))
    }
}

/// How often each cause has struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DropCounts([u64; DropCause::ALL.len()]);

impl DropCounts {
    /// Of one cause.
    pub fn of(&self, cause: DropCause) -> u64 {
        self.0.get(cause as usize).copied().unwrap_or(0)
    }

    /// Of each cause, zeros included.
    pub fn iter(&self) -> impl Iterator<Item = (DropCause, u64)> {
        DropCause::ALL.iter().copied().zip(self.0)
    }

    /// Of all causes.
    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |total, count| total.saturating_add(*count))
    }
}
