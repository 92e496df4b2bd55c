use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use rand_core::CryptoRng;
use thiserror::Error;
use wgtrace_decrypt::key::{PresharedKey, PrivateKey, PublicKey};

use super::Device;
use crate::allowed_ips::Prefix;
use crate::peer::Peer;
use crate::session::PeerId;
use crate::time::Now;

/// How a peer begins.
#[derive(Debug, Clone)]
pub struct PeerSettings {
    /// Who it is.
    pub public_key: PublicKey,
    /// What both know beforehand, or [`PresharedKey::NONE`].
    pub preshared_key: PresharedKey,
    /// Where it is, if this end may have to speak first.
    pub endpoint: Option<SocketAddr>,
    /// Seconds between keepalives that are sent whatever happens; the first goes out at once.
    pub persistent_keepalive: Option<NonZeroU16>,
    /// The inner addresses that are its own.
    pub allowed_ips: Vec<Prefix>,
}

impl PeerSettings {
    /// Nothing but the key.
    pub fn new(public_key: PublicKey) -> Self {
        Self {
            public_key,
            preshared_key: PresharedKey::NONE,
            endpoint: None,
            persistent_keepalive: None,
            allowed_ips: Vec::new(),
        }
    }
}

/// Why a device or a peer is not to be had so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// There is a peer with this key.
    #[error("{0} is a peer already; change that one")]
    DuplicatePeer(PublicKey),
    /// No handshake is possible with this key.
    #[error("{0} is a point of low order, which nobody's public key is; check for a mistyped key")]
    LowOrderKey(PublicKey),
    /// The peer's key is the device's.
    #[error("{0} is this device's own public key; name the other end's")]
    OwnKey(PublicKey),
    /// No peer of this name is left.
    #[error("the peer has been removed")]
    UnknownPeer,
    /// A private key that is no key.
    #[error("the private key is all zero; generate one with `wg genkey`")]
    ZeroPrivateKey,
}

impl Device {
    /// Adds a peer; allowed IPs that were another's are its from now on.
    pub fn add_peer(&mut self, now: Now, settings: PeerSettings) -> Result<PeerId, ConfigError> {
        let key = settings.public_key;
        if key == self.public {
            return Err(ConfigError::OwnKey(key));
        }
        // Clamped scalars are multiples of 8: any of them shows a point of low order.
        if PrivateKey::from_bytes([1; 32]).diffie_hellman(&key).is_none() {
            return Err(ConfigError::LowOrderKey(key));
        }
        if self.by_key.contains_key(&key) {
            return Err(ConfigError::DuplicatePeer(key));
        }
        let id = PeerId(self.born);
        self.born = self.born.saturating_add(1);
        let mut peer = Peer::new(id, key, settings.preshared_key, settings.endpoint);
        let interval = settings.persistent_keepalive.map(seconds);
        if interval.is_some() {
            peer.set_persistent(now.monotonic, interval);
        }
        self.hub.path.reroute(|routes| {
            for prefix in settings.allowed_ips {
                routes.insert(prefix, Arc::clone(peer.lane()));
            }
        });
        self.schedule.note(id, peer.next_timeout());
        self.by_key.insert(key, id);
        self.peers.insert(id, peer);
        Ok(id)
    }

    /// Removes a peer with its sessions and allowed IPs.
    pub fn remove_peer(&mut self, now: Now, rng: &mut dyn CryptoRng, id: PeerId) -> Result<(), ConfigError> {
        self.step(now, rng, id, Peer::close).ok_or(ConfigError::UnknownPeer)?;
        self.hub.path.reroute(|routes| routes.retain(|lane| lane.peer() != id));
        self.schedule.forget(id);
        if let Some(peer) = self.peers.remove(&id) {
            self.by_key.remove(peer.remote());
        }
        Ok(())
    }

    /// Replaces the device's key: every session ends, and a peer with the new key goes.
    pub fn set_private_key(
        &mut self,
        now: Now,
        rng: &mut dyn CryptoRng,
        key: PrivateKey,
    ) -> Result<(), ConfigError> {
        if key.is_zero() {
            return Err(ConfigError::ZeroPrivateKey);
        }
        self.public = key.public();
        self.hub.private = Arc::new(key);
        self.gate.rekey(&self.public);
        for id in self.peers.keys().copied().collect::<Vec<_>>() {
            self.step(now, rng, id, Peer::close);
        }
        match self.peer_id(&self.public) {
            Some(own) => self.remove_peer(now, rng, own),
            None => Ok(()),
        }
    }

    /// The tunnel interface's MTU in bytes.
    pub fn set_mtu(&mut self, mtu: usize) {
        self.hub.mtu = mtu;
    }

    /// Where to send to until the peer is heard from elsewhere.
    pub fn set_endpoint(&mut self, id: PeerId, endpoint: SocketAddr) -> Result<(), ConfigError> {
        self.peer(id).map(|peer| peer.lane().set_endpoint(endpoint))
    }

    /// From the next handshake on.
    pub fn set_preshared_key(&mut self, id: PeerId, psk: PresharedKey) -> Result<(), ConfigError> {
        self.peers.get_mut(&id).map(|peer| peer.set_psk(psk)).ok_or(ConfigError::UnknownPeer)
    }

    /// Seconds between keepalives, the first at once; `None` for none.
    pub fn set_persistent_keepalive(
        &mut self,
        now: Now,
        id: PeerId,
        interval: Option<NonZeroU16>,
    ) -> Result<(), ConfigError> {
        let peer = self.peers.get_mut(&id).ok_or(ConfigError::UnknownPeer)?;
        peer.set_persistent(now.monotonic, interval.map(seconds));
        self.schedule.note(id, peer.next_timeout());
        Ok(())
    }

    /// Gives a network to a peer, whosever it was.
    pub fn allow(&mut self, id: PeerId, prefix: Prefix) -> Result<(), ConfigError> {
        let lane = Arc::clone(self.peer(id)?.lane());
        self.hub.path.reroute(|routes| {
            routes.insert(prefix, lane);
        });
        Ok(())
    }

    /// Takes a network away from a peer; whether it was the peer's.
    pub fn disallow(&mut self, id: PeerId, prefix: Prefix) -> Result<bool, ConfigError> {
        self.peer(id)?;
        let mut was = false;
        self.hub.path.reroute(|routes| match routes.remove(prefix) {
            Some(lane) if lane.peer() == id => was = true,
            Some(other) => drop(routes.insert(prefix, other)),
            None => {}
        });
        Ok(was)
    }

    /// Makes `prefixes` the peer's only networks, with no moment at which it lacks one of them.
    pub fn replace_allowed_ips(&mut self, id: PeerId, prefixes: &[Prefix]) -> Result<(), ConfigError> {
        let lane = Arc::clone(self.peer(id)?.lane());
        self.hub.path.reroute(|routes| {
            routes.retain(|of| of.peer() != id);
            for prefix in prefixes {
                routes.insert(*prefix, Arc::clone(&lane));
            }
        });
        Ok(())
    }

    /// Asks a peer for a session though nothing is to be sent, as after a restart.
    pub fn initiate(&mut self, now: Now, rng: &mut dyn CryptoRng, id: PeerId) -> Result<(), ConfigError> {
        self.step(now, rng, id, Peer::initiate).ok_or(ConfigError::UnknownPeer)
    }

    pub(super) fn peer(&self, id: PeerId) -> Result<&Peer, ConfigError> {
        self.peers.get(&id).ok_or(ConfigError::UnknownPeer)
    }
}

fn seconds(count: NonZeroU16) -> Duration {
    Duration::from_secs(count.get().into())
}
