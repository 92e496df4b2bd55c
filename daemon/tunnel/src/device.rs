//! A device: its key, its peers, and everything that arrives.

mod config;
mod handshake;
mod schedule;
mod status;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use rand_core::CryptoRng;
use wgtrace_decrypt::key::{PrivateKey, PublicKey};
use wgtrace_decrypt::keylog::{KeyLog, NoKeyLog};
use wgtrace_wire::Error as WireError;
use wgtrace_wire::wireguard::{Message, reserved_is_zero};

use crate::drops::DropCause;
use crate::gate::{Gate, HandshakeLimits};
use crate::hub::{Event, Hub, Step, Transmit};
use crate::path::DataPath;
use crate::peer::{Peer, Received, Sent};
use crate::session::{PeerId, Session};
use crate::time::Now;
use schedule::Schedule;

pub use config::{ConfigError, PeerSettings};
pub use status::{PeerStatus, SessionStatus};

/// How a device begins.
pub struct DeviceSettings {
    /// The device's own long-lived key.
    pub private_key: PrivateKey,
    /// The tunnel interface's MTU in bytes, which bounds padding.
    pub mtu: usize,
    /// What a flood of handshakes may cost.
    pub limits: HandshakeLimits,
    /// Who is shown keys; told before the message made with them can be taken out.
    pub key_log: Arc<dyn KeyLog + Send + Sync>,
}

impl DeviceSettings {
    /// MTU 1420, the usual limits, keys shown to nobody.
    pub fn new(private_key: PrivateKey) -> Self {
        Self { private_key, mtu: 1420, limits: HandshakeLimits::default(), key_log: Arc::new(NoKeyLog) }
    }
}

/// The state machine. See the crate's documentation for the loop around it.
pub struct Device {
    public: PublicKey,
    hub: Hub,
    gate: Gate,
    peers: BTreeMap<PeerId, Peer>,
    by_key: BTreeMap<PublicKey, PeerId>,
    schedule: Schedule,
    born: u64,
}

/// What came of a datagram.
#[derive(Debug, PartialEq, Eq)]
pub enum Handled<'b> {
    /// A handshake message or a keepalive: nothing for the tunnel interface.
    Consumed,
    /// An IP packet for the tunnel interface.
    Packet {
        /// Who sent it.
        peer: PeerId,
        /// The packet, without padding.
        packet: &'b mut [u8],
    },
}

impl Device {
    /// A device without peers.
    pub fn new(now: Instant, settings: DeviceSettings) -> Result<Self, ConfigError> {
        let DeviceSettings { private_key, mtu, limits, key_log } = settings;
        if private_key.is_zero() {
            return Err(ConfigError::ZeroPrivateKey);
        }
        let public = private_key.public();
        Ok(Self {
            public,
            hub: Hub::new(private_key, mtu, key_log),
            gate: Gate::new(&public, limits, now),
            peers: BTreeMap::new(),
            by_key: BTreeMap::new(),
            schedule: Schedule::default(),
            born: 0,
        })
    }

    /// The device's own public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// What workers need to move packets without this state machine.
    pub fn data_path(&self) -> Arc<DataPath> {
        Arc::clone(&self.hub.path)
    }

