//! What a capture says of names.

use std::collections::HashMap;
use std::net::IpAddr;

use wgtrace_api::filter::Peer;
use wgtrace_api::show::Names;
use wgtrace_api::v1;
use wgtrace_flow::{Network, Packet};

use super::comment::{Comment, End};

/// What things are called, as far as the file says it.
#[derive(Debug, Default)]
pub(super) struct Around {
    node: String,
    interfaces: HashMap<u32, String>,
    pods: HashMap<IpAddr, String>,
    nodes: HashMap<IpAddr, String>,
}

impl Around {
    /// Nothing is known but the node's own name.
    pub(super) fn of(node: String) -> Self {
        Self { node, ..Self::default() }
    }

    pub(super) fn name(&mut self, index: u32, interface: &str) {
        self.interfaces.insert(index, interface.to_owned());
    }

    /// Names that a comment gives to the packet's addresses.
    pub(super) fn learn(&mut self, packet: &Packet<'_>, inner: Option<&Packet<'_>>, comment: &Comment<'_>) {
        let addresses = |packet: &Packet<'_>| match &packet.network {
            Network::Ip(ip) => Some((ip.ip.src(), ip.ip.dst())),
            Network::Arp(_) | Network::Other(_) | Network::Unread { .. } | Network::None => None,
        };
        let (outer, inner) = (addresses(packet), inner.and_then(addresses));
        let of = |end| match end {
            End::From => outer.map(|(from, _)| from),
            End::To => outer.map(|(_, to)| to),
            End::InsideFrom => inner.map(|(from, _)| from),
            End::InsideTo => inner.map(|(_, to)| to),
        };
        for (told, known) in [(&comment.pods, &mut self.pods), (&comment.nodes, &mut self.nodes)] {
            for (end, name) in told {
                if let Some(address) =
                    of(*end).filter(|address| known.len() < MOST_NAMES || known.contains_key(address))
                {
                    known.insert(address, (*name).to_owned());
                }
            }
        }
    }
}

impl Names for Around {
    fn node(&self) -> &str {
        &self.node
    }

    fn interface(&self, index: u32) -> &str {
        self.interfaces.get(&index).map_or("", String::as_str)
    }

    fn party(&self, address: IpAddr, port: Option<u16>) -> v1::Party {
        let name = |names: &HashMap<IpAddr, String>| names.get(&address).cloned().unwrap_or_default();
        v1::Party {
            address: address.to_string(),
            port: port.map_or(0, u32::from),
            pod: name(&self.pods),
            node: name(&self.nodes),
        }
    }

    fn peer_at(&self, _: IpAddr) -> Option<Peer<'_>> {
        None
    }

    fn peer_of(&self, _: IpAddr) -> Option<Peer<'_>> {
        None
    }
}

/// Addresses with names.
const MOST_NAMES: usize = 4096;
