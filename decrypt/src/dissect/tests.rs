mod damage;
mod fragments;
mod frames;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use wgtrace_wire::{EtherType, Protocol};

use super::*;
use crate::capture::{Frame, LinkType, Timestamp};

const EN10MB: LinkType = LinkType(1);
const RAW: LinkType = LinkType(101);

/// A transport message of 32 bytes: WireGuard's keepalive.
const KEEPALIVE: [u8; 32] = {
    let mut message = [0xa5; 32];
    message[0] = 4;
    message[1] = 0;
    message[2] = 0;
    message[3] = 0;
    message
};

fn be(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap().to_be_bytes()
}

fn udp_to(port: u16, payload: &[u8]) -> Vec<u8> {
    [&51871_u16.to_be_bytes()[..], &port.to_be_bytes(), &be(payload.len() + 8), &[0, 0], payload].concat()
}

fn udp() -> Vec<u8> {
    udp_to(51820, &KEEPALIVE)
}

/// IPv4 from 192.0.2.1 to 192.0.2.2; `fragment` is the field with the flags.
fn ipv4_with(protocol: Protocol, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend(be(20 + payload.len()));
    packet.extend([0x12, 0x34]);
    packet.extend(fragment.to_be_bytes());
    packet.extend([64, protocol.0, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
    packet.extend(payload);
    packet
}

fn ipv4(protocol: Protocol, payload: &[u8]) -> Vec<u8> {
    ipv4_with(protocol, 0, payload)
}

/// IPv6 from `2001:db8::1` to `2001:db8::2`.
fn ipv6(next: Protocol, payload: &[u8]) -> Vec<u8> {
    let address = |last| Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last).octets();
    let head = [0x60, 0, 0, 0];
    [&head[..], &be(payload.len()), &[next.0, 64], &address(1), &address(2), payload].concat()
}

fn ethernet(ethertype: EtherType, payload: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2][..], &ethertype.0.to_be_bytes(), payload].concat()
}

fn vxlan(inner: &[u8]) -> Vec<u8> {
    udp_to(4789, &[&[8, 0, 0, 0, 0, 0, 42, 0], inner].concat())
}

fn chunk_of(frames: &[(LinkType, &[u8])]) -> Chunk {
    let mut chunk = Chunk::default();
    for (link, bytes) in frames {
        let start = chunk.bytes.len();
        chunk.bytes.extend_from_slice(bytes);
        chunk.frames.push(Frame {
            number: 1,
            time: Timestamp(0),
            interface: 0,
            link: *link,
            data: start..chunk.bytes.len(),
            original_len: u32::try_from(bytes.len()).unwrap(),
            options: 0,
        });
    }
    chunk
}

/// All datagrams of `frames`: source, destination, payload, claimed length; and the counts.
fn dissect_all(frames: &[(LinkType, &[u8])]) -> (Vec<(Datagram, Vec<u8>)>, Counts) {
    let mut chunk = chunk_of(frames);
    let (mut dissector, mut out) = (Dissector::new(), Vec::new());
    for index in 0..frames.len() {
        dissector.dissect(&mut chunk, index, &mut out);
    }
    let found = out.into_iter().map(|it| (it.clone(), chunk.bytes[it.payload].to_vec())).collect();
    let counts = dissector.counts().clone();
    assert_eq!(counts.frames, counts.datagrams + counts.fruitless());
    (found, counts)
}

/// Asserts that `frame` holds the keepalive, whole.
fn assert_keepalive(link: u16, frame: &[u8]) {
    let (found, counts) = dissect_all(&[(LinkType(link), frame)]);
    let [(datagram, payload)] = found.as_slice() else { panic!("link {link}: {counts:?}") };
    assert_eq!((payload.as_slice(), datagram.claimed), (&KEEPALIVE[..], 32), "link {link}");
    assert_eq!((datagram.src.port(), datagram.dst.port()), (51871, 51820));
}

fn counts_of(link: LinkType, frame: &[u8]) -> Counts {
    let (found, counts) = dissect_all(&[(link, frame)]);
    assert_eq!(found, []);
    counts
}
