//! Frames with checksums as they should be.

use wgtrace_wire::checksum;

use crate::world::{NET_HOST_MAC, NET_MAC};

pub(crate) fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&NET_HOST_MAC[..], &NET_MAC, &ethertype.to_be_bytes(), payload].concat()
}

/// An IPv4 packet.
pub(crate) fn ipv4(from: [u8; 4], to: [u8; 4], ttl: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let mut header = [&[0x45, 0, high, low, 0x12, 0x34, 0, 0, ttl, protocol, 0, 0][..], &from, &to].concat();
    let sum = checksum::internet(&[&header]).to_be_bytes();
    header[10..12].copy_from_slice(&sum);
    [&header[..], payload].concat()
}

/// A frame with a UDP datagram.
pub(crate) fn udp(from: [u8; 4], to: [u8; 4], from_port: u16) -> Vec<u8> {
    let [high, low] = from_port.to_be_bytes();
    ethernet(0x0800, &ipv4(from, to, 64, 17, &[high, low, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4]))
}

/// A frame with an ICMP message.
pub(crate) fn ping(from: [u8; 4], to: [u8; 4], ttl: u8) -> Vec<u8> {
    ethernet(0x0800, &ipv4(from, to, ttl, 1, &[8, 0, 0, 0, 0, 1, 0, 1]))
}

/// A frame that asks for an address.
pub(crate) fn who_has(target: [u8; 4], sender: [u8; 4], operation: u8) -> Vec<u8> {
    let start = [0, 1, 8, 0, 6, 4, 0, operation];
    let arp = [&start[..], &NET_MAC, &sender, &[0; 6], &target].concat();
    [&[0xff; 6][..], &NET_MAC, &[8, 6], &arp].concat()
}