    /// Takes one UDP payload of any kind; drops have been counted.
    ///
    /// Transport data is opened where it lies. A worker that opens it by itself passes on only what
    /// does not begin with byte 4.
    pub fn handle_datagram<'b>(
        &mut self,
        now: Now,
        rng: &mut dyn CryptoRng,
        source: SocketAddr,
        datagram: &'b mut [u8],
    ) -> Result<Handled<'b>, DropCause> {
        let drops = |cause| self.hub.path.drops().count(cause);
        let message = Message::parse(datagram).map_err(|error| {
            let is_length = matches!(error, WireError::WrongLength { .. });
            drops(if is_length { DropCause::WrongLength } else { DropCause::NotWireGuard })
        })?;
        if !reserved_is_zero(datagram) {
            return Err(drops(DropCause::NotWireGuard));
        }
        match message {
            Message::Initiation(message) => self.initiation(now, rng, source, message)?,
            Message::Response(message) => self.response(now, rng, source, message)?,
            Message::CookieReply(message) => self.cookie_reply(now, rng, message)?,
            Message::TransportData(_) => return self.transport(now, rng, source, datagram),
        }
        Ok(Handled::Consumed)
    }

    /// Takes one IP packet to be sent: sealed at once where there is a session, else kept for it.
    pub fn handle_packet(
        &mut self,
        now: Now,
        rng: &mut dyn CryptoRng,
        packet: &[u8],
    ) -> Result<PeerId, DropCause> {
        let peer = self.hub.path.routes().outbound(packet)?.peer();
        self.step(now, rng, peer, |peer, step| peer.handle_packet(step, packet)).unwrap_or(Ok(()))?;
        Ok(peer)
    }

    /// Follows what a worker sent.
    pub fn handle_sent(&mut self, now: Now, rng: &mut dyn CryptoRng, session: &Session, sent: Sent) {
        self.step(now, rng, session.peer(), |peer, step| peer.handle_sent(step, sent));
    }

    /// Follows what a worker opened; only what [`Session::open`] or [`Session::accept`] let pass.
    pub fn handle_received(
        &mut self,
        now: Now,
        rng: &mut dyn CryptoRng,
        session: &Session,
        received: Received,
    ) {
        self.step(now, rng, session.peer(), |peer, step| peer.handle_received(step, session, received));
    }

    /// Takes note that the network returned a datagram as undeliverable: port, host or network unreachable. Anybody can
    /// say so, and nothing is stopped by it: until the peer of that address is heard from, copies of the newest packets
    /// for it are kept. Should it have restarted, they are sent again under its new session.
    pub fn handle_unreachable(&mut self, now: Now, rng: &mut dyn CryptoRng, destination: SocketAddr) {
        let is_there = |peer: &&Peer| peer.lane().endpoint() == Some(destination);
        let of_it: Vec<PeerId> = self.peers.values().filter(is_there).map(Peer::id).collect();
        for id in of_it {
            self.step(now, rng, id, Peer::handle_unreachable);
        }
    }

    /// Keeps a copy of a packet that is about to be sealed under `session`, while its peer is suspected.
    pub fn keep(&mut self, session: &Session, packet: &[u8]) {
        if let Some(peer) = self.peers.get_mut(&session.peer()) {
            peer.keep(packet, self.hub.mtu);
        }
    }

    /// Does what has fallen due.
    pub fn handle_timeout(&mut self, now: Now, rng: &mut dyn CryptoRng) {
        while let Some(peer) = self.schedule.due(now.monotonic) {
            self.step(now, rng, peer, Peer::handle_timeout);
        }
    }

    /// When [`Device::handle_timeout`] wants to be called; sometimes nothing will be due yet.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.schedule.next()
    }

    /// The next datagram to send; to be taken out until there is none, after every call.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.hub.poll_transmit()
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.hub.poll_event()
    }

    fn transport<'b>(
        &mut self,
        now: Now,
        rng: &mut dyn CryptoRng,
        source: SocketAddr,
        message: &'b mut [u8],
    ) -> Result<Handled<'b>, DropCause> {
        let session = self.hub.path.session(message)?;
        let bytes = message.len() as u64;
        let plain = session.open(now.monotonic, message)?;
        let received = Received { source, bytes, data: !plain.is_empty() };
        self.handle_received(now, rng, &session, received);
        if plain.is_empty() {
            return Ok(Handled::Consumed);
        }
        let packet = self.hub.path.routes().inbound(&session, plain)?;
        Ok(Handled::Packet { peer: session.peer(), packet })
    }

    /// Runs one step of one peer and notes when it wants the next.
    fn step<T>(
        &mut self,
        now: Now,
        rng: &mut dyn CryptoRng,
        id: PeerId,
        act: impl FnOnce(&mut Peer, &mut Step<'_>) -> T,
    ) -> Option<T> {
        let peer = self.peers.get_mut(&id)?;
        let result = act(peer, &mut Step { now, rng, hub: &mut self.hub });
        self.schedule.note(id, peer.next_timeout());
        Some(result)
    }
}
