//! What came of the messages at one depth.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use wgtrace_wire::wireguard::SessionIndex;

use crate::keypair::Role;
use crate::pipeline::batch::{Failure, Outcome};
use crate::pipeline::track::CounterTrack;
use crate::session::{Moment, SessionId};

/// Directions whose replay window is kept at a time, 1 KiB each.
const ACTIVE: usize = 4096;
/// Receiver indices told apart in the report of failures.
const MAX_GROUPS: usize = 4096;

/// Counts of the messages inside equally many tunnels.
#[derive(Debug, Default)]
pub struct Ledger {
    sessions: Vec<SessionReport>,
    active: VecDeque<(usize, Role)>,
    failures: HashMap<(SessionIndex, u8), FailureGroup>,
    totals: Totals,
}

/// Both directions of a session.
#[derive(Debug, Default)]
pub struct SessionReport {
    directions: [DirectionReport; 2],
}

/// The messages that one side of a session sent.
#[derive(Debug, Default)]
pub struct DirectionReport {
    /// What was in them.
    pub tally: Tally,
    /// First and last message.
    pub span: Option<(Moment, Moment)>,
    /// Sender's address in the last message.
    pub endpoint: Option<SocketAddr>,
    /// How often that address changed.
    pub roamed: u64,
    /// What the counters tell.
    pub counters: CounterTrack,
}

/// What opened messages hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Inner packets.
    pub packets: u64,
    /// Bytes of the inner packets, padding removed.
    pub bytes: u64,
    /// Messages with nothing in them.
    pub keepalives: u64,
    /// Inner packets that are no IP packet of their own length.
    pub malformed: u64,
}

/// Sums over the whole capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Messages that opened.
    pub opened: Tally,
    /// Messages that no key opened.
    pub failed: u64,
    /// Messages among them whose index is not told apart, because there were too many indices.
    pub failed_ungrouped: u64,
}

/// Messages under one receiver index that failed in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailureGroup {
    /// Index of the receiving side.
    pub receiver: SessionIndex,
    /// How the first of them failed.
    pub failure: Failure,
    /// How many.
    pub messages: u64,
    /// The first of them.
    pub first: Moment,
}

impl Ledger {
    pub(super) fn note(&mut self, outcome: &Outcome, src: SocketAddr, moment: Moment) {
        match *outcome {
            Outcome::Opened { session, sender, counter, inner, malformed } => {
                let direction = self.direction(session, sender);
                direction.note_address(src);
                direction.span = Some((direction.span.map_or(moment, |(first, _)| first), moment));
                direction.counters.note(counter);
                direction.tally.count(inner, malformed);
                self.totals.opened.count(inner, malformed);
            }
            Outcome::Failed { receiver, failure, messages } => {
                self.note_failure(receiver, failure, messages, moment);
            }
        }
    }

    /// The messages that `sender` sent in `session`.
    pub fn of(&self, session: SessionId, sender: Role) -> Option<&DirectionReport> {
        Some(self.sessions.get(session.0 as usize)?.direction(sender))
    }

    /// Sums over everything absorbed.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// What did not open, by first occurrence.
    pub fn failures(&self) -> Vec<FailureGroup> {
        let mut groups: Vec<FailureGroup> = self.failures.values().copied().collect();
        groups.sort_by_key(|group| (group.first.frame, group.receiver, group.failure.kind()));
        groups
    }

    fn direction(&mut self, session: SessionId, sender: Role) -> &mut DirectionReport {
        let at = session.0 as usize;
        if at >= self.sessions.len() {
            self.sessions.resize_with(at + 1, SessionReport::default);
        }
        let fresh = self.sessions.get(at).is_some_and(|s| !s.direction(sender).counters.is_active());
        if fresh {
            self.active.push_back((at, sender));
            if self.active.len() > ACTIVE
                && let Some((oldest, sender)) = self.active.pop_front()
                && let Some(session) = self.sessions.get_mut(oldest)
            {
                session.direction_mut(sender).counters.rest();
            }
        }
        #[expect(clippy::indexing_slicing, reason = "resized just above")]
        self.sessions[at].direction_mut(sender)
    }

    fn note_failure(&mut self, receiver: SessionIndex, failure: Failure, messages: u64, first: Moment) {
        self.totals.failed = self.totals.failed.saturating_add(messages);
        let full = self.failures.len() >= MAX_GROUPS;
        match self.failures.entry((receiver, failure.kind())) {
            std::collections::hash_map::Entry::Occupied(mut group) => group.get_mut().messages += messages,
            std::collections::hash_map::Entry::Vacant(_) if full => self.totals.failed_ungrouped += messages,
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(FailureGroup { receiver, failure, messages, first });
            }
        }
    }
}

impl SessionReport {
    fn direction(&self, sender: Role) -> &DirectionReport {
        let [initiator, responder] = &self.directions;
        match sender {
            Role::Initiator => initiator,
            Role::Responder => responder,
        }
    }

    fn direction_mut(&mut self, sender: Role) -> &mut DirectionReport {
        let [initiator, responder] = &mut self.directions;
        match sender {
            Role::Initiator => initiator,
            Role::Responder => responder,
        }
    }
}

impl DirectionReport {
    fn note_address(&mut self, address: SocketAddr) {
        if self.endpoint != Some(address) {
            self.roamed += u64::from(self.endpoint.is_some());
            self.endpoint = Some(address);
        }
    }
}

impl Tally {
    /// Messages of any kind.
    pub fn messages(&self) -> u64 {
        self.packets + self.keepalives
    }

    fn count(&mut self, inner: usize, malformed: bool) {
        if inner == 0 {
            self.keepalives += 1;
        } else {
            self.packets += 1;
            self.bytes += inner as u64;
        }
        self.malformed += u64::from(malformed);
    }
}
