//! What can be done with a WireGuard device, whoever moves its packets.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU16;

use thiserror::Error;
use wgtrace_decrypt::key::{PresharedKey, PrivateKey, PublicKey};
use wgtrace_tunnel::{ConfigError, PeerSettings, PeerStatus, Prefix};

use super::listening::Listening;
use super::name::DeviceName;
use super::user::udp::UdpError;

/// A WireGuard device; peers are named by their public keys.
pub trait WireGuard: Send + Sync {
    /// The device and its peers as they stand.
    fn status(&self) -> DeviceStatus;

    /// The secrets behind the status, for whoever may hold them: the socket that only root can open.
    fn secrets(&self) -> DeviceSecrets;

    /// Replaces the device's key: every session ends.
    fn set_private_key(&self, key: PrivateKey) -> Result<(), WireGuardError>;

    /// Receives on another port from now on; 0 for any free one. Returns the port.
    fn set_listen_port(&self, port: u16) -> Result<u16, WireGuardError>;

    /// Gives what the device sends this firewall mark, 0 for none.
    fn set_fwmark(&self, mark: u32) -> Result<(), WireGuardError>;

    /// Adds a peer; allowed IPs that were another's are its from now on.
    fn add_peer(&self, settings: PeerSettings) -> Result<(), WireGuardError>;

    /// Changes what `change` names of a peer, and leaves its session alone.
    fn update_peer(&self, key: &PublicKey, change: PeerChange) -> Result<(), WireGuardError>;

    /// Removes a peer with its session and allowed IPs.
    fn remove_peer(&self, key: &PublicKey) -> Result<(), WireGuardError>;

    /// Asks every peer with an endpoint for a session, as after a restart.
    fn initiate(&self);

    /// What happens to sessions from now on. A listener that lags 1024 events behind misses the next,
    /// which is counted.
    fn subscribe(&self) -> Listening;
}

/// What of a peer is to be changed; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct PeerChange {
    /// From the next handshake on.
    pub preshared_key: Option<PresharedKey>,
    /// Where to send to, until the peer is heard from elsewhere.
    pub endpoint: Option<SocketAddr>,
    /// Seconds between persistent keepalives, or none.
    pub persistent_keepalive: Option<Option<NonZeroU16>>,
    /// Its only networks from now on; those it keeps are never missing in between.
    pub allowed_ips: Option<Vec<Prefix>>,
}

/// A device as it stands.
#[derive(Debug, Clone)]
pub struct DeviceStatus {
    /// Its interface.
    pub name: DeviceName,
    /// Its public key.
    pub public_key: PublicKey,
    /// The UDP port it receives on.
    pub listen_port: u16,
    /// The firewall mark of what it sends, 0 for none.
    pub fwmark: u32,
    /// Its peers, the oldest first.
    pub peers: Vec<PeerStatus>,
    /// Everything lost that is no peer's: what happened, and how often.
    pub losses: Vec<(&'static str, u64)>,
}

/// The long-lived secrets of a device.
#[derive(Debug, Clone)]
pub struct DeviceSecrets {
    /// Its own key.
    pub private_key: PrivateKey,
    /// Those shared with peers.
    pub preshared_keys: BTreeMap<PublicKey, PresharedKey>,
}

/// Why a device is not as was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WireGuardError {
    /// The protocol refuses it.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The socket does.
    #[error(transparent)]
    Udp(#[from] UdpError),
    /// There is no such peer.
    #[error("{0} is not a peer")]
    NoPeer(PublicKey),
}
