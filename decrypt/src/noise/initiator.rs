use wgtrace_wire::wireguard::{Initiation, Response, SessionIndex};

use super::mac::Mac1Key;
use super::transcript::Transcript;
use super::{Agreement, HandshakeError, Tai64n, agree};
use crate::key::{PresharedKey, PrivateKey, PublicKey};
use crate::keylog::{HandshakeKeys, KeyLog, SessionKeys};
use crate::keypair::{Keypair, Role};

/// The end that asked, until an answer comes or it gives up and asks anew.
#[derive(Debug, Clone)]
pub struct Initiator {
    transcript: Transcript,
    local: PrivateKey,
    ephemeral: PrivateKey,
    remote: PublicKey,
    psk: PresharedKey,
    index: SessionIndex,
}

impl Initiator {
    /// Begins a handshake; the message has its mac1, and mac2 is zero.
    ///
    /// `ephemeral` and `index` are random and used only once; `timestamp` is greater than in any
    /// earlier initiation to this peer.
    pub fn start(
        local: &PrivateKey,
        remote: &PublicKey,
        psk: &PresharedKey,
        index: SessionIndex,
        ephemeral: PrivateKey,
        timestamp: Tai64n,
        log: &dyn KeyLog,
    ) -> Result<(Self, Initiation), HandshakeError> {
        let ephemeral_public = *ephemeral.public().as_bytes();
        let mut transcript = Transcript::new(remote);
        transcript.mix_ephemeral(&ephemeral_public);
        let es = agree(Agreement::EphemeralStatic, &ephemeral, remote)?;
        let encrypted_static = transcript.seal(&es, local.public().as_bytes());
        let ss = agree(Agreement::StaticStatic, local, remote)?;
        let encrypted_timestamp = transcript.seal(&ss, timestamp.as_bytes());
        let mut message = Initiation {
            kind: Initiation::TYPE,
            reserved: [0; 3],
            sender: index.0.into(),
            ephemeral: ephemeral_public,
            encrypted_static,
            encrypted_timestamp,
            mac1: [0; 16],
            mac2: [0; 16],
        };
        Mac1Key::new(remote).seal(&mut message);
        let (local, psk) = (local.clone(), psk.clone());
        log.handshake(&HandshakeKeys {
            local_static: &local,
            remote_static: remote,
            local_ephemeral: &ephemeral,
            psk: &psk,
        });
        Ok((Self { transcript, local, ephemeral, remote: *remote, psk, index }, message))
    }

    /// The index under which the answer is awaited.
    pub fn index(&self) -> SessionIndex {
        self.index
    }

    /// Whom the handshake is with.
    pub fn remote(&self) -> &PublicKey {
        &self.remote
    }

    /// Reads the answer, whose MACs the caller has verified; after an error the right one may still
    /// come.
    ///
    /// After success `self` has served: finishing twice would begin the same session twice.
    pub fn finish(&self, response: &Response, log: &dyn KeyLog) -> Result<Keypair, HandshakeError> {
        let receiver = SessionIndex(response.receiver.get());
        if receiver != self.index {
            return Err(HandshakeError::OtherReceiver { need: self.index, have: receiver });
        }
        let ephemeral = PublicKey::from_bytes(response.ephemeral);
        let mut transcript = self.transcript.clone();
        transcript.mix_ephemeral(&response.ephemeral);
        transcript.mix_shared(&agree(Agreement::EphemeralEphemeral, &self.ephemeral, &ephemeral)?);
        transcript.mix_shared(&agree(Agreement::StaticEphemeral, &self.local, &ephemeral)?);
        transcript
            .open_nothing(&self.psk, &response.encrypted_nothing)
            .map_err(|_| HandshakeError::NothingUndecryptable)?;
        let (send, receive) = transcript.split();
        let keys = SessionKeys {
            role: Role::Initiator,
            local: self.index,
            remote: SessionIndex(response.sender.get()),
            peer: self.remote,
            send,
            receive,
        };
        log.session(&keys);
        Ok(Keypair::new(keys))
    }
}
