//! Packets, and the datagrams of handshakes.

use wgtrace_fuzz::scenario::{Played, Scene, seal};
use zerocopy::IntoBytes as _;

/// Link types with what stands before the IP packet.
pub(crate) fn links() -> Vec<(&'static str, u16, Vec<u8>)> {
    let ethernet = |ethertype: &[u8]| [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2][..], ethertype].concat();
    let mut sll2 = vec![8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    sll2.truncate(20);
    vec![
        ("ethernet", 1, ethernet(&[8, 0])),
        ("vlan", 1, ethernet(&[0x81, 0, 0, 5, 8, 0])),
        ("qinq", 1, ethernet(&[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0])),
        ("pppoe", 1, ethernet(&[0x88, 0x64, 0x11, 0, 0, 1, 0, 0, 0, 0x21])),
        ("mpls", 1, ethernet(&[0x88, 0x47, 0, 0, 0x11, 64])),
        ("raw", 101, vec![]),
        ("raw12", 12, vec![]),
        ("raw4", 228, vec![]),
        ("null", 0, vec![2, 0, 0, 0]),
        ("loop", 108, vec![0, 0, 0, 2]),
        ("ppp", 9, vec![0xff, 3, 0, 0x21]),
        ("sll", 113, vec![0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0]),
        ("sll2", 276, sll2),
    ]
}

pub(crate) fn ping(len: usize) -> Vec<u8> {
    let mut packet =
        vec![0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 1, 0, 0, 10, 0, 1, 203, 10, 0, 2, 194, 8, 0, 0, 0, 0, 7, 0, 1];
    packet.resize(len, 0xab);
    packet[2..4].copy_from_slice(&(len as u16).to_be_bytes());
    packet
}

pub(crate) fn ping6(payload: usize) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0, 0, payload as u8, 58, 64];
    packet.extend([0xfd; 16]);
    packet.extend([0xfe; 16]);
    packet.extend([128, 0, 0, 0, 0, 7, 0, 1]);
    packet.resize(40 + payload, 0xcd);
    packet
}

/// The datagrams of handshake `n` and some data, with the direction of each.
pub(crate) fn talk(n: u8) -> Vec<(bool, Vec<u8>)> {
    let Played { initiation, response, mut initiator, mut responder } = Scene::fixed(n).play();
    vec![
        (true, initiation.as_bytes().to_vec()),
        (false, response.as_bytes().to_vec()),
        (true, seal(&mut initiator, &[])),
        (true, seal(&mut initiator, &ping(28 + usize::from(n)))),
        (false, seal(&mut responder, &ping(84))),
        (true, seal(&mut initiator, &ping6(24))),
        (false, seal(&mut responder, b"no packet")),
    ]
}

pub(crate) fn udp(forward: bool, payload: &[u8]) -> Vec<u8> {
    let (src, dst) = if forward { (51820_u16, 51821_u16) } else { (51821, 51820) };
    let mut out =
        [src.to_be_bytes(), dst.to_be_bytes(), ((payload.len() + 8) as u16).to_be_bytes(), [0; 2]].concat();
    out.extend(payload);
    out
}

pub(crate) fn ipv4(forward: bool, protocol: u8, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let (src, dst) =
        if forward { ([192, 0, 2, 1], [198, 51, 100, 2]) } else { ([198, 51, 100, 2], [192, 0, 2, 1]) };
    let mut out = vec![0x45, 0];
    out.extend(((payload.len() + 20) as u16).to_be_bytes());
    out.extend([0, 9]);
    out.extend(fragment.to_be_bytes());
    out.extend([64, protocol, 0, 0]);
    out.extend(src);
    out.extend(dst);
    out.extend(payload);
    out
}

pub(crate) fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x60, 0, 0, 0];
    out.extend((payload.len() as u16).to_be_bytes());
    out.extend([next, 64]);
    out.extend([0x20; 16]);
    out.extend([0x21; 16]);
    out.extend(payload);
    out
}

/// `datagrams` as IPv4 packets behind `head`.
pub(crate) fn frames(head: &[u8], datagrams: &[(bool, Vec<u8>)]) -> Vec<Vec<u8>> {
    let frame = |(forward, payload): &(bool, Vec<u8>)| {
        [head, &ipv4(*forward, 17, 0, &udp(*forward, payload))].concat()
    };
    datagrams.iter().map(frame).collect()
}
