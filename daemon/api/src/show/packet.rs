use wgtrace_abi::{Hook, Verdict};
use wgtrace_flow::packet::TcpSegment;
use wgtrace_flow::time::WallOffset;
use wgtrace_flow::{IpPacket, Link, Network, Packet, Transport, WireGuard, summary};
use wgtrace_wire::Ip;

use super::Names;
use crate::v1;
use crate::v1::EncryptionState;

/// A packet at a hook, without its bytes and without what only its node can tell.
pub fn packet(packet: &Packet<'_>, around: &impl Names, wall: WallOffset) -> v1::Packet {
    let event = &packet.event;
    let mut shown = v1::Packet {
        node: around.node().to_owned(),
        time: wall.wall(event.time),
        hook: packet.hook.name().to_owned(),
        interface: around.interface(event.ifindex).to_owned(),
        ifindex: event.ifindex,
        mark: event.mark,
        length: event.len,
        segments: packet.segments(),
        verdict: event.verdict().unwrap_or(Verdict::Unknown).name().to_owned(),
        drop_reason: event.drop_reason().map_or(0, |reason| reason.0.into()),
        l2: !matches!(packet.link, Link::None),
        sequence: event.sequence,
        summary: line(packet),
        ..v1::Packet::default()
    };
    if let Network::Ip(ip) = &packet.network {
        let [source, destination] = parties(packet, ip, around);
        (shown.source, shown.destination) = (Some(source), Some(destination));
        shown.protocol = ip.protocol.0.into();
        shown.ttl = match &ip.ip {
            Ip::V4(v4) => v4.ttl().into(),
            Ip::V6(v6) => v6.hop_limit().into(),
        };
    }
    let echo = packet.transport.echo().map(|(_, echo)| (echo.id, echo.sequence));
    match &packet.transport {
        Transport::Tcp(segment) => shown.tcp = Some(tcp(segment)),
        Transport::Icmpv4(icmp) => shown.icmp = Some(icmp_header((icmp.kind(), icmp.code()), echo)),
        Transport::Icmpv6(icmp) => shown.icmp = Some(icmp_header((icmp.kind(), icmp.code()), echo)),
        Transport::Udp(datagram) => shown.wireguard = datagram.wireguard.map(wireguard),
        Transport::None | Transport::Fragment(_) | Transport::Other(_) | Transport::Unread { .. } => {}
    }
    shown
}

/// Tells of the packet inside of ciphertext.
pub fn inside(shown: &mut v1::Packet, inner: &Packet<'_>, around: &impl Names) {
    if let Network::Ip(ip) = &inner.network {
        let [source, destination] = parties(inner, ip, around);
        (shown.inner_source, shown.inner_destination) = (Some(source), Some(destination));
        shown.inner_protocol = ip.protocol.0.into();
    }
}

/// The WireGuard message that a packet carries.
pub fn message(packet: &Packet<'_>) -> Option<WireGuard> {
    match &packet.transport {
        Transport::Udp(datagram) => datagram.wireguard,
        Transport::None
        | Transport::Tcp(_)
        | Transport::Icmpv4(_)
        | Transport::Icmpv6(_)
        | Transport::Fragment(_)
        | Transport::Other(_)
        | Transport::Unread { .. } => None,
    }
}

/// The kind of a message as it is written.
pub fn kind(message: WireGuard) -> &'static str {
    match message {
        WireGuard::Initiation { .. } => "Initiation",
        WireGuard::Response { .. } => "Response",
        WireGuard::CookieReply { .. } => "CookieReply",
        WireGuard::TransportData { sealed_len: 0, .. } => "Keepalive",
        WireGuard::TransportData { .. } => "TransportData",
    }
}

/// How a packet entered or left the node, if this is where that is seen; what may be in the clear is not known here.
pub fn encryption(packet: &Packet<'_>) -> EncryptionState {
    match packet.hook {
        Hook::TapIn | Hook::TapOut | Hook::FromNetdev | Hook::ToNetdev if message(packet).is_some() => {
            EncryptionState::Encrypted
        }
        Hook::TapIn | Hook::TapOut => EncryptionState::Clear,
        Hook::FromContainer
        | Hook::ToContainer
        | Hook::FromHost
        | Hook::ToHost
        | Hook::FromWireguard
        | Hook::ToWireguard
        | Hook::FromNetdev
        | Hook::ToNetdev => EncryptionState::None,
    }
}

/// The identity of the packet that this one is, or carries; 0 where it cannot be known.
pub fn identity(packet: &Packet<'_>, inner: Option<&Packet<'_>>) -> u64 {
    let sealed =
        matches!(message(packet), Some(WireGuard::TransportData { sealed_len, .. }) if sealed_len > 0);
    match inner {
        Some(inner) => wgtrace_flow::identity(inner),
        // ciphertext that nobody here can read
        None if sealed => None,
        None => wgtrace_flow::identity(packet),
    }
    .unwrap_or(0)
}

fn parties(packet: &Packet<'_>, ip: &IpPacket<'_>, around: &impl Names) -> [v1::Party; 2] {
    let ports = packet.transport.ports();
    [
        around.party(ip.ip.src(), ports.map(|(source, _)| source)),
        around.party(ip.ip.dst(), ports.map(|(_, destination)| destination)),
    ]
}

fn tcp(segment: &TcpSegment<'_>) -> v1::TcpHeader {
    v1::TcpHeader {
        flags: u32::from(segment.tcp.flags().0) & 0xff,
        sequence: segment.tcp.sequence(),
        acknowledgment: segment.tcp.acknowledgment(),
        window: segment.tcp.window().into(),
        payload: segment.payload_len,
    }
}

fn icmp_header((kind, code): (u8, u8), echo: Option<(u16, u16)>) -> v1::IcmpHeader {
    let (id, sequence) = echo.unwrap_or_default();
    v1::IcmpHeader { r#type: kind.into(), code: code.into(), id: id.into(), sequence: sequence.into() }
}

fn wireguard(message: WireGuard) -> v1::WireguardMessage {
    let (sender, receiver, counter) = match message {
        WireGuard::Initiation { sender } => (sender.0, 0, 0),
        WireGuard::Response { sender, receiver } => (sender.0, receiver.0, 0),
        WireGuard::CookieReply { receiver } => (0, receiver.0, 0),
        WireGuard::TransportData { receiver, counter, .. } => (0, receiver.0, counter.0),
    };
    v1::WireguardMessage { kind: kind(message).to_owned(), sender, receiver, counter, ..Default::default() }
}

fn line(packet: &Packet<'_>) -> String {
    let mut line = Vec::with_capacity(120);
    summary::summary(packet, &mut line);
    String::from_utf8(line).unwrap_or_default()
}
