//! Somebody who listens, with some of the keys.

use wgtrace_decrypt::key::{PresharedKey, PrivateKey, PublicKey, TransportKey};
use wgtrace_decrypt::noise::{KeySource, ObserveError, ObservedInitiation, ObservedSession};
use wgtrace_decrypt::secrets::Secrets;
use wgtrace_decrypt::session::Moment;
use wgtrace_decrypt::sessions::Sessions;
use wgtrace_wire::wireguard::{Initiation, Message, Response};

use super::Known;
use crate::scenario::{Played, Scene};

/// Somebody with keys.
pub(super) struct Watcher {
    pub(super) keys: Vec<(PublicKey, PrivateKey)>,
    pub(super) psks: Vec<PresharedKey>,
    pub(super) responder: PublicKey,
    /// Every exchange can be computed.
    pub(super) exchanges: bool,
    pub(super) psk: bool,
    pub(super) secrets: Secrets,
}

impl KeySource for Watcher {
    fn private_of(&self, public: &PublicKey) -> Option<&PrivateKey> {
        self.keys.iter().find(|(known, _)| known == public).map(|(_, private)| private)
    }
}

impl Watcher {
    /// Of the tunnel `within` the other one, the initiator's keys are known too.
    pub(super) fn new(scene: &Scene, known: &Known, within: Option<&Scene>) -> Self {
        let (mut keys, mut text) = (Vec::new(), String::new());
        if let Some(within) = within {
            text += &within.key_log(0);
            let privates = [&within.statics[0], &within.ephemerals[0]];
            keys.extend(privates.map(|private| (private.public(), private.clone())));
        }
        let given = [
            ("LOCAL_STATIC_PRIVATE_KEY", scene.statics.iter().zip(known.statics)),
            ("LOCAL_EPHEMERAL_PRIVATE_KEY", scene.ephemerals.iter().zip(known.ephemerals)),
        ];
        for (name, privates) in given {
            for (private, _) in privates.filter(|(_, known)| *known) {
                keys.push((private.public(), private.clone()));
                text.extend([name, " = ", &private.expose_base64(), "\n"]);
            }
        }
        let responder = scene.statics[1].public();
        if known.responder_public {
            text.extend(["REMOTE_STATIC_PUBLIC_KEY = ", &responder.to_string(), "\n"]);
        }
        let mut psks = vec![PresharedKey::NONE];
        psks.extend(known.wrong_psk.map(PresharedKey::from_bytes));
        psks.extend(known.psk.then(|| scene.psk.clone()));
        for psk in &psks {
            text.extend(["PresharedKey = ", &psk.expose_base64(), "\n"]);
        }
        let mut secrets = Secrets::new();
        assert_eq!(secrets.add(text.as_bytes(), "known"), []);

        // By public half: two roles may have one key.
        let has = |private: &PrivateKey| keys.iter().any(|(public, _)| *public == private.public());
        let [static_i, static_r] = [&scene.statics[0], &scene.statics[1]].map(has);
        let [ephemeral_i, ephemeral_r] = [&scene.ephemerals[0], &scene.ephemerals[1]].map(has);
        // One side's two keys, whatever else there is: what the four exchanges es, ss, ee, se come to.
        let exchanges = ephemeral_i && static_i || static_r && ephemeral_r;
        let psk = psks.contains(&scene.psk);
        Self { keys, psks, responder, exchanges, psk, secrets }
    }

    pub(super) fn watch(
        &self,
        initiation: &Initiation,
        response: &Response,
    ) -> Result<ObservedSession, ObserveError> {
        ObservedInitiation::observe(initiation, &self.responder, self)?.complete(response, self, &self.psks)
    }

    /// With all keys the watcher knows what the ends know, and without it says what is missing.
    pub(super) fn judge(&self, seen: &Result<ObservedSession, ObserveError>, played: &Played) {
        match seen {
            Ok(session) => {
                assert!(self.exchanges && self.psk, "derived from too little");
                assert_eq!(session.initiator_to_responder, played.initiator.keys().send);
                assert_eq!(session.responder_to_initiator, played.initiator.keys().receive);
            }
            Err(ObserveError::MissingKey(_)) => assert!(!self.exchanges),
            Err(ObserveError::NoPresharedKeyFits { tried }) => {
                assert!(self.exchanges && !self.psk);
                assert_eq!(*tried, self.psks.len());
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// The session table comes to the same end, in either order of the messages.
    pub(super) fn judge_table(&self, played: &Played) {
        let derivable = self.exchanges && self.psk && self.secrets.is_static(&self.responder);
        let messages = [Message::Initiation(&played.initiation), Message::Response(&played.response)];
        for order in [[0, 1], [1, 0]] {
            let table = self.table(order.map(|at| messages[at]));
            assert_eq!(table.all().len(), usize::from(derivable));
            let pair = played.initiator.keys();
            let found =
                |index, key: &TransportKey| table.openers(index).iter().any(|opener| opener.key == *key);
            assert_eq!(found(pair.remote, &pair.send), derivable);
            assert_eq!(found(pair.local, &pair.receive), derivable);
            let _ = (table.explain(pair.remote).to_string(), table.explain(pair.local).to_string());
        }
    }

    pub(super) fn table<'m>(&self, messages: impl IntoIterator<Item = Message<'m>>) -> Sessions {
        let mut table = Sessions::new(self.secrets.clone());
        for (frame, message) in (1..).zip(messages) {
            table.learn(&message, Moment { frame, ..Moment::default() });
        }
        table.reconsider();
        table
    }
}
