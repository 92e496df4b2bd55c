//! From handshake messages to sessions.

use wgtrace_wire::wireguard::{Initiation, Message, Response, SessionIndex};

use super::{Fault, SeenInitiation, SeenResponse, Sessions};
use crate::capture::Timestamp;
use crate::key::{PresharedKey, PublicKey};
use crate::keypair::Role;
use crate::noise::mac::Mac1Key;
use crate::noise::{KeySource, ObservedInitiation};
use crate::secrets::Secrets;
use crate::session::{Moment, Opener, Origin, Session, Side};

impl KeySource for Secrets {
    fn private_of(&self, public: &PublicKey) -> Option<&crate::key::PrivateKey> {
        Secrets::private_of(self, public)
    }
}

impl Sessions {
    /// Whether a handshake message's mac1 was made with a static public key that is known.
    pub fn knows_mac1(&self, message: &Message<'_>) -> bool {
        self.responders.iter().any(|(_, mac1)| match message {
            Message::Initiation(initiation) => mac1.verify(*initiation),
            Message::Response(response) => mac1.verify(*response),
            Message::CookieReply(_) | Message::TransportData(_) => false,
        })
    }

    /// Whether this very handshake message is in the table.
    pub fn has_seen(&self, message: &Message<'_>) -> bool {
        match message {
            Message::Initiation(initiation) => {
                let sender = SessionIndex(initiation.sender.get());
                self.initiations.under(sender).any(|seen| seen.message == **initiation)
            }
            Message::Response(response) => {
                let receiver = SessionIndex(response.receiver.get());
                self.responses.under(receiver).any(|seen| seen.message == **response)
            }
            Message::CookieReply(_) | Message::TransportData(_) => false,
        }
    }

    pub(super) fn learn_initiation(&mut self, message: &Initiation, at: Moment) {
        let sender = SessionIndex(message.sender.get());
        if self.has_seen(&Message::Initiation(message)) {
            self.counts.duplicates += 1;
            return;
        }
        self.counts.initiations += 1;
        if self.cookies.made_mac2_of_initiation(message) {
            self.counts.mac2_verified += 1;
        }
        let seen = SeenInitiation { message: *message, at, state: None, answered: false };
        let initiation = self.initiations.push(sender, seen);
        for response in self.responses.positions(sender) {
            self.try_pair(initiation, response);
        }
    }

    pub(super) fn learn_response(&mut self, message: &Response, at: Moment) {
        let receiver = SessionIndex(message.receiver.get());
        if self.has_seen(&Message::Response(message)) {
            self.counts.duplicates += 1;
            return;
        }
        self.counts.responses += 1;
        if self.cookies.made_mac2_of_response(message) {
            self.counts.mac2_verified += 1;
        }
        let fault = Some(Fault::NoInitiation);
        let response = self.responses.push(receiver, SeenResponse { message: *message, at, fault });
        for initiation in self.initiations.positions(receiver) {
            self.try_pair(initiation, response);
        }
    }

    /// Looks again at every handshake that gave no session, with the secrets at hand now.
    pub fn reconsider(&mut self) {
        for position in self.initiations.all() {
            let Some(seen) = self.initiations.at_mut(position) else { continue };
            if matches!(seen.state, Some(Err(_))) {
                seen.state = None;
            }
            if !seen.answered {
                let sender = SessionIndex(seen.message.sender.get());
                for response in self.responses.positions(sender) {
                    self.try_pair(position, response);
                }
            }
        }
    }

    /// Why an initiation leads nowhere: on its own account, or for want of a response.
    pub(super) fn fault_of(&self, asked: &SeenInitiation) -> Option<Fault> {
        match &asked.state {
            Some(state) => state.as_ref().err().cloned(),
            None => self.observe(&asked.message).err(),
        }
    }

    fn observe(&self, message: &Initiation) -> Result<Box<ObservedInitiation>, Fault> {
        let mut fault = Fault::UnknownResponder;
        for (responder, mac1) in &self.responders {
            if !mac1.verify(message) {
                continue;
            }
            match ObservedInitiation::observe(message, responder, &self.secrets) {
                Ok(state) => return Ok(Box::new(state)),
                Err(error) => {
                    fault = Fault::Keys { responder: *responder, initiator: None, both_statics: false, error }
                }
            }
        }
        Err(fault)
    }

