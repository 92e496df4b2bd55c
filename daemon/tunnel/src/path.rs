//! What worker threads share with the state machine: routes, sessions, endpoints.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use wgtrace_wire::Ip;
use wgtrace_wire::wireguard::{SessionIndex, TransportHeader};
use zerocopy::FromBytes as _;

use crate::allowed_ips::AllowedIps;
use crate::drops::{DropCause, Drops};
use crate::session::{PeerId, Session};

/// The data path of one device. Workers read it once a batch; only the [`crate::Device`] writes.
#[derive(Debug)]
pub struct DataPath {
    routes: RwLock<Arc<Routes>>,
    sessions: RwLock<BTreeMap<SessionIndex, Arc<Session>>>,
    drops: Arc<Drops>,
}

impl DataPath {
    pub(crate) fn new() -> Self {
        let drops = Arc::new(Drops::new());
        let routes = Routes { table: AllowedIps::new(), drops: Arc::clone(&drops) };
        Self { routes: RwLock::new(Arc::new(routes)), sessions: RwLock::default(), drops }
    }

    /// Cryptokey routing as it is now; hold it for one batch.
    pub fn routes(&self) -> Arc<Routes> {
        Arc::clone(&self.routes.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The session that a transport message is for; hold it for one batch.
    pub fn session(&self, message: &[u8]) -> Result<Arc<Session>, DropCause> {
        let Ok((header, _)) = TransportHeader::ref_from_prefix(message) else {
            return Err(self.drops.count(DropCause::WrongLength));
        };
        let index = SessionIndex(header.receiver.get());
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        sessions.get(&index).map(Arc::clone).ok_or_else(|| self.drops.count(DropCause::UnknownReceiver))
    }

    /// Every session that messages may come in under, unconfirmed ones included.
    pub fn sessions(&self) -> Vec<Arc<Session>> {
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        sessions.values().map(Arc::clone).collect()
    }

    /// Drops that are no peer's.
    pub fn drops(&self) -> &Drops {
        &self.drops
    }

    pub(crate) fn reroute(&self, change: impl FnOnce(&mut AllowedIps<Arc<Lane>>)) {
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut Arc::make_mut(&mut routes).table);
    }

    pub(crate) fn begin(&self, session: &Arc<Session>) {
        let mut sessions = self.sessions.write().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(session.local(), Arc::clone(session));
    }

    pub(crate) fn end(&self, index: SessionIndex) {
        self.sessions.write().unwrap_or_else(PoisonError::into_inner).remove(&index);
    }
}

/// Allowed IPs of all peers at one moment.
#[derive(Debug, Clone)]
pub struct Routes {
    table: AllowedIps<Arc<Lane>>,
    drops: Arc<Drops>,
}

impl Routes {
    /// The peer that an IP packet has to go to.
    #[inline]
    pub fn outbound(&self, packet: &[u8]) -> Result<&Arc<Lane>, DropCause> {
        let ip = Ip::parse(packet).map_err(|_| self.drops.count(DropCause::NotIp))?;
        self.table.lookup(ip.dst()).ok_or_else(|| self.drops.count(DropCause::NoRoute))
    }

    /// The IP packet in what was decrypted from the holder of `session`, without its padding, if the
    /// peer may use its source address.
    #[inline]
    pub fn inbound<'b>(&self, session: &Session, plain: &'b mut [u8]) -> Result<&'b mut [u8], DropCause> {
        let refuse = |cause| session.drops().count(cause);
        let ip = Ip::parse(plain).map_err(|_| refuse(DropCause::InnerMalformed))?;
        let (source, len) = (ip.src(), ip.packet_len());
        let packet = len.and_then(|len| plain.get_mut(..len)).ok_or(DropCause::InnerMalformed);
        let packet = packet.map_err(refuse)?;
        match self.table.lookup(source) {
            Some(lane) if lane.peer == session.peer() => Ok(packet),
            _ => Err(refuse(DropCause::DisallowedSource)),
        }
    }

    /// Every network and whose it is.
    pub fn allowed_ips(&self) -> &AllowedIps<Arc<Lane>> {
        &self.table
    }
}

/// One peer, as workers see it that send to it.
#[derive(Debug)]
pub struct Lane {
    peer: PeerId,
    way: RwLock<Way>,
    drops: Arc<Drops>,
}

#[derive(Debug, Default)]
struct Way {
    session: Option<Arc<Session>>,
    endpoint: Option<SocketAddr>,
    is_suspected: bool,
}

/// Under which session, and whereto, the next batch to a peer goes.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// To seal under.
    pub session: Arc<Session>,
    /// The peer's address.
    pub endpoint: SocketAddr,
    /// Whether the peer is said to be gone: [`crate::Device::keep`] wants each packet as well, before it is sealed.
    pub is_suspected: bool,
}

impl Lane {
    pub(crate) fn new(peer: PeerId, endpoint: Option<SocketAddr>) -> Self {
        Self { peer, way: RwLock::new(Way { endpoint, ..Way::default() }), drops: Arc::new(Drops::new()) }
    }

    /// Which peer.
    pub fn peer(&self) -> PeerId {
        self.peer
    }

    /// How to send now; `None` sends the caller to [`crate::Device::handle_packet`], which keeps the
    /// packet until there is a session.
    pub fn outbound(&self, now: Instant) -> Option<Outbound> {
        let way = self.way.read().unwrap_or_else(PoisonError::into_inner);
        let session = way.session.as_ref().filter(|session| session.is_usable(now))?;
        let (session, endpoint) = (Arc::clone(session), way.endpoint?);
        Some(Outbound { session, endpoint, is_suspected: way.is_suspected })
    }

    /// Where the peer was last heard from, or is said to be.
    pub fn endpoint(&self) -> Option<SocketAddr> {
        self.way.read().unwrap_or_else(PoisonError::into_inner).endpoint
    }

    /// Drops of this peer's messages and packets.
    pub fn drops(&self) -> &Arc<Drops> {
        &self.drops
    }

    pub(crate) fn set_endpoint(&self, endpoint: SocketAddr) {
        self.way.write().unwrap_or_else(PoisonError::into_inner).endpoint = Some(endpoint);
    }

    pub(crate) fn set_suspected(&self, is_suspected: bool) {
        self.way.write().unwrap_or_else(PoisonError::into_inner).is_suspected = is_suspected;
    }

    pub(crate) fn set_session(&self, session: Option<Arc<Session>>) {
        self.way.write().unwrap_or_else(PoisonError::into_inner).session = session;
    }
}
