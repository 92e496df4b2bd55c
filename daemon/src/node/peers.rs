//! Peers from the registry: who they are to be, and the steps to it that cost no session.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use wgtrace_decrypt::key::{PresharedKey, PublicKey};
use wgtrace_tunnel::{PeerSettings, Prefix};

use crate::registry::Roster;
use crate::wireguard::{PeerChange, WireGuard, WireGuardError};

/// A peer as the registry has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Where it is, until it is heard from elsewhere.
    pub endpoint: SocketAddr,
    /// Its pods and its own addresses.
    pub allowed_ips: Vec<Prefix>,
}

/// A peer for every node with a key and an address.
pub fn peers(roster: &Roster) -> BTreeMap<PublicKey, Peer> {
    let nodes = roster.nodes().values();
    let peers = nodes.filter_map(|node| {
        let endpoint = SocketAddr::new(*node.addresses.first()?, node.port);
        let own = node.addresses.iter().copied().map(Prefix::host);
        let allowed_ips = node.pod_cidrs.iter().copied().chain(own).collect();
        Some((node.public_key?, Peer { endpoint, allowed_ips }))
    });
    peers.collect()
}

/// One step from the peers a device has to those it is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A peer that is no node any more, or has another key.
    Remove(PublicKey),
    /// A new one.
    Add(PublicKey, Peer),
    /// One whose networks are others.
    AllowedIps(PublicKey, Vec<Prefix>),
    /// One that is told to be somewhere else.
    Endpoint(PublicKey, SocketAddr),
}

/// The steps from `before` to `after`; who goes, goes first, and leaves its networks to others.
pub fn steps(before: &BTreeMap<PublicKey, Peer>, after: &BTreeMap<PublicKey, Peer>) -> Vec<Step> {
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    let mut steps: Vec<Step> = gone.copied().map(Step::Remove).collect();
    for (key, peer) in after {
        match before.get(key) {
            None => steps.push(Step::Add(*key, peer.clone())),
            Some(before) => {
                if before.allowed_ips != peer.allowed_ips {
                    steps.push(Step::AllowedIps(*key, peer.allowed_ips.clone()));
                }
                // A peer that has moved is where it was heard from: only another word of the registry counts.
                if before.endpoint != peer.endpoint {
                    steps.push(Step::Endpoint(*key, peer.endpoint));
                }
            }
        }
    }
    steps
}

/// Does one step.
///
/// # Errors
/// When the device refuses.
pub fn apply(device: &dyn WireGuard, step: Step) -> Result<(), WireGuardError> {
    match step {
        Step::Remove(key) => device.remove_peer(&key),
        Step::Add(public_key, Peer { endpoint, allowed_ips }) => device.add_peer(PeerSettings {
            public_key,
            preshared_key: PresharedKey::NONE,
            endpoint: Some(endpoint),
            persistent_keepalive: None,
            allowed_ips,
        }),
        Step::AllowedIps(key, allowed_ips) => {
            device.update_peer(&key, PeerChange { allowed_ips: Some(allowed_ips), ..Default::default() })
        }
        Step::Endpoint(key, endpoint) => {
            device.update_peer(&key, PeerChange { endpoint: Some(endpoint), ..Default::default() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> PublicKey {
        PublicKey::from_bytes([n; 32])
    }

    fn peer(node: u8) -> Peer {
        Peer {
            endpoint: SocketAddr::from(([172, 18, 0, node], 51871)),
            allowed_ips: vec![format!("10.0.{node}.0/24").parse().unwrap()],
        }
    }

    #[test]
    fn a_changed_key_is_another_peer_and_touches_no_third() {
        let before = BTreeMap::from([(key(1), peer(1)), (key(2), peer(2))]);
        let after = BTreeMap::from([(key(3), peer(1)), (key(2), peer(2))]);
        assert_eq!(steps(&before, &after), [Step::Remove(key(1)), Step::Add(key(3), peer(1))]);
        assert_eq!(steps(&after, &after), []);
    }

    #[test]
    fn what_changes_of_a_peer_changes_alone() {
        let before = BTreeMap::from([(key(1), peer(1))]);
        let moved = Peer { endpoint: peer(9).endpoint, ..peer(1) };
        let after = BTreeMap::from([(key(1), moved.clone())]);
        assert_eq!(steps(&before, &after), [Step::Endpoint(key(1), moved.endpoint)]);
        let wider = Peer { allowed_ips: peer(9).allowed_ips, ..peer(1) };
        let after = BTreeMap::from([(key(1), wider.clone())]);
        assert_eq!(steps(&before, &after), [Step::AllowedIps(key(1), wider.allowed_ips)]);
    }
}
