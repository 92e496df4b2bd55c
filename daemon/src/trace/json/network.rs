use wgtrace_flow::put::Put;
use wgtrace_flow::{IpPacket, Network, Packet};
use wgtrace_wire::{Arp, Ip};

use super::{Object, fault};

/// `ip`, `arp`, or what else there is.
pub(super) fn network(packet: &Packet<'_>, object: &mut Object<'_>) {
    match &packet.network {
        Network::Ip(ip) => internet(ip, object),
        Network::Arp(arp) => resolution(arp, object),
        Network::Other(ethertype) => object.hex("ethertype", ethertype.0, 4),
        Network::Unread { ethertype, fault: reason } => {
            object.hex("ethertype", ethertype.0, 4);
            fault(object, *reason);
        }
        Network::None => {}
    }
}

fn internet(packet: &IpPacket<'_>, object: &mut Object<'_>) {
    let mut ip = Object::open(object.key("ip"));
    let (version, ttl, dscp, ecn) = match &packet.ip {
        Ip::V4(ip) => (4_u8, ip.ttl(), ip.dscp(), ip.ecn()),
        Ip::V6(ip) => (6, ip.hop_limit(), ip.dscp(), ip.ecn()),
    };
    ip.number("version", version);
    ip.string_key("src").address(packet.ip.src());
    ip.end_string();
    ip.string_key("dst").address(packet.ip.dst());
    ip.end_string();
    ip.number("protocol", packet.protocol.0);
    ip.number("ttl", ttl);
    ip.number("dscp", dscp);
    ip.number("ecn", ecn);
    if let Some(len) = packet.ip.packet_len() {
        ip.number("len", len);
    }
    match &packet.ip {
        Ip::V4(v4) => {
            ip.number("id", v4.id());
            ip.flag("dont_fragment", v4.dont_fragment());
        }
        Ip::V6(v6) => ip.number("flow_label", v6.flow_label()),
    }
    if let Some(part) = packet.fragment.filter(|fragment| fragment.is_partial()) {
        let mut fragment = Object::open(ip.key("fragment"));
        fragment.number("id", part.id);
        fragment.number("offset", part.offset);
        fragment.flag("more", part.more);
        fragment.close();
    }
    if packet.missing != 0 {
        ip.number("missing", packet.missing);
    }
    ip.close();
}

fn resolution(packet: &Arp<'_>, object: &mut Object<'_>) {
    let mut arp = Object::open(object.key("arp"));
    arp.number("operation", packet.operation().0);
    if let Some(addresses) = packet.ethernet_ipv4() {
        for (key, mac) in [("sender_mac", addresses.sender_mac), ("target_mac", addresses.target_mac)] {
            arp.string_key(key).mac(mac);
            arp.end_string();
        }
        for (key, address) in [("sender", addresses.sender), ("target", addresses.target)] {
            arp.string_key(key).address(address.into());
            arp.end_string();
        }
    }
    arp.close();
}
