//! What all peers of a device share, and where their output goes.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rand_core::CryptoRng;
use wgtrace_decrypt::key::PrivateKey;
use wgtrace_decrypt::keylog::KeyLog;
use wgtrace_decrypt::keypair::Role;
use wgtrace_wire::wireguard::{CookieReply, Initiation, Response, SessionIndex};
use zerocopy::IntoBytes as _;

use crate::drops::DropCause;
use crate::index::Indices;
use crate::path::DataPath;
use crate::session::{PeerId, Session};
use crate::time::{JITTER, Now};

/// One input at one moment, and what it may act upon.
pub(crate) struct Step<'s> {
    pub(crate) now: Now,
    pub(crate) rng: &'s mut dyn CryptoRng,
    pub(crate) hub: &'s mut Hub,
}

impl Step<'_> {
    /// A little while, random.
    pub(crate) fn jitter(&mut self) -> Duration {
        let span = u64::try_from(JITTER.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.rng.next_u64() % span)
    }

    /// Ends sessions that have no place any more.
    pub(crate) fn retire(&mut self, sessions: impl IntoIterator<Item = Option<Arc<Session>>>) {
        for session in sessions.into_iter().flatten() {
            self.hub.end(&session);
        }
    }

    pub(crate) fn private_key(&mut self) -> PrivateKey {
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        self.rng.fill_bytes(bytes.as_mut_slice());
        PrivateKey::from_bytes(*bytes)
    }
}

pub(crate) struct Hub {
    pub(crate) private: Arc<PrivateKey>,
    pub(crate) indices: Indices,
    pub(crate) path: Arc<DataPath>,
    pub(crate) mtu: usize,
    pub(crate) log: Arc<dyn KeyLog + Send + Sync>,
    outbox: VecDeque<Transmit>,
    events: VecDeque<Event>,
}

impl Hub {
    pub(crate) fn new(private: PrivateKey, mtu: usize, log: Arc<dyn KeyLog + Send + Sync>) -> Self {
        Self {
            private: Arc::new(private),
            indices: Indices::default(),
            path: Arc::new(DataPath::new()),
            mtu,
            log,
            outbox: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    pub(crate) fn send(&mut self, transmit: Transmit) {
        if self.outbox.len() >= MOST_WAITING {
            self.path.drops().add(DropCause::OutboxFull, 1);
        } else {
            self.outbox.push_back(transmit);
        }
    }

    pub(crate) fn tell(&mut self, event: Event) {
        if self.events.len() >= MOST_WAITING {
            self.path.drops().add(DropCause::EventsFull, 1);
        } else {
            self.events.push_back(event);
        }
    }

    pub(crate) fn begin(&mut self, session: &Arc<Session>) {
        self.path.begin(session);
        let (peer, local, remote) = (session.peer(), session.local(), session.remote());
        self.tell(Event::SessionBegan { peer, role: session.role(), local, remote });
    }

    pub(crate) fn end(&mut self, session: &Session) {
        self.path.end(session.local());
        self.indices.release(session.local());
        self.tell(Event::SessionEnded { peer: session.peer(), local: session.local() });
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        self.outbox.pop_front()
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

/// A datagram to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// The peer it is for; `None` for an answer to somebody unknown.
    pub peer: Option<PeerId>,
    /// Where to send it.
    pub destination: SocketAddr,
    /// What to send.
    pub payload: Payload,
}

/// One WireGuard message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// First message of a handshake.
    Initiation(Initiation),
    /// Second message of a handshake.
    Response(Response),
    /// Answer under load.
    CookieReply(CookieReply),
    /// A sealed packet without content.
    Keepalive([u8; 32]),
    /// A sealed packet that waited for the handshake, or that came through the slow path.
    Packet(Vec<u8>),
}

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Initiation(message) => message.as_bytes(),
            Self::Response(message) => message.as_bytes(),
            Self::CookieReply(message) => message.as_bytes(),
            Self::Keepalive(message) => message,
            Self::Packet(message) => message,
        }
    }
}

/// Something that happened to a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Keys were agreed on; a responder's session is unconfirmed until the handshake is complete.
    SessionBegan {
        /// With whom; [`crate::Device::sessions`] has the keys.
        peer: PeerId,
        /// Which end asked for it.
        role: Role,
        /// This end's index.
        local: SessionIndex,
        /// The peer's index.
        remote: SessionIndex,
    },
    /// A session took the place of the current one.
    HandshakeCompleted {
        /// With whom.
        peer: PeerId,
        /// This end's index.
        local: SessionIndex,
    },
    /// A session was replaced or wiped.
    SessionEnded {
        /// With whom.
        peer: PeerId,
        /// This end's index.
        local: SessionIndex,
    },
    /// The peer did not answer for 90 s.
    HandshakeGivenUp {
        /// Who.
        peer: PeerId,
    },
    /// All key material was wiped, 540 s after the last handshake.
    KeysWiped {
        /// Whose.
        peer: PeerId,
    },
    /// An authentic message came from another address than the last.
    Roamed {
        /// Who.
        peer: PeerId,
        /// The address so far.
        from: Option<SocketAddr>,
        /// The address from now on.
        to: SocketAddr,
    },
}

/// Messages and events that wait to be taken out, each at most.
const MOST_WAITING: usize = 4096;
