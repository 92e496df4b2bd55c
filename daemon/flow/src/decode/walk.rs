use wgtrace_abi::{Hook, PacketEvent};
use wgtrace_wire::ip::{self, Upper};
use wgtrace_wire::ipv6::extension;
use wgtrace_wire::{Arp, EtherType, Ethernet, Icmpv4, Icmpv6, Ip, Protocol, Tcp, Udp, ethernet, vlan};

use super::span::Span;
use crate::packet::{IpPacket, Link, Network, Packet, TcpSegment, Transport, UdpDatagram, Vlans, WireGuard};

/// Takes layer after layer off the packet.
pub(super) fn walk(event: PacketEvent, hook: Hook, span: Span<'_>) -> Packet<'_> {
    let mut packet = Packet {
        event,
        hook,
        bytes: span.bytes,
        link: Link::None,
        vlans: Vlans::of(&event),
        network: Network::None,
        transport: Transport::None,
    };
    match layer(&event, span.bytes) {
        Some(true) => link(&mut packet, span),
        Some(false) => bare(&mut packet, span),
        None => packet.link = Link::Unknown,
    }
    packet
}

/// Whether the packet starts with a link-layer header; `None` where nobody can tell.
fn layer(event: &PacketEvent, bytes: &[u8]) -> Option<bool> {
    if event.flags & PacketEvent::UNKNOWN_DEVICE == 0 {
        return Some(!event.is_l3());
    }
    // One of two signs, and not the other: the kernel's EtherType where a frame has its own, or its IP version.
    let version = match EtherType(event.protocol) {
        EtherType::IPV4 => Some(4),
        EtherType::IPV6 => Some(6),
        _ => None,
    };
    let is_ip = version.is_some() && ip::version(bytes) == version;
    let framed = Ethernet::parse(bytes)
        .is_ok_and(|frame| frame.ethertype().0 == event.protocol || frame.ethertype().is_vlan());
    (is_ip != framed).then_some(framed)
}

fn link<'a>(packet: &mut Packet<'a>, span: Span<'a>) {
    match Ethernet::parse(span.bytes) {
        Ok(frame) => {
            packet.link = Link::Ethernet(frame);
            let inner = span.behind(size_of::<ethernet::Header>(), frame.payload(), frame.claimed_len());
            typed(packet, frame.ethertype(), inner);
        }
        Err(error) => packet.link = Link::Unread(span.fault(error)),
    }
}

/// A packet without link-layer header; what is no IP goes by the kernel's word.
fn bare<'a>(packet: &mut Packet<'a>, span: Span<'a>) {
    let ethertype = match (ip::version(span.bytes), EtherType(packet.event.protocol)) {
        (Some(4), _) => EtherType::IPV4,
        (Some(6), _) => EtherType::IPV6,
        (_, announced) => announced,
    };
    network(packet, ethertype, span);
}

fn typed<'a>(packet: &mut Packet<'a>, ethertype: EtherType, span: Span<'a>) {
    if !ethertype.is_vlan() {
        return network(packet, ethertype, span);
    }
    match vlan::Stack::parse(ethertype, span.bytes) {
        Ok(stack) => {
            packet.vlans.inline = stack.tags();
            packet.vlans.first = ethertype;
            let inner = stack.ethertype();
            let behind = span.behind(size_of_val(stack.tags()), stack.payload(), inner.as_length());
            network(packet, inner, behind);
        }
        Err(error) => packet.network = Network::Unread { ethertype, fault: span.fault(error) },
    }
}

fn network<'a>(packet: &mut Packet<'a>, ethertype: EtherType, span: Span<'a>) {
    packet.network = match ethertype {
        EtherType::IPV4 | EtherType::IPV6 => return ip(packet, ethertype, span),
        EtherType::ARP => match Arp::parse(span.bytes) {
            Ok(arp) => Network::Arp(arp),
            Err(error) => Network::Unread { ethertype, fault: span.fault(error) },
        },
        _ => Network::Other(ethertype),
    };
}

