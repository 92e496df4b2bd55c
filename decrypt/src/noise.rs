//! `Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s` as WireGuard uses it (whitepaper 5.4): the handshake's two
//! ends, and an observer who holds keys and reads along.
//!
//! Ephemeral keys, session indices and timestamps are arguments: nothing here draws randomness or
//! knows the time.

pub mod cookie;
mod error;
mod hash;
mod initiator;
pub mod mac;
mod observer;
mod responder;
mod timestamp;
mod transcript;

use hash::Secret;

use crate::key::{PrivateKey, PublicKey};

pub use error::{Agreement, HandshakeError};
pub use initiator::Initiator;
pub use observer::{KeySource, ObserveError, ObservedInitiation, ObservedSession};
pub use responder::Responder;
pub use timestamp::Tai64n;

/// One exchange at one end.
fn agree(agreement: Agreement, mine: &PrivateKey, theirs: &PublicKey) -> Result<Secret, HandshakeError> {
    mine.diffie_hellman(theirs).ok_or(HandshakeError::LowOrderPoint(agreement))
}

#[cfg(test)]
mod tests;
