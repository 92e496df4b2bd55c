//! The session table: handshakes watched, keys derived, openers found by receiver index.
//!
//! Order does not matter: a response may come before its initiation, secrets after both, and
//! addresses are never asked for, because peers roam.

mod bounded;
mod cookies;
mod derive;
mod explain;
mod export;
mod transport;

use std::collections::{HashMap, HashSet};

use wgtrace_wire::wireguard::{Initiation, Message, Response, SessionIndex};

use self::bounded::Bounded;
use self::cookies::Cookies;
use crate::key::PublicKey;
use crate::noise::mac::Mac1Key;
use crate::noise::{ObserveError, ObservedInitiation};
use crate::secrets::Secrets;
use crate::session::{Moment, Opener, Session, SessionId};

pub use self::explain::Reason;

/// Sessions kept; about 300 bytes each.
const MAX_SESSIONS: usize = 65_536;
/// Static public keys that every mac1 is tried with, at 0.2 us each.
const MAX_RESPONDERS: usize = 16_384;
/// Openers under one receiver index; the AEAD decides between them.
const MAX_CANDIDATES: usize = 16;

/// What handshakes and key files have told so far.
pub struct Sessions {
    secrets: Secrets,
    /// Static public keys that may be a responder, with what checks their mac1.
    responders: Vec<(PublicKey, Mac1Key)>,
    known_responders: HashSet<PublicKey>,
    initiations: Bounded<SeenInitiation>,
    responses: Bounded<SeenResponse>,
    cookies: Cookies,
    established: Vec<Session>,
    openers: HashMap<SessionIndex, Vec<Opener>>,
    /// Frames below this number were learned from: reading them again changes nothing.
    next_frame: u64,
    counts: Counts,
}

/// What the table has seen and what it had to leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Handshake initiations, duplicates apart.
    pub initiations: u64,
    /// Handshake responses, duplicates apart.
    pub responses: u64,
    /// Handshake messages that were seen before, byte for byte.
    pub duplicates: u64,
    /// Cookie replies.
    pub cookie_replies: u64,
    /// Cookie replies that could be opened.
    pub cookies_opened: u64,
    /// Handshake messages whose mac2 was made with one of the opened cookies.
    pub mac2_verified: u64,
    /// Handshake messages that made room for newer ones.
    pub handshakes_evicted: u64,
    /// Sessions not kept because the table was full.
    pub sessions_refused: u64,
    /// Transport keys not kept because their receiver index had too many already.
    pub openers_refused: u64,
    /// Keys that found no room.
    pub keys_refused: u64,
}

struct SeenInitiation {
    message: Initiation,
    at: Moment,
    /// `None` until somebody asks: reading along costs Diffie-Hellman, and floods stay unanswered.
    state: Option<Result<Box<ObservedInitiation>, Fault>>,
    answered: bool,
}

#[derive(Debug)]
struct SeenResponse {
    message: Response,
    at: Moment,
    /// `None` once a session came of it.
    fault: Option<Fault>,
}

/// Why a handshake gave no session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The initiation's mac1 fits no static public key that is known.
    UnknownResponder,
    /// The initiation is not in the capture.
    NoInitiation,
    /// A key is missing or wrong.
    Keys {
        /// The responder, by its mac1.
        responder: PublicKey,
        /// The initiator, once its static key could be decrypted.
        initiator: Option<PublicKey>,
        /// Both static private keys are at hand.
        both_statics: bool,
        /// What is missing or wrong.
        error: ObserveError,
    },
}

impl Sessions {
    /// A table that starts out with `secrets`.
    pub fn new(secrets: Secrets) -> Self {
        let mut table = Self {
            secrets: Secrets::new(),
            responders: Vec::new(),
            known_responders: HashSet::new(),
            initiations: Bounded::new(),
            responses: Bounded::new(),
            cookies: Cookies::default(),
            established: Vec::new(),
            openers: HashMap::new(),
            next_frame: 0,
            counts: Counts::default(),
        };
        table.add_secrets(secrets);
        table
    }

    /// Adds secrets that turned up later, in a Decryption Secrets Block say.
    ///
    /// Handshakes seen before are not looked at again until [`Sessions::reconsider`].
    pub fn add_secrets(&mut self, secrets: Secrets) {
        self.add_transport_keys(&secrets);
        let (publics, lines) = (self.secrets.publics().len(), self.secrets.transport().len());
        self.counts.keys_refused += self.secrets.merge(secrets) as u64;
        // Only what is new: a capture may bring its secrets in as many blocks as it likes.
        let publics = self.secrets.publics().skip(publics);
        // The peer of an exported key has a static key too, and may be a responder.
        let peers = self.secrets.transport().iter().skip(lines).filter_map(|line| line.peer.as_ref());
        for public in publics.chain(peers) {
            if self.known_responders.contains(public) {
                continue;
            }
            if self.responders.len() == MAX_RESPONDERS {
                self.counts.keys_refused += 1;
                continue;
            }
            self.known_responders.insert(*public);
            self.responders.push((*public, Mac1Key::new(public)));
        }
    }

    /// The secrets at hand.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Takes in a handshake message or cookie reply; `false` for transport data.
    pub fn learn(&mut self, message: &Message<'_>, at: Moment) -> bool {
        match message {
            Message::Initiation(initiation) => self.learn_initiation(initiation, at),
            Message::Response(response) => self.learn_response(response, at),
            Message::CookieReply(reply) => self.learn_cookie(reply),
            Message::TransportData(_) => return false,
        }
        true
    }

    /// Whether `frame` was learned from before.
    pub fn has_learned(&self, frame: u64) -> bool {
        frame < self.next_frame
    }

    /// Marks every frame up to and including `frame` as learned from.
    pub fn learned(&mut self, frame: u64) {
        self.next_frame = self.next_frame.max(frame.saturating_add(1));
    }

    /// What may open a message for `receiver`, the newest session first.
    pub fn openers(&self, receiver: SessionIndex) -> &[Opener] {
        self.openers.get(&receiver).map(Vec::as_slice).unwrap_or_default()
    }

    /// The sessions known, oldest knowledge first; [`SessionId`] is the position.
    pub fn all(&self) -> &[Session] {
        &self.established
    }

    /// The session called `id`.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.established.get(usize::try_from(id.0).ok()?)
    }

    /// Counters so far.
    pub fn counts(&self) -> Counts {
        let evicted = self.initiations.evicted() + self.responses.evicted();
        Counts { handshakes_evicted: evicted, ..self.counts }
    }

    /// Adds a session with its openers; `false` when there is no room.
    fn establish(&mut self, session: Session, openers: impl IntoIterator<Item = Opener>) -> bool {
        if self.established.len() >= MAX_SESSIONS {
            self.counts.sessions_refused += 1;
            return false;
        }
        let mut added = false;
        for opener in openers {
            let same = self.openers.entry(opener.receiver).or_default();
            if same.iter().any(|known| known.key == opener.key) {
                continue;
            }
            if same.len() == MAX_CANDIDATES {
                self.counts.openers_refused += 1;
                continue;
            }
            same.insert(0, opener);
            added = true;
        }
        if added {
            self.established.push(session);
        }
        added
    }

    fn next_id(&self) -> SessionId {
        SessionId(u32::try_from(self.established.len()).unwrap_or(u32::MAX))
    }
}
