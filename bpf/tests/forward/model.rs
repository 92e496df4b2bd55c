//! The rules said once more, the way a person would say them, over nothing but addresses.

use std::net::Ipv4Addr;
use wgtrace_testbed::walkthrough::{CNI, NET, NODE, OTHER_NODE, PORT, REMOTE, ROUTER};

use crate::world::{self, CNI_IFINDEX, NET_IFINDEX};

/// What a node is told to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) encryption: bool,
    pub(crate) strict: bool,
    pub(crate) has_tunnel: bool,
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Pass,
    /// Up the stack with this mark.
    Stack(u32),
    /// Out by this device to a pod.
    Pod(u32),
    Tunnel,
    Drop(u8),
}

fn within(address: [u8; 4], network: [u8; 4], bits: u32) -> bool {
    let number = |bytes| u32::from(Ipv4Addr::from(bytes));
    (number(address) ^ number(network)) >> (32 - bits) == 0
}

fn is_own(address: [u8; 4]) -> bool {
    address == NODE || address == ROUTER
}

fn is_local_pod(address: [u8; 4]) -> bool {
    within(address, [10, 0, 1, 0], 24) && !is_own(address)
}

fn is_remote_pod(address: [u8; 4]) -> bool {
    within(address, [10, 0, 2, 0], 24) || within(address, [10, 0, 0, 0], 24)
}

fn is_service(address: [u8; 4]) -> bool {
    within(address, [10, 96, 0, 0], 16)
}

fn is_left_alone(address: [u8; 4]) -> bool {
    within(address, [10, 200, 0, 0], 16)
}

/// In the pool, and no reason known to send it in plaintext.
fn is_in_the_pool(address: [u8; 4]) -> bool {
    within(address, [10, 0, 0, 0], 8) && !is_own(address) && !is_left_alone(address)
}

fn pod(address: [u8; 4]) -> Option<u32> {
    [(NET, NET_IFINDEX), (CNI, CNI_IFINDEX)].into_iter().find(|(own, _)| *own == address).map(|(_, it)| it)
}

/// What the pod `net` sends.
pub(crate) fn from_container(node: Node, from: [u8; 4], to: [u8; 4], ttl: u8) -> Fate {
    if from != NET {
        return Fate::Drop(132);
    }
    if is_local_pod(to) && pod(to).is_none() {
        return Fate::Drop(151);
    }
    let is_nobodys = is_in_the_pool(to) && !is_local_pod(to) && !is_remote_pod(to) && !is_service(to);
    if is_nobodys && node.encryption {
        return Fate::Drop(195);
    }
    if ttl <= 1 {
        return Fate::Drop(196);
    }
    match pod(to) {
        Some(ifindex) => Fate::Pod(ifindex),
        None if node.encryption && (is_remote_pod(to) || to == OTHER_NODE) => Fate::Stack(0xe00),
        None => Fate::Stack(0xf00),
    }
}

/// What the stack sends by `cilium_host`.
pub(crate) fn from_host(to: [u8; 4], ttl: u8) -> Fate {
    match pod(to) {
        None => Fate::Drop(151),
        Some(_) if ttl <= 1 => Fate::Drop(196),
        Some(ifindex) => Fate::Pod(ifindex),
    }
}

/// What comes in by the native device.
pub(crate) fn from_netdev(node: Node, from: [u8; 4], to: [u8; 4]) -> Fate {
    if node.encryption && is_local_pod(to) && is_in_the_pool(from) { Fate::Drop(195) } else { Fate::Pass }
}

/// What would leave by the native device.
pub(crate) fn to_netdev(node: Node, from: [u8; 4], to: [u8; 4], mark: u32, from_port: Option<u16>) -> Fate {
    let is_wireguard = mark & 0xf00 == 0x600 && from == NODE && from_port == Some(PORT);
    if !node.encryption || is_wireguard {
        return Fate::Pass;
    }
    if is_remote_pod(to) || to == OTHER_NODE && is_local_pod(from) {
        return match node {
            Node { strict: true, .. } => Fate::Drop(195),
            Node { has_tunnel: false, .. } => Fate::Drop(206),
            Node { .. } => Fate::Tunnel,
        };
    }
    if is_in_the_pool(to) { Fate::Drop(195) } else { Fate::Pass }
}

/// Addresses that something is decided about, and their neighbours.
pub(crate) const INTERESTING: [[u8; 4]; 18] = [
    NET,
    CNI,
    REMOTE,
    ROUTER,
    NODE,
    OTHER_NODE,
    world::SERVICE,
    [10, 0, 1, 99],
    [10, 0, 2, 255],
    [10, 0, 0, 1],
    [10, 0, 3, 0],
    [10, 255, 255, 255],
    [11, 0, 0, 0],
    [9, 255, 255, 255],
    [10, 200, 7, 7],
    [172, 18, 0, 5],
    [8, 8, 8, 8],
    [224, 0, 0, 22],
];
