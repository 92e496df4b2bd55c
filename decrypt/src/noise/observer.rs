use thiserror::Error;
use wgtrace_wire::wireguard::{Initiation, Response, SessionIndex};

use super::hash::Secret;
use super::transcript::Transcript;
use super::{Agreement, Tai64n};
use crate::key::{PresharedKey, PrivateKey, PublicKey, TransportKey};

/// Private keys by their public half, static or ephemeral alike.
pub trait KeySource {
    /// The private key whose public half is `public`.
    fn private_of(&self, public: &PublicKey) -> Option<&PrivateKey>;
}

/// What an observer knows after an initiation; waits for the response.
#[derive(Debug, Clone)]
pub struct ObservedInitiation {
    transcript: Transcript,
    ephemeral: PublicKey,
    initiator: PublicKey,
    responder: PublicKey,
    sender: SessionIndex,
    timestamp: Tai64n,
}

impl ObservedInitiation {
    /// Reads an initiation with whichever private keys `keys` has.
    ///
    /// `responder` is the static public key whose mac1 the message carries ([`super::mac::Mac1Key`]);
    /// with any other key the result is [`ObserveError::StaticUndecryptable`].
    pub fn observe(
        message: &Initiation,
        responder: &PublicKey,
        keys: &impl KeySource,
    ) -> Result<Self, ObserveError> {
        let ephemeral = PublicKey::from_bytes(message.ephemeral);
        let mut transcript = Transcript::new(responder);
        transcript.mix_ephemeral(&message.ephemeral);
        let es = agree(Agreement::EphemeralStatic, keys, &ephemeral, responder)?;
        let initiator = transcript
            .open_static(&es, &message.encrypted_static)
            .map_err(|_| ObserveError::StaticUndecryptable)?;
        let ss = agree(Agreement::StaticStatic, keys, &initiator, responder)?;
        let timestamp = transcript
            .open_timestamp(&ss, &message.encrypted_timestamp)
            .map_err(|_| ObserveError::TimestampUndecryptable { initiator })?;
        let sender = SessionIndex(message.sender.get());
        Ok(Self { transcript, ephemeral, initiator, responder: *responder, sender, timestamp })
    }

    /// The initiator's static public key.
    pub fn initiator(&self) -> &PublicKey {
        &self.initiator
    }

    /// The responder's static public key.
    pub fn responder(&self) -> &PublicKey {
        &self.responder
    }

    /// When the initiator says it sent this.
    pub fn timestamp(&self) -> Tai64n {
        self.timestamp
    }

    /// Reads the response, trying `psks` in the order given; none is added, not even
    /// [`PresharedKey::NONE`].
    ///
    /// May be called again, with another response or with more keys.
    pub fn complete<'p>(
        &self,
        response: &Response,
        keys: &impl KeySource,
        psks: impl IntoIterator<Item = &'p PresharedKey>,
    ) -> Result<ObservedSession, ObserveError> {
        let receiver = SessionIndex(response.receiver.get());
        if receiver != self.sender {
            return Err(ObserveError::OtherReceiver { need: self.sender, have: receiver });
        }
        let ephemeral = PublicKey::from_bytes(response.ephemeral);
        let mut transcript = self.transcript.clone();
        transcript.mix_ephemeral(&response.ephemeral);
        transcript.mix_shared(&agree(Agreement::EphemeralEphemeral, keys, &self.ephemeral, &ephemeral)?);
        transcript.mix_shared(&agree(Agreement::StaticEphemeral, keys, &self.initiator, &ephemeral)?);
        let mut tried = 0;
        for psk in psks {
            let mut attempt = transcript.clone();
            if attempt.open_nothing(psk, &response.encrypted_nothing).is_ok() {
                let (initiator_to_responder, responder_to_initiator) = attempt.split();
                return Ok(ObservedSession {
                    initiator_to_responder,
                    responder_to_initiator,
                    psk: psk.clone(),
                });
            }
            tried += 1;
        }
        Err(ObserveError::NoPresharedKeyFits { tried })
    }
}

/// A session's keys, as an observer derived them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedSession {
    /// Key of what the initiator sends.
    pub initiator_to_responder: TransportKey,
    /// Key of what the responder sends.
    pub responder_to_initiator: TransportKey,
    /// The preshared key that fitted.
    pub psk: PresharedKey,
}

/// Why an observer cannot follow a handshake.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ObserveError {
    /// Neither private key of one of the exchanges is known.
    #[error("the {0} is needed")]
    MissingKey(Agreement),
    /// One of the two public keys is a point of low order, which no honest peer sends.
    #[error("a public key is a point of low order")]
    LowOrderPoint(Agreement),
    /// The static field does not open: damaged, or meant for another responder.
    #[error("the initiator's static key does not decrypt")]
    StaticUndecryptable,
    /// The timestamp does not open although the static field before it did.
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
    /// All exchanges were computed, yet with none of the preshared keys does the response open.
    #[error("none of {tried} preshared keys fits")]
    NoPresharedKeyFits {
        /// How many were tried.
        tried: usize,
    },
}

/// One exchange, from whichever side's private key is known.
fn agree(
    agreement: Agreement,
    keys: &impl KeySource,
    initiators: &PublicKey,
    responders: &PublicKey,
) -> Result<Secret, ObserveError> {
    let (mine, theirs) = match keys.private_of(initiators) {
        Some(mine) => (mine, responders),
        None => match keys.private_of(responders) {
            Some(mine) => (mine, initiators),
            None => return Err(ObserveError::MissingKey(agreement)),
        },
    };
    mine.diffie_hellman(theirs).ok_or(ObserveError::LowOrderPoint(agreement))
}
