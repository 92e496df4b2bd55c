use std::fmt;

use thiserror::Error;
use wgtrace_wire::wireguard::SessionIndex;

use crate::key::PublicKey;

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

/// Why one of the two ends refuses a handshake message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The peer's key in this exchange is a point of low order, which no honest peer sends.
    #[error("the peer's public key is a point of low order")]
    LowOrderPoint(Agreement),
    /// The static field does not open: damaged, or meant for another responder.
    #[error("the initiator's static key does not decrypt")]
    StaticUndecryptable,
    /// The timestamp does not open: the sender does not hold the static key that it claims.
    #[error("the timestamp of {initiator} does not decrypt")]
    TimestampUndecryptable {
        /// Whom the static field names.
        initiator: PublicKey,
    },
    /// The response answers another initiation.
    #[error("the response is for {have}, the initiation is of {need}")]
    OtherReceiver {
        /// The initiation's sender index.
        need: SessionIndex,
        /// The response's receiver index.
        have: SessionIndex,
    },
    /// The response does not open: not from the peer, or its preshared key is another.
    #[error("the response does not authenticate: forged, or the preshared key differs")]
    NothingUndecryptable,
}
