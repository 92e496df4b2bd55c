//! Two ends, their keys, and what they say to each other.

use super::*;

/// The four private keys of a handshake and the shared one.
#[derive(Debug, Clone)]
pub(super) struct Cast {
    pub(super) initiator: PrivateKey,
    pub(super) responder: PrivateKey,
    pub(super) initiator_ephemeral: PrivateKey,
    pub(super) responder_ephemeral: PrivateKey,
    pub(super) psk: PresharedKey,
}

/// What came of it.
pub(super) struct Handshake {
    pub(super) initiation: Initiation,
    pub(super) response: Response,
    pub(super) initiator: Keypair,
    pub(super) responder: Keypair,
}

pub(super) const TIME: i64 = 1_700_000_000_123_456_789;

impl Cast {
    pub(super) fn new(seed: u8) -> Self {
        let key = |n: u8| PrivateKey::from_bytes([seed.wrapping_add(n); 32]);
        Self {
            initiator: key(1),
            responder: key(2),
            initiator_ephemeral: key(3),
            responder_ephemeral: key(4),
            psk: PresharedKey::from_bytes([seed.wrapping_add(5); 32]),
        }
    }

    pub(super) fn start(&self, log: &dyn KeyLog) -> (Initiator, Initiation) {
        let time = Tai64n::from_unix_nanos(TIME);
        let ephemeral = self.initiator_ephemeral.clone();
        let remote = self.responder.public();
        Initiator::start(&self.initiator, &remote, &self.psk, SessionIndex(11), ephemeral, time, log).unwrap()
    }

    pub(super) fn shake(&self, log: &dyn KeyLog) -> Handshake {
        let (pending, initiation) = self.start(log);
        assert!(Mac1Key::new(&self.responder.public()).verify(&initiation));
        let received = Responder::receive(&self.responder, &initiation).unwrap();
        assert_eq!(*received.initiator(), self.initiator.public());
        assert_eq!(received.timestamp().to_unix_nanos(), Some(TIME));
        assert_eq!(received.sender(), SessionIndex(11));
        let (response, responder) =
            received.respond(&self.psk, SessionIndex(22), &self.responder_ephemeral, log).unwrap();
        assert!(Mac1Key::new(&self.initiator.public()).verify(&response));
        let initiator = pending.finish(&response, log).unwrap();
        Handshake { initiation, response, initiator, responder }
    }

    /// The keys whose bit is set: both statics, then both ephemerals, the initiator's first.
    pub(super) fn known(&self, set: u8) -> Known {
        let all = [&self.initiator, &self.responder, &self.initiator_ephemeral, &self.responder_ephemeral];
        let chosen = all.into_iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1);
        Known(chosen.map(|(_, key)| (key.public(), key.clone())).collect())
    }

    pub(super) fn observe(
        &self,
        shaken: &Handshake,
        set: u8,
        psks: &[PresharedKey],
    ) -> Result<ObservedSession, ObserveError> {
        let keys = self.known(set);
        ObservedInitiation::observe(&shaken.initiation, &self.responder.public(), &keys)?.complete(
            &shaken.response,
            &keys,
            psks,
        )
    }
}

/// Private keys that somebody has.
pub(super) struct Known(Vec<(PublicKey, PrivateKey)>);

impl KeySource for Known {
    fn private_of(&self, public: &PublicKey) -> Option<&PrivateKey> {
        self.0.iter().find(|(known, _)| known == public).map(|(_, private)| private)
    }
}

pub(super) const STATIC_I: u8 = 1;
pub(super) const STATIC_R: u8 = 2;
pub(super) const EPHEMERAL_I: u8 = 4;
pub(super) const EPHEMERAL_R: u8 = 8;

pub(super) fn arbitrary_cast() -> impl Strategy<Value = Cast> {
    any::<[[u8; 32]; 5]>().prop_map(|[a, b, c, d, psk]| Cast {
        initiator: PrivateKey::from_bytes(a),
        responder: PrivateKey::from_bytes(b),
        initiator_ephemeral: PrivateKey::from_bytes(c),
        responder_ephemeral: PrivateKey::from_bytes(d),
        psk: PresharedKey::from_bytes(psk),
    })
}
