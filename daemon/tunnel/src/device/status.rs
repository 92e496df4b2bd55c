use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wgtrace_decrypt::key::PublicKey;
use wgtrace_decrypt::keypair::Role;
use wgtrace_wire::wireguard::SessionIndex;

use super::{ConfigError, Device};
use crate::allowed_ips::Prefix;
use crate::drops::DropCounts;
use crate::peer::Tally;
use crate::session::{PeerId, Session};

/// A peer as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerStatus {
    /// Its name here.
    pub id: PeerId,
    /// Who it is.
    pub public_key: PublicKey,
    /// Whether there is a preshared key.
    pub has_preshared_key: bool,
    /// Where it was last heard from, or is said to be.
    pub endpoint: Option<SocketAddr>,
    /// Its networks, IPv4 first.
    pub allowed_ips: Vec<Prefix>,
    /// Time between its persistent keepalives.
    pub persistent_keepalive: Option<Duration>,
    /// The session sent under.
    pub session: Option<SessionStatus>,
    /// What has been exchanged.
    pub tally: Tally,
    /// What has been dropped.
    pub drops: DropCounts,
    /// Packets that wait for a session.
    pub staged: usize,
    /// Copies kept of packets that were sent, while it is said to be gone; `None` when nobody says so.
    pub copies: Option<usize>,
}

/// A session as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionStatus {
    /// Which end asked for it.
    pub role: Role,
    /// Index under which this end receives.
    pub local: SessionIndex,
    /// Index under which the peer receives.
    pub remote: SessionIndex,
    /// Time since its handshake.
    pub age: Duration,
    /// Counters used.
    pub sent: u64,
    /// One above the highest counter received.
    pub received: u64,
}

impl Device {
    /// The name of the peer with this key.
    pub fn peer_id(&self, key: &PublicKey) -> Option<PeerId> {
        self.by_key.get(key).copied()
    }

    /// Every peer, the oldest first.
    pub fn peers(&self) -> impl Iterator<Item = PeerId> {
        self.peers.keys().copied()
    }

    /// One peer.
    pub fn status(&self, now: Instant, id: PeerId) -> Result<PeerStatus, ConfigError> {
        let peer = self.peer(id)?;
        let routes = self.hub.path.routes();
        let own = routes.allowed_ips().iter().filter(|(_, lane)| lane.peer() == id);
        Ok(PeerStatus {
            id,
            public_key: *peer.remote(),
            has_preshared_key: peer.has_psk(),
            endpoint: peer.lane().endpoint(),
            allowed_ips: own.map(|(prefix, _)| prefix).collect(),
            persistent_keepalive: peer.persistent(),
            session: peer.current().map(|session| SessionStatus::of(session, now)),
            tally: peer.tally(),
            drops: peer.lane().drops().counts(),
            staged: peer.staged(),
            copies: peer.copies(),
        })
    }

    /// Whether there is a session to send under with every peer.
    pub fn is_connected(&self, now: Instant) -> bool {
        self.peers.values().all(|peer| peer.lane().outbound(now).is_some())
    }

    /// A peer's sessions, for an export of keys that begins while they are up.
    pub fn sessions(&self, id: PeerId) -> Result<Vec<Arc<Session>>, ConfigError> {
        Ok(self.peer(id)?.sessions().map(Arc::clone).collect())
    }

    /// Drops that are no peer's.
    pub fn drops(&self) -> DropCounts {
        self.hub.path.drops().counts()
    }

    /// Whether cookies are asked for now.
    pub fn is_under_load(&self, now: Instant) -> bool {
        self.gate.is_under_load(now)
    }

    /// Session indices in use, and source addresses remembered under load: what floods could grow.
    pub fn footprint(&self) -> (usize, usize) {
        (self.hub.indices.len(), self.gate.sources())
    }
}

impl SessionStatus {
    fn of(session: &Session, now: Instant) -> Self {
        Self {
            role: session.role(),
            local: session.local(),
            remote: session.remote(),
            age: now.saturating_duration_since(session.born()),
            sent: session.sent(),
            received: session.received(),
        }
    }
}
