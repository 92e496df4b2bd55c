//! `Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s` as WireGuard uses it (whitepaper 5.4): the handshake's two
//! ends, and an observer who holds keys and reads along.
//!
//! Ephemeral keys, session indices and timestamps are arguments: nothing here draws randomness or
//! knows the time.

mod hash;
pub mod mac;
mod observer;
mod timestamp;
mod transcript;

use std::fmt;

pub use observer::{KeySource, ObserveError, ObservedInitiation, ObservedSession};
pub use timestamp::Tai64n;

/// The Diffie-Hellman exchanges of the handshake, named by initiator's, then responder's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Agreement {
    /// Initiator's ephemeral key with responder's static key (Noise `es`).
    EphemeralStatic,
    /// Both static keys (Noise `ss`).
    StaticStatic,
    /// Both ephemeral keys (Noise `ee`).
    EphemeralEphemeral,
    /// Initiator's static key with responder's ephemeral key (Noise `se`).
    StaticEphemeral,
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EphemeralStatic => "initiator's ephemeral or responder's static private key",
            Self::StaticStatic => "initiator's or responder's static private key",
            Self::EphemeralEphemeral => "initiator's or responder's ephemeral private key",
            Self::StaticEphemeral => "initiator's static or responder's ephemeral private key",
        })
    }
}
