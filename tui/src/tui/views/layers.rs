//! A packet taken apart, from its link layer on; what is inside of WireGuard comes last.

mod transport;
mod wireguard;

use wgtrace_api::v1::{Packet, WireguardMessage};
use wgtrace_wire::{Arp, EtherType, Ethernet, Ip, vlan};

use crate::tui::model::protocol;

/// One header, by name, with what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layer {
    pub(super) title: String,
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) is_inner: bool,
}

/// The layers that its bytes have; where there are none, what the daemon read in them.
pub(super) fn of(packet: &Packet) -> Vec<Layer> {
    let mut layers = Layers { list: Vec::new(), is_inner: false, message: packet.wireguard.as_ref() };
    match (packet.bytes.is_empty(), packet.l2) {
        (true, _) => layers.told(packet),
        (false, true) => layers.ethernet(&packet.bytes),
        (false, false) => layers.ip(&packet.bytes),
    }
    if !packet.inner.is_empty() {
        (layers.is_inner, layers.message) = (true, None);
        layers.ip(&packet.inner);
    }
    layers.list
}

struct Layers<'a> {
    list: Vec<Layer>,
    is_inner: bool,
    /// The WireGuard message that the daemon saw in it.
    message: Option<&'a WireguardMessage>,
}

impl Layers<'_> {
    fn push(&mut self, title: impl Into<String>, fields: Vec<(&'static str, String)>) {
        self.list.push(Layer { title: title.into(), fields, is_inner: self.is_inner });
    }

    fn torn(&mut self, what: &str, error: wgtrace_wire::Error) {
        self.push(format!("{what}: {error}"), Vec::new());
    }

    fn ethernet(&mut self, bytes: &[u8]) {
        let ethernet = match Ethernet::parse(bytes) {
            Ok(ethernet) => ethernet,
            Err(error) => return self.torn("Ethernet", error),
        };
        let (source, destination) = (ethernet.src().to_string(), ethernet.dst().to_string());
        let kind = format!("0x{:04x}", ethernet.ethertype().0);
        self.push("Ethernet", vec![("from", source), ("to", destination), ("type", kind)]);
        let stack = match vlan::Stack::parse(ethernet.ethertype(), ethernet.payload()) {
            Ok(stack) => stack,
            Err(error) => return self.torn("VLAN", error),
        };
        for tag in stack.tags() {
            self.push("VLAN", vec![("id", tag.id().to_string()), ("priority", tag.priority().to_string())]);
        }
        match stack.ethertype() {
            EtherType::IPV4 | EtherType::IPV6 => self.ip(stack.payload()),
            EtherType::ARP => self.arp(stack.payload()),
            EtherType(other) => self.push(format!("type 0x{other:04x}"), Vec::new()),
        }
    }

    fn arp(&mut self, bytes: &[u8]) {
        match Arp::parse(bytes).map(|arp| arp.ethernet_ipv4().map(|addresses| (arp.operation().0, addresses)))
        {
            Ok(Some((operation, of))) => {
                let what = match operation {
                    1 => "ARP request".to_owned(),
                    2 => "ARP reply".to_owned(),
                    other => format!("ARP operation {other}"),
                };
                let sender = format!("{} is {}", of.sender, of.sender_mac);
                self.push(what, vec![("sender", sender), ("target", of.target.to_string())]);
            }
            Ok(None) => self.push("ARP", Vec::new()),
            Err(error) => self.torn("ARP", error),
        }
    }

    fn ip(&mut self, bytes: &[u8]) {
        let ip = match Ip::parse(bytes) {
            Ok(ip) => ip,
            Err(error) => return self.torn("IP", error),
        };
        let ends = [("from", ip.src().to_string()), ("to", ip.dst().to_string())];
        let length = ip.packet_len().map_or_else(|| "open".to_owned(), |length| length.to_string());
        match &ip {
            Ip::V4(v4) => {
                let mut fields = Vec::from(ends);
                fields.push(("ttl", v4.ttl().to_string()));
                fields.push(("id", format!("0x{:04x}", v4.id())));
                fields.push(("dscp, ecn", format!("{}, {}", v4.dscp(), v4.ecn())));
                if v4.dont_fragment() {
                    fields.push(("flags", "don't fragment".to_owned()));
                }
                fields.push(("length", length));
                self.push("IPv4", fields);
            }
            Ip::V6(v6) => {
                let mut fields = Vec::from(ends);
                fields.push(("hop limit", v6.hop_limit().to_string()));
                fields.push(("flow label", format!("0x{:05x}", v6.flow_label())));
                fields.push(("dscp, ecn", format!("{}, {}", v6.dscp(), v6.ecn())));
                fields.push(("length", length));
                self.push("IPv6", fields);
            }
        }
        match ip.upper() {
            Ok(upper) => match upper.fragment.filter(|fragment| fragment.is_partial()) {
                Some(fragment) if fragment.offset != 0 => {
                    let what =
                        format!("fragment at {} of a {} datagram", fragment.offset, name(upper.protocol.0));
                    self.push(what, vec![("id", format!("0x{:x}", fragment.id))]);
                }
                Some(_) | None => self.transport(upper.protocol, upper.payload),
            },
            Err(error) => self.torn("IPv6 extensions", error),
        }
    }

    /// What the daemon said, where there are no bytes to look at.
    fn told(&mut self, packet: &Packet) {
        let mut fields = Vec::new();
        for (name, party) in [("from", &packet.source), ("to", &packet.destination)] {
            if let Some(party) = party {
                let port = if party.port == 0 { String::new() } else { format!(", port {}", party.port) };
                fields.push((name, format!("{}{port}", party.address)));
            }
        }
        fields.push(("ttl", packet.ttl.to_string()));
        self.push(name(u8::try_from(packet.protocol).unwrap_or(0)), fields);
        if let Some(message) = self.message {
            self.message_told(message);
        }
    }
}

fn name(number: u8) -> String {
    protocol(number.into()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_header_is_said_and_ends_it() {
        let packet = Packet { bytes: vec![0x45, 0, 0, 84, 1, 2], ..Default::default() };
        let layers = of(&packet);
        assert_eq!(layers.len(), 1);
        assert!(layers[0].title.starts_with("IP: "), "{layers:?}");
    }
}
