//! Why a message could not be opened, in words that name the way out.

use std::fmt;

use wgtrace_wire::wireguard::SessionIndex;

use super::{Fault, Sessions};
use crate::noise::ObserveError;
use crate::session::Moment;

/// Why the messages of one receiver index were not decrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Neither a handshake nor a transport key names this index.
    NothingKnown(SessionIndex),
    /// The initiation is there, its response is not.
    NoResponse {
        /// The initiation.
        initiation: Moment,
    },
    /// The response is there, its initiation is not.
    NoInitiation {
        /// The response.
        response: Moment,
    },
    /// The handshake is there, the keys do not suffice.
    Handshake {
        /// The response, or the initiation when there is no more.
        at: Moment,
        /// What is missing or wrong.
        fault: Fault,
    },
    /// A key for the index is at hand, and the tag does not fit: a forged, damaged or foreign message.
    NotAuthentic(SessionIndex),
    /// The capture holds the beginning of the message only; the tag at its end is missing.
    Truncated {
        /// Bytes of the message in the capture.
        have: usize,
        /// Bytes of the message on the wire.
        need: usize,
    },
}

impl Sessions {
    /// Why nothing opens messages for `receiver`.
    pub fn explain(&self, receiver: SessionIndex) -> Reason {
        if !self.openers(receiver).is_empty() {
            return Reason::NotAuthentic(receiver);
        }
        // `receiver` is an initiator's index in one direction, a responder's in the other.
        let answers = self
            .responses
            .under(receiver)
            .chain(self.responses.iter().filter(|seen| seen.message.sender.get() == receiver.0));
        for answer in answers {
            match &answer.fault {
                None => {}
                Some(Fault::NoInitiation) => return Reason::NoInitiation { response: answer.at },
                Some(fault) => return Reason::Handshake { at: answer.at, fault: fault.clone() },
            }
        }
        match self.initiations.under(receiver).next() {
            Some(asked) => match self.fault_of(asked) {
                None => Reason::NoResponse { initiation: asked.at },
                Some(fault) => Reason::Handshake { at: asked.at, fault },
            },
            None => Reason::NothingKnown(receiver),
        }
    }

    /// Responses in the capture that gave no session, oldest first; not those of sessions whose
    /// transport keys are known without them.
    pub fn failed_handshakes(&self) -> impl Iterator<Item = (Moment, &Fault)> {
        let is_open = |index: u32| !self.openers(SessionIndex(index)).is_empty();
        self.responses
            .iter()
            .filter(move |seen| !(is_open(seen.message.sender.get()) && is_open(seen.message.receiver.get())))
            .filter_map(|seen| Some((seen.at, seen.fault.as_ref()?)))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingKnown(index) => {
                write!(f, "no handshake in the capture and no transport key for index {index}")
            }
            Self::NoResponse { initiation } => {
                write!(f, "the handshake initiation ({initiation}) has no response in the capture")
            }
            Self::NoInitiation { response } => write!(
                f,
                "the handshake response ({response}) has no initiation in the capture: a transport key is needed"
            ),
            Self::Handshake { at, fault } => write!(f, "handshake ({at}): {fault}"),
            Self::NotAuthentic(index) => write!(
                f,
                "a key for index {index} is known, but the message does not authenticate: forged, damaged, or of another session with the same index"
            ),
            Self::Truncated { have, need } => write!(f, "truncated at {have} of {need} bytes"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownResponder => f.write_str(
                "its mac1 fits no static public key that is known: the responder's public key is needed",
            ),
            Self::NoInitiation => f.write_str("its initiation is not in the capture"),
            Self::Keys { responder, initiator, both_statics, error } => match (error, initiator) {
                (ObserveError::NoPresharedKeyFits { .. }, Some(peer)) => write!(
                    f,
                    "it matches initiator {peer} and responder {responder}, but the PSK is wrong or missing"
                ),
                (ObserveError::MissingKey(_), Some(_)) if *both_statics => f.write_str(
                    "both static keys are known, but WireGuard is forward-secret: an ephemeral or transport key is needed",
                ),
                (_, Some(peer)) => write!(f, "initiator {peer}, responder {responder}: {error}"),
                (_, None) => write!(f, "responder {responder}: {error}"),
            },
        }
    }
}
