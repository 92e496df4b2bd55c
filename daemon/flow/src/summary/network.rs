use wgtrace_wire::arp::Operation;
use wgtrace_wire::{Arp, EtherType, Ip};

use super::{fault, transport};
use crate::packet::{IpPacket, Network, Packet, Transport};
use crate::put::Put;

/// From the network layer on.
pub(super) fn network(packet: &Packet<'_>, out: &mut Vec<u8>) {
    match &packet.network {
        Network::Ip(ip) => internet(packet, ip, out),
        Network::Arp(arp) => resolution(arp, out),
        Network::Other(ethertype) => {
            match ethertype.as_length() {
                Some(_) => out.text("802.3"),
                None => named(*ethertype, out),
            }
            len(packet, out);
        }
        Network::Unread { ethertype, fault: reason } => {
            named(*ethertype, out);
            out.push(b' ');
            fault(*reason, out);
            len(packet, out);
        }
        Network::None => {
            out.text("no network layer");
            len(packet, out);
        }
    }
}

fn len(packet: &Packet<'_>, out: &mut Vec<u8>) {
    out.text(", length ");
    out.number(packet.event.len);
}

fn named(ethertype: EtherType, out: &mut Vec<u8>) {
    match ethertype {
        EtherType::IPV4 => out.text("IP"),
        EtherType::IPV6 => out.text("IP6"),
        EtherType::ARP => out.text("ARP"),
        EtherType::VLAN | EtherType::SERVICE_VLAN | EtherType::OLD_QINQ => out.text("vlan"),
        EtherType(number) => {
            out.text("ethertype ");
            out.hex(number, 4);
        }
    }
}

fn internet(packet: &Packet<'_>, ip: &IpPacket<'_>, out: &mut Vec<u8>) {
    out.text(match ip.ip {
        Ip::V4(_) => "IP ",
        Ip::V6(_) => "IP6 ",
    });
    let ports = packet.transport.ports();
    out.address(ip.ip.src());
    port(ports.map(|(source, _)| source), out);
    out.text(" > ");
    out.address(ip.ip.dst());
    port(ports.map(|(_, destination)| destination), out);
    out.text(": ");
    transport::transport(packet, ip, out);
    if let Some(first) = ip.fragment.filter(|fragment| fragment.is_partial())
        && !matches!(packet.transport, Transport::Fragment(_))
    {
        out.text(", first fragment of ");
        out.hex(first.id, 4);
    }
    if ip.missing != 0 {
        out.text(", ");
        out.number(ip.missing);
        out.text(" bytes missing");
    }
}

fn port(port: Option<u16>, out: &mut Vec<u8>) {
    if let Some(port) = port {
        out.push(b'.');
        out.number(port);
    }
}

fn resolution(arp: &Arp<'_>, out: &mut Vec<u8>) {
    out.text("ARP, ");
    match (arp.operation(), arp.ethernet_ipv4()) {
        (Operation::REQUEST, Some(addresses)) => {
            out.text("request who-has ");
            out.address(addresses.target.into());
            out.text(" tell ");
            out.address(addresses.sender.into());
        }
        (Operation::REPLY, Some(addresses)) => {
            out.text("reply ");
            out.address(addresses.sender.into());
            out.text(" is-at ");
            out.mac(addresses.sender_mac);
        }
        (Operation(number), _) => {
            out.text("operation ");
            out.number(number);
        }
    }
}
