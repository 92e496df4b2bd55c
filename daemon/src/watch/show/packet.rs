use wgtrace_api::{show, v1};
use wgtrace_decrypt::aead::{Aead as _, RingKey};
use wgtrace_flow::{Network, Packet, Transport, WireGuard};
use wgtrace_wire::Ip;
use wgtrace_wire::wireguard::TAG_LEN;

use crate::watch::packets::PacketWants;
use crate::watch::sessions::Way;
use crate::watch::sight::Sight;

/// All that one subscriber is told of a packet.
pub(in crate::watch) fn packet(sight: &Sight<'_>, wants: &PacketWants) -> v1::Packet {
    let Sight { packet, cpu, around, wall, .. } = sight;
    let mut shown = v1::Packet {
        cpu: *cpu,
        bytes: bytes(packet, wants),
        identity: sight.identity,
        encryption: sight.encryption.into(),
        ..show::packet(packet, *around, *wall)
    };
    if let Some(inner) = sight.inner {
        show::inside(&mut shown, inner, *around);
    }
    if let (Some(message), Some(peer)) = (&mut shown.wireguard, sight.peer) {
        (message.peer, message.peer_node) = (peer.key.to_owned(), peer.node.to_owned());
    }
    if wants.decrypted {
        shown.inner = opened(sight).unwrap_or_default();
    }
    shown
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
