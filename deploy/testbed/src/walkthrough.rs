//! The node `cilium-wireguard-worker` of the walkthrough: addresses, and frames of its pod `net`, with checksums as they
//! should be.

use wgtrace_wire::checksum;

/// The node.
pub const NODE: [u8; 4] = [172, 18, 0, 3];
/// `cilium-wireguard-worker2`.
pub const OTHER_NODE: [u8; 4] = [172, 18, 0, 4];
/// The node within its pods' network.
pub const ROUTER: [u8; 4] = [10, 0, 1, 26];
/// The pod `net`, who sends.
pub const NET: [u8; 4] = [10, 0, 1, 203];
/// Another pod of the node.
pub const CNI: [u8; 4] = [10, 0, 1, 54];
/// A pod of the other node.
pub const REMOTE: [u8; 4] = [10, 0, 2, 194];
/// Where the tunnels are.
pub const PORT: u16 = 51871;

/// Of `net` itself, and of its device on the node.
pub const NET_MAC: [u8; 6] = [0x42, 0xbf, 0xe8, 0xdf, 0x0c, 0x99];
/// See [`NET_MAC`].
pub const NET_HOST_MAC: [u8; 6] = [0xee, 0xcf, 0xc0, 0x71, 0xb2, 0x58];
/// Of the other pod itself, and of its device on the node.
pub const CNI_MAC: [u8; 6] = [0x0a, 1, 2, 3, 4, 5];
/// See [`CNI_MAC`].
pub const CNI_HOST_MAC: [u8; 6] = [0xd6, 0x99, 0x4c, 0xb1, 0x92, 0x15];

/// A frame that `net` sends to the node.
pub fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&NET_HOST_MAC[..], &NET_MAC, &ethertype.to_be_bytes(), payload].concat()
}

/// An IPv4 packet; its length is the largest there can be where the payload is longer than that.
pub fn ipv4(from: [u8; 4], to: [u8; 4], ttl: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(payload.len().saturating_add(20)).unwrap_or(u16::MAX).to_be_bytes();
    let start = [0x45, 0, high, low, 0x12, 0x34, 0, 0, ttl, protocol];
    let sum = checksum::internet(&[&start, &from, &to]).to_be_bytes();
    [&start[..], &sum, &from, &to, payload].concat()
}

/// A frame with a UDP datagram.
pub fn udp(from: [u8; 4], to: [u8; 4], from_port: u16) -> Vec<u8> {
    let [high, low] = from_port.to_be_bytes();
    ethernet(0x0800, &ipv4(from, to, 64, 17, &[high, low, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4]))
}

/// A frame with an ICMP message.
pub fn ping(from: [u8; 4], to: [u8; 4], ttl: u8) -> Vec<u8> {
    ethernet(0x0800, &ipv4(from, to, ttl, 1, &[8, 0, 0, 0, 0, 1, 0, 1]))
}

/// A frame that asks for an address.
pub fn who_has(target: [u8; 4], sender: [u8; 4], operation: u8) -> Vec<u8> {
    let start = [0, 1, 8, 0, 6, 4, 0, operation];
    let arp = [&start[..], &NET_MAC, &sender, &[0; 6], &target].concat();
    [&[0xff; 6][..], &NET_MAC, &[8, 6], &arp].concat()
}
