use wgtrace_wire::wireguard::{Initiation, Response, SessionIndex};

use super::mac::Mac1Key;
use super::transcript::Transcript;
use super::{Agreement, HandshakeError, Tai64n, agree};
use crate::key::{PresharedKey, PrivateKey, PublicKey};
use crate::keylog::{HandshakeKeys, KeyLog, SessionKeys};
use crate::keypair::{Keypair, Role};

/// The end that was asked, and has not answered yet.
///
/// Between the two steps the caller looks up the peer, and refuses it when it is unknown or when
/// [`Responder::timestamp`] is not greater than the last (whitepaper 5.1).
#[derive(Debug, Clone)]
pub struct Responder<'k> {
    transcript: Transcript,
    local: &'k PrivateKey,
    initiator: PublicKey,
    ephemeral: PublicKey,
    timestamp: Tai64n,
    sender: SessionIndex,
}

impl<'k> Responder<'k> {
    /// Reads an initiation, whose MACs the caller has verified.
    pub fn receive(local: &'k PrivateKey, message: &Initiation) -> Result<Self, HandshakeError> {
        let ephemeral = PublicKey::from_bytes(message.ephemeral);
        let mut transcript = Transcript::new(&local.public());
        transcript.mix_ephemeral(&message.ephemeral);
        let es = agree(Agreement::EphemeralStatic, local, &ephemeral)?;
        let initiator = transcript
            .open_static(&es, &message.encrypted_static)
            .map_err(|_| HandshakeError::StaticUndecryptable)?;
        let ss = agree(Agreement::StaticStatic, local, &initiator)?;
        let timestamp = transcript
            .open_timestamp(&ss, &message.encrypted_timestamp)
            .map_err(|_| HandshakeError::TimestampUndecryptable { initiator })?;
        let sender = SessionIndex(message.sender.get());
        Ok(Self { transcript, local, initiator, ephemeral, timestamp, sender })
    }

    /// Who asks: the holder of this static key, proven by the timestamp's tag.
    pub fn initiator(&self) -> &PublicKey {
        &self.initiator
    }

    /// When it says it asked.
    pub fn timestamp(&self) -> Tai64n {
        self.timestamp
    }

    /// The index under which it awaits the answer.
    pub fn sender(&self) -> SessionIndex {
        self.sender
    }

    /// Answers; the message has its mac1, and mac2 is zero.
    ///
    /// `ephemeral` and `index` are random and used only once.
    pub fn respond(
        mut self,
        psk: &PresharedKey,
        index: SessionIndex,
        ephemeral: &PrivateKey,
        log: &dyn KeyLog,
    ) -> Result<(Response, Keypair), HandshakeError> {
        let ephemeral_public = *ephemeral.public().as_bytes();
        self.transcript.mix_ephemeral(&ephemeral_public);
        self.transcript.mix_shared(&agree(Agreement::EphemeralEphemeral, ephemeral, &self.ephemeral)?);
        self.transcript.mix_shared(&agree(Agreement::StaticEphemeral, ephemeral, &self.initiator)?);
        let encrypted_nothing = self.transcript.seal_nothing(psk);
        let mut message = Response {
            kind: Response::TYPE,
            reserved: [0; 3],
            sender: index.0.into(),
            receiver: self.sender.0.into(),
            ephemeral: ephemeral_public,
            encrypted_nothing,
            mac1: [0; 16],
            mac2: [0; 16],
        };
        Mac1Key::new(&self.initiator).seal(&mut message);
        log.handshake(&HandshakeKeys {
            local_static: self.local,
            remote_static: &self.initiator,
            local_ephemeral: ephemeral,
            psk,
        });
        let (receive, send) = self.transcript.split();
        let (role, remote, peer) = (Role::Responder, self.sender, self.initiator);
        let keys = SessionKeys { role, local: index, remote, peer, send, receive };
        log.session(&keys);
        Ok((message, Keypair::new(keys)))
    }
}
