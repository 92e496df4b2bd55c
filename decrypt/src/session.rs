//! A session: two transport keys, and where they came from.

use std::fmt;

use wgtrace_wire::wireguard::SessionIndex;

use crate::capture::Timestamp;
use crate::key::{PresharedKey, PublicKey, TransportKey};
use crate::keypair::Role;

/// Position of a [`Session`] in the order in which sessions became known, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u32);

/// A frame of the capture and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// Frame number, from 1.
    pub frame: u64,
    /// Capture time of that frame.
    pub time: Timestamp,
}

/// What is known of a session apart from its traffic.
#[derive(Debug, Clone)]
pub struct Session {
    /// Where its keys come from.
    pub origin: Origin,
    /// The initiator, or the owner of a key that was exported from one side.
    pub initiator: Side,
    /// The responder, or the other side of an exported key.
    pub responder: Side,
    /// The side whose private keys are at hand; `None` for both or neither.
    pub local: Option<Role>,
}

impl Session {
    /// The side that plays `role`.
    pub fn side(&self, role: Role) -> &Side {
        match role {
            Role::Initiator => &self.initiator,
            Role::Responder => &self.responder,
        }
    }

    /// The static key to name the session by: the remote side's, or the initiator's when both
    /// sides are strangers or both are known.
    pub fn peer(&self) -> Option<&PublicKey> {
        let remote = self.local.map_or(Role::Initiator, Role::other);
        self.side(remote).public.as_ref().or(self.side(remote.other()).public.as_ref())
    }

    /// Whether a packet that `sender` sent left the local side; the initiator counts as local
    /// when nothing tells.
    pub fn is_outbound(&self, sender: Role) -> bool {
        self.local.unwrap_or(Role::Initiator) == sender
    }
}

/// One end of a session.
#[derive(Debug, Clone, Default)]
pub struct Side {
    /// Static public key.
    pub public: Option<PublicKey>,
    /// Index under which this side receives.
    pub index: Option<SessionIndex>,
}

/// Where a session's keys come from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// Computed from a handshake in the capture.
    Handshake {
        /// The initiation.
        initiation: Moment,
        /// The response.
        response: Moment,
        /// The initiation's own time, in nanoseconds since 1970.
        timestamp: Timestamp,
        /// The preshared key that fitted; all zero for none.
        psk: PresharedKey,
        /// Ephemeral public keys, by which a key log names the handshake.
        ephemerals: [PublicKey; 2],
    },
    /// Given as transport keys.
    TransportKeys {
        /// When the keys came into being, if the line said.
        time: Option<Timestamp>,
    },
}

/// One direction of one session: what opens the messages sent under `receiver`.
#[derive(Debug, Clone)]
pub struct Opener {
    /// The symmetric key.
    pub key: TransportKey,
    /// Receiver index the messages carry.
    pub receiver: SessionIndex,
    /// The session it belongs to.
    pub session: SessionId,
    /// Who sends under this key.
    pub sender: Role,
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "frame {}", self.frame)
    }
}
