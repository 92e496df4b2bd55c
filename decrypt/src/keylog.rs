//! Where keys are shown as they come into being, so that captures can be decrypted later.
//!
//! Off unless a caller passes something other than [`NoKeyLog`]. Two levels: [`KeyLog::session`] opens
//! one session and nothing else; [`KeyLog::handshake`] includes the node's own private key.

pub(crate) mod text;

use wgtrace_wire::wireguard::SessionIndex;

use crate::key::{PresharedKey, PrivateKey, PublicKey, TransportKey};
use crate::keypair::Role;

pub use text::{TransportLine, write_ephemeral, write_handshake, write_static};

/// A listener for keys; each is told before the message made with it is handed out.
pub trait KeyLog {
    /// Level `wireshark`: what Wireshark needs to follow the handshake, long-lived secrets included.
    fn handshake(&self, _keys: &HandshakeKeys<'_>) {}

    /// Level `session`: the transport keys of one session.
    fn session(&self, _keys: &SessionKeys) {}

    /// Exports that could not be kept, so far.
    fn lost(&self) -> u64 {
        0
    }
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoKeyLog;

impl KeyLog for NoKeyLog {}

/// One end's secrets in one handshake.
#[derive(Debug, Clone, Copy)]
pub struct HandshakeKeys<'k> {
    /// The node's long-lived private key.
    pub local_static: &'k PrivateKey,
    /// Who the peer is.
    pub remote_static: &'k PublicKey,
    /// The private key made for this handshake.
    pub local_ephemeral: &'k PrivateKey,
    /// What both knew beforehand, if anything.
    pub psk: &'k PresharedKey,
}

/// The transport keys of one session, as one end holds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionKeys {
    /// Which end this is.
    pub role: Role,
    /// Index under which this end receives.
    pub local: SessionIndex,
    /// Index under which the peer receives.
    pub remote: SessionIndex,
    /// The peer's static public key.
    pub peer: PublicKey,
    /// Key of what this end sends.
    pub send: TransportKey,
    /// Key of what this end receives.
    pub receive: TransportKey,
}
