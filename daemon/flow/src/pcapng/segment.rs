use wgtrace_wire::{Ip, Protocol, Udp, checksum, ethernet, vlan};

use crate::packet::{IpPacket, Link, Network, Packet, Transport};

/// A super-frame of UDP: one header for many datagrams (linux: `net/ipv4/udp_offload.c`).
#[derive(Debug, Clone, Copy)]
pub(super) struct Super<'a> {
    /// Up to the IP header.
    link: &'a [u8],
    /// IP header with options or extension headers.
    ip: &'a [u8],
    udp: Udp<'a>,
    /// What was captured of the payload of all datagrams.
    payload: &'a [u8],
    payload_len: usize,
    size: usize,
}

impl<'a> Super<'a> {
    /// The super-frame that a packet is, if it is one.
    pub(super) fn of(packet: &Packet<'a>) -> Option<Self> {
        let Transport::Udp(datagram) = packet.transport else { return None };
        let Network::Ip(IpPacket { ip, fragment: None, .. }) = packet.network else { return None };
        let size = usize::from(packet.event.gso_size);
        let payload_len = usize::try_from(datagram.payload_len).ok()?;
        if size == 0 || payload_len <= size {
            return None;
        }
        let tags = packet.vlans.inline.len().saturating_mul(size_of::<vlan::Tag>());
        let link_len = match packet.link {
            Link::Ethernet(_) => size_of::<ethernet::Header>().saturating_add(tags),
            Link::None | Link::Unknown | Link::Unread(_) => 0,
        };
        let (link, rest) = packet.bytes.split_at_checked(link_len)?;
        let (ip, rest) = rest.split_at_checked(ip.upper().ok()?.offset)?;
        let payload = rest.get(Udp::HEADER_LEN..)?;
        let payload = payload.get(..payload_len).unwrap_or(payload);
        Some(Self { link, ip, udp: datagram.udp, payload, payload_len, size })
    }

    /// How many datagrams it stands for.
    pub(super) fn segments(&self) -> usize {
        self.payload_len.div_ceil(self.size)
    }

    /// Lays out what there is of datagram `number`, and says how long it was.
    pub(super) fn segment(&self, number: usize, out: &mut Vec<u8>) -> u32 {
        let start = number.saturating_mul(self.size);
        let len = self.payload_len.saturating_sub(start).min(self.size);
        let there = self.payload.get(start..).unwrap_or_default();
        let data = there.get(..len).unwrap_or(there);
        let udp_len = Udp::HEADER_LEN.saturating_add(len);
        out.clear();
        out.extend_from_slice(self.link);
        let ip_at = out.len();
        out.extend_from_slice(self.ip);
        if let Some(ip) = out.get_mut(ip_at..) {
            patch_ip(ip, number, udp_len);
        }
        let header = self.udp.header();
        let [length_high, length_low] = short(udp_len);
        let [sum_high, sum_low] = self.checksum(data, len, udp_len);
        out.extend_from_slice(&header.src_port.to_bytes());
        out.extend_from_slice(&header.dst_port.to_bytes());
        out.extend_from_slice(&[length_high, length_low, sum_high, sum_low]);
        let head = out.len();
        out.extend_from_slice(data);
        u32::try_from(head.saturating_add(len)).unwrap_or(u32::MAX)
    }

    /// Of a datagram that is there as a whole; none where the sender computed none, or where it is cut.
    fn checksum(&self, data: &[u8], len: usize, udp_len: usize) -> [u8; 2] {
        if data.len() < len || self.udp.checksum() == 0 {
            return [0; 2];
        }
        let header = self.udp.header();
        let length = short(udp_len);
        let mut ports = [0; 8];
        for (place, byte) in ports
            .iter_mut()
            .zip(header.src_port.to_bytes().into_iter().chain(header.dst_port.to_bytes()).chain(length))
        {
            *place = byte;
        }
        let [high, low] = length;
        let pseudo = [0, Protocol::UDP.0, high, low];
        let sum = match Ip::parse(self.ip) {
            Ok(Ip::V4(ip)) => {
                checksum::internet(&[&ip.header().src, &ip.header().dst, &pseudo, &ports, data])
            }
            Ok(Ip::V6(ip)) => {
                checksum::internet(&[&ip.header().src, &ip.header().dst, &pseudo, &ports, data])
            }
            Err(_) => return [0; 2],
        };
        // RFC 768: 0 would say that there is none
        if sum == 0 { [0xff; 2] } else { sum.to_be_bytes() }
    }
}

/// Length, identification and checksum of one datagram's header.
///
/// linux: `inet_gso_segment` counts the identification up, whether fragments are allowed or not.
fn patch_ip(ip: &mut [u8], number: usize, udp_len: usize) {
    let total = short(ip.len().saturating_add(udp_len));
    let is_v6 = wgtrace_wire::ip::version(ip) == Some(6);
    if is_v6 {
        put(ip, 4, short(ip.len().saturating_sub(wgtrace_wire::Ipv6::HEADER_LEN).saturating_add(udp_len)));
        return;
    }
    put(ip, 2, total);
    let first = ip.get(4..6).and_then(|id| id.first_chunk()).map_or(0, |id| u16::from_be_bytes(*id));
    let [.., high, low] = number.to_be_bytes();
    put(ip, 4, first.wrapping_add(u16::from_be_bytes([high, low])).to_be_bytes());
    put(ip, 10, [0; 2]);
    put(ip, 10, checksum::internet(&[ip]).to_be_bytes());
}

fn put(bytes: &mut [u8], at: usize, value: [u8; 2]) {
    if let Some(place) = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *place = value;
    }
}

/// A datagram has 16 bits of length.
fn short(len: usize) -> [u8; 2] {
    u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes()
}
