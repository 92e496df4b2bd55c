use wgtrace_abi::Verdict;
use wgtrace_api::v1;
use wgtrace_decrypt::aead::{Aead as _, RingKey};
use wgtrace_flow::packet::TcpSegment;
use wgtrace_flow::{IpPacket, Network, Packet, Transport, WireGuard};
use wgtrace_wire::Ip;
use wgtrace_wire::wireguard::TAG_LEN;

use crate::trace::line;
use crate::watch::packets::PacketWants;
use crate::watch::sessions::Way;
use crate::watch::sight::{Sight, kind};
use crate::watch::surroundings::Surroundings;

/// All that one subscriber is told of a packet.
pub(in crate::watch) fn packet(sight: &Sight<'_>, wants: &PacketWants) -> v1::Packet {
    let Sight { packet, cpu, around, wall, .. } = sight;
    let event = &packet.event;
    let mut shown = v1::Packet {
        node: around.node.to_string(),
        time: wall.wall(event.time),
        cpu: *cpu,
        hook: packet.hook.name().to_owned(),
        interface: around.interface(event.ifindex).to_owned(),
        ifindex: event.ifindex,
        mark: event.mark,
        length: event.len,
        segments: packet.segments(),
        verdict: event.verdict().unwrap_or(Verdict::Unknown).name().to_owned(),
        drop_reason: event.drop_reason().map_or(0, |reason| reason.0.into()),
        bytes: bytes(packet, wants),
        l2: !matches!(packet.link, wgtrace_flow::Link::None),
        sequence: event.sequence,
        identity: sight.identity,
        encryption: sight.encryption.into(),
        summary: summary(packet),
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
    if let Some((inner, Network::Ip(ip))) = sight.inner.map(|inner| (inner, &inner.network)) {
        let [source, destination] = parties(inner, ip, around);
        (shown.inner_source, shown.inner_destination) = (Some(source), Some(destination));
        shown.inner_protocol = ip.protocol.0.into();
    }
    if wants.decrypted {
        shown.inner = opened(sight).unwrap_or_default();
    }
    transport(sight, &mut shown);
    shown
}

fn parties(packet: &Packet<'_>, ip: &IpPacket<'_>, around: &Surroundings) -> [v1::Party; 2] {
    let ports = packet.transport.ports();
    [
        around.party(ip.ip.src(), ports.map(|(source, _)| source)),
        around.party(ip.ip.dst(), ports.map(|(_, destination)| destination)),
    ]
}

fn transport(sight: &Sight<'_>, shown: &mut v1::Packet) {
    let packet = sight.packet;
    let echo = packet.transport.echo().map(|(_, echo)| (echo.id, echo.sequence));
    match &packet.transport {
        Transport::Tcp(segment) => shown.tcp = Some(tcp(segment)),
        Transport::Icmpv4(icmp) => shown.icmp = Some(icmp_header((icmp.kind(), icmp.code()), echo)),
        Transport::Icmpv6(icmp) => shown.icmp = Some(icmp_header((icmp.kind(), icmp.code()), echo)),
        Transport::Udp(datagram) => {
            let Some(message) = datagram.wireguard else { return };
            shown.wireguard = Some(v1::WireguardMessage {
                peer: sight.peer.map(|peer| peer.key.to_string()).unwrap_or_default(),
                peer_node: sight.peer.map(|peer| peer.node.to_string()).unwrap_or_default(),
                ..wireguard(message)
            });
        }
        Transport::None | Transport::Fragment(_) | Transport::Other(_) | Transport::Unread { .. } => {}
    }
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

/// The packet in a message that was captured whole, authenticated; of a super-frame, in the first.
fn opened(sight: &Sight<'_>) -> Option<Vec<u8>> {
    let Transport::Udp(datagram) = &sight.packet.transport else { return None };
    let Some(WireGuard::TransportData { counter, sealed_len, .. }) = datagram.wireguard else { return None };
    let key = RingKey::new(Way::of(sight.packet.hook)?.key(sight.session?));
    let sealed = datagram.udp.payload().get(TRANSPORT_HEADER..)?;
    let mut sealed = sealed.get(..sealed_len.checked_add(TAG_LEN)?)?.to_vec();
    let plain = key.open(counter, &mut sealed).ok()?;
    let len = Ip::parse(plain).ok()?.packet_len()?;
    plain.get(..len).map(<[u8]>::to_vec)
}

fn summary(packet: &Packet<'_>) -> String {
    let mut line = Vec::with_capacity(120);
    line::summary(packet, &mut line);
    String::from_utf8(line).unwrap_or_default()
}

/// As many bytes as are wanted, and no payload for those who may not have it.
fn bytes(packet: &Packet<'_>, wants: &PacketWants) -> Vec<u8> {
    let most = if wants.payload { packet.bytes.len() } else { headers(packet) };
    let bytes = packet.bytes.get(..most.min(usize::from(wants.snaplen)));
    bytes.unwrap_or_default().to_vec()
}

/// How many of the captured bytes are headers.
fn headers(packet: &Packet<'_>) -> usize {
    let behind = |payload: &[u8]| {
        // a view's rest lies in the packet's bytes, at their end but for padding
        let start = payload.as_ptr().addr().checked_sub(packet.bytes.as_ptr().addr());
        start.filter(|start| *start <= packet.bytes.len()).unwrap_or(0)
    };
    match &packet.transport {
        Transport::Tcp(segment) => behind(segment.tcp.payload()),
        Transport::Udp(datagram) => {
            let message = datagram.wireguard.map_or(0, |message| match message {
                WireGuard::TransportData { .. } => TRANSPORT_HEADER,
                WireGuard::Initiation { .. } | WireGuard::Response { .. } | WireGuard::CookieReply { .. } => {
                    usize::MAX
                }
            });
            behind(datagram.udp.payload()).saturating_add(message).min(packet.bytes.len())
        }
        Transport::Icmpv4(icmp) => behind(icmp.body()),
        Transport::Icmpv6(icmp) => behind(icmp.body()),
        Transport::Fragment(_) | Transport::Other(_) | Transport::Unread { .. } => match &packet.network {
            Network::Ip(ip) => match &ip.ip {
                Ip::V4(ip) => behind(ip.payload()),
                Ip::V6(ip) => behind(ip.payload()),
            },
            Network::Arp(_) | Network::Other(_) | Network::Unread { .. } | Network::None => 0,
        },
        Transport::None => match packet.network {
            // there is no content in it
            Network::Arp(_) => packet.bytes.len(),
            Network::Ip(_) | Network::Other(_) | Network::Unread { .. } | Network::None => {
                packet.bytes.len().min(ETHERNET)
            }
        },
    }
}

/// Type, receiver index, counter.
const TRANSPORT_HEADER: usize = 16;
const ETHERNET: usize = 14;