    /// Makes a session of an initiation and a response with matching index, if the keys allow.
    fn try_pair(&mut self, initiation: usize, response: usize) {
        let Some(asked) = self.initiations.at(initiation) else { return };
        if asked.state.is_none() {
            let state = self.observe(&asked.message);
            if let Some(asked) = self.initiations.at_mut(initiation) {
                asked.state = Some(state);
            }
        }
        let Some(asked) = self.initiations.at(initiation) else { return };
        let Some(answer) = self.responses.at(response) else { return };
        let Some(state) = &asked.state else { return };
        if answer.fault.is_none() {
            return;
        }
        let fault = match state {
            Err(fault) => fault.clone(),
            // Another initiator's response may carry the same index by chance.
            Ok(state) if !Mac1Key::new(state.initiator()).verify(&answer.message) => return,
            Ok(state) => match complete(state, asked, answer, &self.secrets) {
                Ok((session, keys)) => {
                    let id = self.next_id();
                    let openers = keys.map(|(key, sender)| {
                        let receiver = session.side(sender.other()).index.unwrap_or(SessionIndex(0));
                        Opener { key, receiver, session: id, sender }
                    });
                    self.establish(session, openers);
                    if let Some(seen) = self.responses.at_mut(response) {
                        seen.fault = None;
                    }
                    if let Some(seen) = self.initiations.at_mut(initiation) {
                        seen.answered = true;
                    }
                    return;
                }
                Err(fault) => fault,
            },
        };
        if let Some(seen) = self.responses.at_mut(response) {
            seen.fault = Some(fault);
        }
    }
}

/// Preshared keys of other origin tried for one handshake, about 2 us each.
const MAX_LOOSE_PSKS: usize = 1024;

type Keys = [(crate::key::TransportKey, Role); 2];

fn complete(
    state: &ObservedInitiation,
    asked: &SeenInitiation,
    answer: &SeenResponse,
    secrets: &Secrets,
) -> Result<(Session, Keys), Fault> {
    let ephemerals =
        [PublicKey::from_bytes(asked.message.ephemeral), PublicKey::from_bytes(answer.message.ephemeral)];
    // Wireshark's order, then every preshared key there is.
    let [initiator_psks, responder_psks] =
        ephemerals.map(|ephemeral| secrets.ephemeral_psks(&ephemeral).to_vec());
    let none = [PresharedKey::NONE];
    let loose = secrets.loose_psks().iter().take(MAX_LOOSE_PSKS);
    let psks = initiator_psks.iter().chain(&responder_psks).chain(&none).chain(loose);
    let observed = state.complete(&answer.message, secrets, psks).map_err(|error| Fault::Keys {
        responder: *state.responder(),
        initiator: Some(*state.initiator()),
        both_statics: secrets.is_static(state.initiator()) && secrets.is_static(state.responder()),
        error,
    })?;
    let mine = |public: &PublicKey, ephemeral: &PublicKey| {
        secrets.private_of(public).is_some() || secrets.private_of(ephemeral).is_some()
    };
    let local = match (mine(state.initiator(), &ephemerals[0]), mine(state.responder(), &ephemerals[1])) {
        (true, false) => Some(Role::Initiator),
        (false, true) => Some(Role::Responder),
        (true, true) | (false, false) => None,
    };
    let side =
        |public: &PublicKey, index: u32| Side { public: Some(*public), index: Some(SessionIndex(index)) };
    let session = Session {
        origin: Origin::Handshake {
            initiation: asked.at,
            response: answer.at,
            timestamp: Timestamp(state.timestamp().to_unix_nanos().unwrap_or(0)),
            psk: observed.psk,
            ephemerals,
        },
        initiator: side(state.initiator(), asked.message.sender.get()),
        responder: side(state.responder(), answer.message.sender.get()),
        local,
    };
    let keys = [
        (observed.initiator_to_responder, Role::Initiator),
        (observed.responder_to_initiator, Role::Responder),
    ];
    Ok((session, keys))
}
