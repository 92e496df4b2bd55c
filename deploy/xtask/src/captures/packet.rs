//! Packets from the inside out, with true checksums, so that any tool reads them without complaint.

use std::net::{IpAddr, SocketAddr};

use wgtrace_wire::checksum;

/// What an IP header says beyond its addresses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) protocol: u8,
    pub(super) ttl: u8,
    /// Traffic class; WireGuard marks its handshakes AF41.
    pub(super) class: u8,
    pub(super) id: u16,
}

impl Header {
    pub(super) fn of(protocol: u8) -> Self {
        Self { protocol, ttl: 64, class: 0, id: 0 }
    }
}

pub(super) const ICMP: u8 = 1;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const ICMPV6: u8 = 58;

/// An IP packet of the addresses' family.
pub(super) fn ip(src: IpAddr, dst: IpAddr, header: Header, payload: &[u8]) -> Vec<u8> {
    match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            ipv4(src.octets(), dst.octets(), header, payload.len(), Fragment::WHOLE, payload)
        }
        _ => ipv6(src, dst, header, payload),
    }
}

/// Place of a fragment in its datagram.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fragment {
    pub(super) offset: usize,
    pub(super) more: bool,
}

impl Fragment {
    const WHOLE: Self = Self { offset: 0, more: false };
}

fn ipv4(src: [u8; 4], dst: [u8; 4], header: Header, len: usize, part: Fragment, payload: &[u8]) -> Vec<u8> {
    let Header { protocol, ttl, class, id } = header;
    let [len_high, len_low] = short(20 + len);
    let [id_high, id_low] = id.to_be_bytes();
    let [part_high, part_low] = short((part.offset / 8) | (usize::from(part.more) << 13));
    let start = [0x45, class, len_high, len_low, id_high, id_low, part_high, part_low, ttl, protocol];
    let [sum_high, sum_low] = checksum::internet(&[&start, &src, &dst]).to_be_bytes();
    [&start[..], &[sum_high, sum_low], &src, &dst, payload].concat()
}

fn ipv6(src: IpAddr, dst: IpAddr, header: Header, payload: &[u8]) -> Vec<u8> {
    let [class_high, class_low] = short(0x6000 | (usize::from(header.class) << 4));
    let [len_high, len_low] = short(payload.len());
    let start = [class_high, class_low, 0, 0, len_high, len_low, header.protocol, header.ttl];
    [&start[..], &octets(src), &octets(dst), payload].concat()
}

/// The fragments of one IP packet, each with at most `room` bytes of its payload.
pub(super) fn fragments(
    src: IpAddr,
    dst: IpAddr,
    header: Header,
    payload: &[u8],
    room: usize,
) -> Vec<Vec<u8>> {
    let room = room / 8 * 8;
    let last = payload.len().div_ceil(room);
    let part = |number: usize| Fragment { offset: number * room, more: number + 1 < last };
    payload
        .chunks(room)
        .enumerate()
        .map(|(number, piece)| {
            if let (IpAddr::V4(src), IpAddr::V4(dst)) = (src, dst) {
                return ipv4(src.octets(), dst.octets(), header, piece.len(), part(number), piece);
            }
            // RFC 8200, 4.5.
            let Fragment { offset, more } = part(number);
            let [high, low] = short(offset | usize::from(more));
            let [id_high, id_low] = header.id.to_be_bytes();
            let extension = [header.protocol, 0, high, low, 0, 0, id_high, id_low];
            ipv6(src, dst, Header { protocol: 44, ..header }, &[&extension[..], piece].concat())
        })
        .collect()
}

/// A UDP datagram, to be put into [`ip`].
pub(super) fn udp(src: SocketAddr, dst: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let head = [src.port().to_be_bytes(), dst.port().to_be_bytes(), short(8 + payload.len())].concat();
    let sum = match upper(src.ip(), dst.ip(), UDP, &[&head[..], &[0, 0], payload].concat()) {
        // RFC 768: zero means that there is none.
        0 => u16::MAX,
        sum => sum,
    };
    [&head[..], &sum.to_be_bytes(), payload].concat()
}

/// An echo request or reply of the addresses' family as a whole packet.
pub(super) fn echo(
    src: IpAddr,
    dst: IpAddr,
    ttl: u8,
    is_reply: bool,
    id: u16,
    seq: u16,
    data: &[u8],
) -> Vec<u8> {
    let (protocol, kind) = match (src.is_ipv4(), is_reply) {
        (true, false) => (ICMP, 8),
        (true, true) => (ICMP, 0),
        (false, false) => (ICMPV6, 128),
        (false, true) => (ICMPV6, 129),
    };
    let rest = [&id.to_be_bytes()[..], &seq.to_be_bytes(), data].concat();
    let blank = [&[kind, 0, 0, 0][..], &rest].concat();
    let sum = if src.is_ipv4() { checksum::internet(&[&blank]) } else { upper(src, dst, protocol, &blank) };
    let message = [&[kind, 0][..], &sum.to_be_bytes(), &rest].concat();
    ip(src, dst, Header { ttl, id: seq, ..Header::of(protocol) }, &message)
}

/// A TCP segment without options as a whole packet.
pub(super) fn tcp(src: SocketAddr, dst: SocketAddr, seq: u32, ack: u32, flags: u8, data: &[u8]) -> Vec<u8> {
    let ports = [src.port().to_be_bytes(), dst.port().to_be_bytes()].concat();
    let numbers = [seq.to_be_bytes(), ack.to_be_bytes()].concat();
    let start = [&ports[..], &numbers, &[0x50, flags, 0x01, 0xfb]].concat();
    let sum = upper(src.ip(), dst.ip(), TCP, &[&start[..], &[0; 4], data].concat());
    let segment = [&start[..], &sum.to_be_bytes(), &[0, 0], data].concat();
    ip(src.ip(), dst.ip(), Header { ttl: 62, ..Header::of(TCP) }, &segment)
}

/// A UDP packet of `len` bytes in all, its data a run of `fill`.
pub(super) fn bulk(src: SocketAddr, dst: SocketAddr, len: usize, fill: u8) -> Vec<u8> {
    let headers = if src.is_ipv4() { 28 } else { 48 };
    let data = vec![fill; len.saturating_sub(headers)];
    ip(src.ip(), dst.ip(), Header { ttl: 62, ..Header::of(UDP) }, &udp(src, dst, &data))
}

/// Checksum of an upper layer's message with the pseudo header (RFC 8200, 8.1).
fn upper(src: IpAddr, dst: IpAddr, protocol: u8, message: &[u8]) -> u16 {
    checksum::internet(&[&octets(src), &octets(dst), &short(message.len()), &[0, protocol], message])
}

pub(super) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// Lengths and offsets of packets made here fit 16 bits.
pub(super) fn short(value: usize) -> [u8; 2] {
    u16::try_from(value).unwrap_or(u16::MAX).to_be_bytes()
}
