//! Frames that nobody would send by himself.

use std::net::Ipv4Addr;

use wgtrace_lab::Pod;
use wgtrace_testbed::frame::ethernet;
use wgtrace_wire::checksum;

/// A datagram between two pods as it would be without encryption, to everybody on the wire.
pub(crate) fn cleartext(from: &str, to: &str) -> Vec<u8> {
    ethernet([0xff; 6], [2, 0, 0, 0, 0, 1], IPV4, &datagram(from, to))
}

/// A datagram that a pod sends by its own device.
pub(crate) fn from_pod(pod: &Pod, from: &str, to: &str) -> Vec<u8> {
    ethernet(mac(pod.host_mac()), mac(pod.mac()), IPV4, &datagram(from, to))
}

fn mac(text: &str) -> [u8; 6] {
    let bytes: Vec<u8> = text.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

/// RFC 791, RFC 768: no payload, no UDP checksum.
fn datagram(from: &str, to: &str) -> Vec<u8> {
    let address = |text: &str| text.parse::<Ipv4Addr>().unwrap().octets();
    let mut packet = vec![0x45, 0, 0, 28, 0x12, 0x34, 0x40, 0, 64, 17, 0, 0];
    packet.extend(address(from));
    packet.extend(address(to));
    let sum = checksum::internet(&[&packet]);
    packet.splice(10..12, sum.to_be_bytes());
    for field in [7998_u16, 7999, 8, 0] {
        packet.extend(field.to_be_bytes());
    }
    packet
}

const IPV4: u16 = 0x0800;
