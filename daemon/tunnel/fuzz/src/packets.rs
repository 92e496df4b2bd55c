//! Inner packets, good and bad.

use std::net::IpAddr;

use super::net::Net;
use super::script::Script;

/// A packet with a number of its own, as long as its header says.
pub fn packet(source: IpAddr, destination: IpAddr, number: u32, len: usize) -> Vec<u8> {
    let [_, high, mid, low] = number.to_be_bytes();
    let mut packet = vec![0xab; len];
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            packet.resize(len.max(20), 0xab);
            let [total_high, total_low] = u16::try_from(packet.len()).unwrap_or(u16::MAX).to_be_bytes();
            packet[..8].copy_from_slice(&[0x45, high, total_high, total_low, mid, low, 0, 0]);
            packet[12..16].copy_from_slice(&source.octets());
            packet[16..20].copy_from_slice(&destination.octets());
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            packet.resize(len.max(40), 0xab);
            let [payload_high, payload_low] =
                u16::try_from(packet.len() - 40).unwrap_or(u16::MAX).to_be_bytes();
            packet[..8].copy_from_slice(&[0x60, high & 0x0f, mid, low, payload_high, payload_low, 17, 64]);
            packet[8..24].copy_from_slice(&source.octets());
            packet[24..40].copy_from_slice(&destination.octets());
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => unreachable!("one family"),
    }
    packet
}

/// The same packet with another number.
pub fn renumber(net: &mut Net, packet: &[u8]) -> Vec<u8> {
    net.numbers += 1;
    let [_, high, mid, low] = net.numbers.to_be_bytes();
    let mut packet = packet.to_vec();
    if packet[0] >> 4 == 4 {
        (packet[1], packet[4], packet[5]) = (high, mid, low);
    } else {
        (packet[1], packet[2], packet[3]) = (high & 0x0f, mid, low);
    }
    packet
}

/// Makes something else of a packet: another length, another header, or anything at all.
pub fn spoil(script: &mut Script<'_>, packet: &mut Vec<u8>) {
    match script.below(6) {
        0 => packet.truncate(script.below(64)),
        1 => packet.extend_from_slice(script.bytes()),
        // The length that the header claims.
        2 => packet[2..6].copy_from_slice(&[script.byte(), script.byte(), script.byte(), script.byte()]),
        3 => packet[0] = script.byte(),
        4 => {
            let at = script.below(packet.len().min(40));
            packet[at] ^= script.byte();
        }
        _ => *packet = script.bytes().to_vec(),
    }
}
