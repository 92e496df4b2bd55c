//! What makes packets one flow.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use wgtrace_wire::{Ip, Protocol};
use zerocopy::{Immutable, IntoBytes};

use crate::packet::{Network, Packet};

/// The 5-tuple of a flow, the same for both of its directions.
///
/// Neither interface, network namespace nor VLAN are part of it: a packet keeps its 5-tuple from the pod's
/// device to the node's edge, and is tagged on one hook and untagged on the next. Address translation makes
/// another flow, and so does a tunnel: WireGuard's outer packets are a flow between the nodes.
///
/// ICMP echoes are a flow by identifier. What has no ports (other ICMP, fragments behind the first, other
/// protocols) is a flow by addresses and protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, IntoBytes, Immutable)]
#[repr(C)]
pub struct FlowKey {
    /// Lower and upper end, IPv4 as mapped into IPv6.
    addresses: [[u8; 16]; 2],
    ports: [u16; 2],
    protocol: u8,
    kind: u8,
}

const _: () = assert!(size_of::<FlowKey>() == 38);

/// Which way a packet goes in its flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From the lower end (address, then port) to the upper.
    Up,
    /// From the upper to the lower.
    Down,
}

impl Direction {
    /// The opposite.
    #[must_use]
    pub fn reverse(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

impl FlowKey {
    /// The flow of a packet, and its way in it; `None` for what is no IP.
    pub fn of(packet: &Packet<'_>) -> Option<(Self, Direction)> {
        let Network::Ip(ip) = &packet.network else { return None };
        let (ports, kind) = match (packet.transport.ports(), packet.transport.echo()) {
            (Some(ports), _) => (ports, PORTS),
            (None, Some((_, echo))) => ((echo.id, echo.id), ECHO),
            (None, None) => ((0, 0), PORTLESS),
        };
        let (source, destination, family) = match &ip.ip {
            Ip::V4(ip) => (mapped(ip.header().src), mapped(ip.header().dst), 0),
            Ip::V6(ip) => (ip.header().src, ip.header().dst, IPV6),
        };
        Some(Self::new(source, destination, ports, ip.protocol.0, kind | family))
    }

    /// The flow between two ends that have ports, and the way from `source` to `destination`; `None` when
    /// one is IPv4 and the other is not.
    pub fn between(
        protocol: Protocol,
        source: std::net::SocketAddr,
        destination: std::net::SocketAddr,
    ) -> Option<(Self, Direction)> {
        let ports = (source.port(), destination.port());
        match (source.ip(), destination.ip()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                Some(Self::new(mapped(a.octets()), mapped(b.octets()), ports, protocol.0, PORTS))
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                Some(Self::new(a.octets(), b.octets(), ports, protocol.0, PORTS | IPV6))
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => None,
        }
    }

    fn new(
        source: [u8; 16],
        destination: [u8; 16],
        (from, to): (u16, u16),
        protocol: u8,
        kind: u8,
    ) -> (Self, Direction) {
        if (u128::from_be_bytes(source), from) <= (u128::from_be_bytes(destination), to) {
            (Self { addresses: [source, destination], ports: [from, to], protocol, kind }, Direction::Up)
        } else {
            (Self { addresses: [destination, source], ports: [to, from], protocol, kind }, Direction::Down)
        }
    }

    /// The IP protocol.
    pub fn protocol(&self) -> Protocol {
        Protocol(self.protocol)
    }

    /// The two addresses in the order of a packet that goes `direction`: source, destination.
    pub fn addresses(&self, direction: Direction) -> (IpAddr, IpAddr) {
        let [lower, upper] = self.addresses.map(|address| {
            let address = Ipv6Addr::from(address);
            match address.to_ipv4_mapped() {
                Some(v4) if self.kind & IPV6 == 0 => IpAddr::V4(v4),
                _ => IpAddr::V6(address),
            }
        });
        match direction {
            Direction::Up => (lower, upper),
            Direction::Down => (upper, lower),
        }
    }

    /// Source and destination port of a packet that goes `direction`; `None` for flows without ports.
    pub fn ports(&self, direction: Direction) -> Option<(u16, u16)> {
        let [lower, upper] = self.ports;
        (self.kind & !IPV6 == PORTS).then_some(match direction {
            Direction::Up => (lower, upper),
            Direction::Down => (upper, lower),
        })
    }

    /// Identifier of a flow of ICMP echoes.
    pub fn echo_id(&self) -> Option<u16> {
        let [id, _] = self.ports;
        (self.kind & !IPV6 == ECHO).then_some(id)
    }
}

fn mapped(address: [u8; 4]) -> [u8; 16] {
    Ipv4Addr::from(address).to_ipv6_mapped().octets()
}

const PORTS: u8 = 0;
const PORTLESS: u8 = 1;
const ECHO: u8 = 2;
const IPV6: u8 = 0x80;
