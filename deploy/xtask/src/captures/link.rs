//! Link layers, and what else lies around an IP packet.

use std::net::{IpAddr, SocketAddr};

use super::packet::{self, Header, UDP};

/// What a capture has around its IP packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    Ethernet,
    Vlan,
    QinQ,
    /// Ethernet inside VXLAN between the nodes, as Cilium's tunnel mode has it.
    Vxlan,
    Raw,
    Null,
    Loop,
    Sll,
    Sll2,
}

impl Link {
    /// <https://www.tcpdump.org/linktypes.html>
    pub(super) fn number(self) -> u16 {
        match self {
            Self::Ethernet | Self::Vlan | Self::QinQ | Self::Vxlan => 1,
            Self::Raw => 101,
            Self::Null => 0,
            Self::Loop => 108,
            Self::Sll => 113,
            Self::Sll2 => 276,
        }
    }

    pub(super) fn interface(self) -> &'static str {
        match self {
            Self::Sll | Self::Sll2 => "any",
            Self::Null | Self::Loop => "lo0",
            Self::Raw => "tun0",
            Self::Ethernet | Self::Vlan | Self::QinQ | Self::Vxlan => "eth0",
        }
    }

    /// A frame with `packet`, which goes from `src` to `dst`.
    pub(super) fn wrap(self, src: IpAddr, dst: IpAddr, packet: &[u8]) -> Vec<u8> {
        let kind: [u8; 2] = if src.is_ipv4() { [0x08, 0x00] } else { [0x86, 0xdd] };
        let macs = [mac(dst), mac(src)].concat();
        match self {
            Self::Ethernet => [&macs[..], &kind, packet].concat(),
            Self::Vlan => [&macs[..], &[0x81, 0x00, 0x00, 0x2a], &kind, packet].concat(),
            Self::QinQ => {
                [&macs[..], &[0x88, 0xa8, 0x00, 0x64, 0x81, 0x00, 0x60, 0x2a], &kind, packet].concat()
            }
            Self::Vxlan => {
                let frame = [&macs[..], &kind, packet].concat();
                // RFC 7348, 5: network 42. The source port is a hash of what is inside.
                let payload = [&[0x08, 0, 0, 0, 0, 0, 42, 0][..], &frame].concat();
                let from = SocketAddr::from(([192, 168, 50, last(src)], 49_152));
                let to = SocketAddr::from(([192, 168, 50, last(dst)], 8_472));
                let datagram = packet::udp(from, to, &payload);
                let outer = packet::ip(from.ip(), to.ip(), Header::of(UDP), &datagram);
                Self::Ethernet.wrap(from.ip(), to.ip(), &outer)
            }
            Self::Raw => packet.to_vec(),
            // The family in the byte order of the host that captured; 30 is Darwin's AF_INET6.
            Self::Null => [&(if src.is_ipv4() { 2_u32 } else { 30 }).to_le_bytes()[..], packet].concat(),
            Self::Loop => [&(if src.is_ipv4() { 2_u32 } else { 24 }).to_be_bytes()[..], packet].concat(),
            Self::Sll => {
                let head = [0, 4, 0, 1, 0, 6];
                [&head[..], &mac(src), &[0, 0], &kind, packet].concat()
            }
            Self::Sll2 => {
                let head = [0, 0, 0, 0, 0, 7, 0, 1, 4, 6];
                [&kind[..], &head, &mac(src), &[0, 0], packet].concat()
            }
        }
    }
}

/// Docker's way: 02:42 and the IPv4 address; the walkthrough's nodes have such.
fn mac(address: IpAddr) -> [u8; 6] {
    match packet::octets(address).as_slice() {
        [.., a, b, c, d] => [0x02, 0x42, *a, *b, *c, *d],
        _ => [0x02; 6],
    }
}

fn last(address: IpAddr) -> u8 {
    packet::octets(address).last().copied().unwrap_or_default()
}