fn ip<'a>(packet: &mut Packet<'a>, ethertype: EtherType, span: Span<'a>) {
    let unread = |error| Network::Unread { ethertype, fault: span.fault(error) };
    let ip = match ethertype {
        EtherType::IPV4 => wgtrace_wire::Ipv4::parse(span.bytes).map(Ip::V4),
        _ => wgtrace_wire::Ipv6::parse(span.bytes).map(Ip::V6),
    };
    let ip = match ip {
        Ok(ip) => ip,
        Err(error) => {
            packet.network = unread(error);
            return;
        }
    };
    let missing = ip.packet_len().unwrap_or_default().saturating_sub(span.len);
    match ip.upper().and_then(first_fragment) {
        Ok(upper) => {
            let Upper { protocol, offset, payload, claimed_len, fragment } = upper;
            packet.network = Network::Ip(IpPacket { ip, protocol, fragment, missing });
            packet.transport = match fragment {
                Some(fragment) if fragment.offset != 0 => Transport::Fragment(fragment),
                _ => transport(packet, protocol, span.behind(offset, payload, claimed_len)),
            };
        }
        Err(error) => {
            let protocol = match ip {
                Ip::V4(ip) => ip.protocol(),
                Ip::V6(ip) => ip.next_header(),
            };
            packet.network = Network::Ip(IpPacket { ip, protocol, fragment: None, missing });
            packet.transport = Transport::Unread { protocol, ports: None, fault: span.fault(error) };
        }
    }
}

/// Behind the fragment header of a first fragment, more extension headers may follow.
fn first_fragment(upper: Upper<'_>) -> Result<Upper<'_>, wgtrace_wire::Error> {
    match upper.fragment {
        Some(fragment) if fragment.offset == 0 && upper.protocol.is_extension() => {
            let inner = extension::upper(upper.protocol, upper.payload, upper.claimed_len)?;
            Ok(Upper { offset: upper.offset.saturating_add(inner.offset), fragment: Some(fragment), ..inner })
        }
        _ => Ok(upper),
    }
}

fn transport<'a>(packet: &Packet<'a>, protocol: Protocol, span: Span<'a>) -> Transport<'a> {
    let read = match protocol {
        Protocol::TCP => Tcp::parse(span.bytes).map(|tcp| {
            let payload_len = length(span.len.saturating_sub(tcp.header_len()));
            Transport::Tcp(TcpSegment { tcp, payload_len })
        }),
        Protocol::UDP => Udp::parse(span.bytes).map(|udp| Transport::Udp(datagram(packet, udp, span))),
        Protocol::ICMP if packet.network.is_ipv4() => Icmpv4::parse(span.bytes).map(Transport::Icmpv4),
        Protocol::ICMPV6 if packet.network.is_ipv6() => Icmpv6::parse(span.bytes).map(Transport::Icmpv6),
        _ => return Transport::Other(protocol),
    };
    read.unwrap_or_else(|error| {
        let has_ports = matches!(protocol, Protocol::TCP | Protocol::UDP);
        Transport::Unread {
            protocol,
            ports: has_ports.then(|| ports(span.bytes)).flatten(),
            fault: span.fault(error),
        }
    })
}

fn datagram<'a>(packet: &Packet<'a>, udp: Udp<'a>, span: Span<'a>) -> UdpDatagram<'a> {
    let there = span.len.saturating_sub(Udp::HEADER_LEN);
    let whole = udp.claimed_len().unwrap_or(there);
    let fragment = matches!(packet.network, Network::Ip(IpPacket { fragment: Some(_), .. }));
    let (len, message) = match packet.event.gso_size {
        // A first fragment has its datagram's length, any other packet no more than is there.
        0 if fragment => (whole, whole),
        0 => (whole.min(there), whole.min(there)),
        // Of a super-frame, the header's length may be that of one datagram or of all.
        size => (there, there.min(usize::from(size))),
    };
    UdpDatagram { udp, payload_len: length(len), wireguard: WireGuard::recognise(udp.payload(), message) }
}

fn ports(bytes: &[u8]) -> Option<(u16, u16)> {
    let &[a, b, c, d] = bytes.first_chunk()?;
    Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
}

/// Lengths come from 32-bit fields.
fn length(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
