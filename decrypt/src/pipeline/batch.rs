//! A chunk of the capture on its way through the pipeline.

use std::net::SocketAddr;
use std::ops::Range;

use wgtrace_wire::wireguard::{Counter, SessionIndex};

use super::nest::{Layer, MAX_DEPTH};
use crate::aead::{Aead as _, RingKey};
use crate::capture::{Chunk, Interface};
use crate::keypair::Role;
use crate::session::{Opener, SessionId};
use crate::sessions::Sessions;

/// A chunk with the messages found in it, the keys for them, and later what came of them.
///
/// Reused: filling it again keeps every allocation.
#[derive(Default)]
pub struct Batch {
    /// Position in the capture, from 0: batches are consumed in this order.
    pub ticket: u64,
    /// The frames.
    pub(super) chunk: Chunk,
    /// Transport messages in frame order.
    pub(super) jobs: Vec<Job>,
    /// Keys for the messages of this batch.
    pub(super) slots: Vec<Slot>,
    /// Positions in `slots`: each job's candidates are a run of these.
    pub(super) picks: Vec<u32>,
    /// Interfaces first met in this batch.
    pub(super) interfaces: Vec<Interface>,
    /// Whether every handshake of the capture was known when the candidates were chosen.
    pub(super) complete: bool,
    /// What the encoder made of the opened packets.
    pub(super) out: Vec<u8>,
    /// What came of each message, in order.
    pub(super) events: Vec<Event>,
    /// Messages found in opened packets: at n those in n + 1 tunnels, the last too deep to be opened.
    pub(super) layers: [Layer; MAX_DEPTH + 1],
    /// Room for trying messages that are not to be written.
    pub(super) scratch: Vec<u8>,
}

impl Batch {
    /// An empty batch, to be filled by `Front::next`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes to append to the output file.
    pub fn output(&self) -> &[u8] {
        &self.out
    }

    /// What came of each message, in frame order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// What came of each message inside `depth` tunnels, in frame order; as [`Batch::events`] for 0.
    pub fn events_at(&self, depth: usize) -> &[Event] {
        match depth.checked_sub(1) {
            None => &self.events,
            Some(above) => self.layers.get(above).map_or(&[], |layer| &layer.events),
        }
    }

    /// Position in the input behind this batch, in bytes.
    pub fn input_offset(&self) -> u64 {
        self.chunk.offset
    }

    /// Makes room for the next chunk, which overwrites the last one's bytes by itself.
    pub(super) fn clear(&mut self) {
        self.jobs.clear();
        self.slots.clear();
        self.picks.clear();
        self.interfaces.clear();
        self.out.clear();
        self.events.clear();
        self.layers.iter_mut().for_each(Layer::clear);
    }
}

/// A datagram that holds transport data: one message, or several in a row (UDP GSO).
#[derive(Debug, Clone)]
pub struct Job {
    /// Position of its frame in the chunk.
    pub(super) frame: usize,
    /// Captured bytes of the datagram's payload in the chunk.
    pub(super) payload: Range<usize>,
    /// Length of the payload on the wire.
    pub(super) claimed: usize,
    /// Index of the receiving side.
    pub(super) receiver: SessionIndex,
    /// Candidates: a run in the batch's picks.
    pub(super) picks: Range<usize>,
    /// Sender's address.
    pub(super) src: SocketAddr,
}

/// A key ready for use, with what is said about the packets that it opens.
pub struct Slot {
    pub(super) aead: RingKey,
    pub(super) receiver: SessionIndex,
    pub(super) session: SessionId,
    pub(super) sender: Role,
    pub(super) outbound: bool,
    /// Middle of each packet's comment: peer and index.
    pub(super) label: String,
}

impl Slot {
    /// Makes `opener` ready for use.
    pub(super) fn new(sessions: &Sessions, opener: &Opener) -> Option<Self> {
        let session = sessions.session(opener.session)?;
        let peer = session.peer().map_or_else(|| "unknown".to_owned(), ToString::to_string);
        Some(Self {
            aead: RingKey::new(&opener.key),
            receiver: opener.receiver,
            session: opener.session,
            sender: opener.sender,
            outbound: session.is_outbound(opener.sender),
            label: format!(", peer {peer}, index {}, counter ", opener.receiver),
        })
    }
}

/// What came of one transport message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Position of its job in the batch, or of its message in the layer, for the addresses.
    pub(super) job: usize,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of one transport message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It opened.
    Opened {
        /// The session whose key opened it.
        session: SessionId,
        /// Who sent it.
        sender: Role,
        /// Its counter.
        counter: Counter,
        /// Length of the inner packet in bytes, padding removed; 0 for a keepalive.
        inner: usize,
        /// The plaintext is no IPv4 or IPv6 packet of its own length; it is kept whole.
        malformed: bool,
    },
    /// It did not.
    Failed {
        /// Index of the receiving side.
        receiver: SessionIndex,
        /// Why.
        failure: Failure,
        /// How many messages, where a datagram held several.
        messages: u64,
    },
}

/// Why a message did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Failure {
    /// No key is known for its index.
    NoKey,
    /// No known key's tag fits.
    NotAuthentic,
    /// The capture cut it.
    Truncated {
        /// Bytes captured.
        have: usize,
        /// Bytes on the wire.
        need: usize,
    },
}

impl Failure {
    /// Tells the kinds apart, whatever their numbers.
    pub(super) fn kind(self) -> u8 {
        match self {
            Self::NoKey => 0,
            Self::NotAuthentic => 1,
            Self::Truncated { .. } => 2,
        }
    }
}
