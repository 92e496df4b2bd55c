use wgtrace_wire::ip::Fragment;
use wgtrace_wire::{Arp, EtherType, Ip, Protocol};

use super::Fault;

/// The network layer of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network<'a> {
    /// Address resolution.
    Arp(Arp<'a>),
    /// IPv4 or IPv6.
    Ip(IpPacket<'a>),
    /// Any other protocol, or the length of an 802.3 frame.
    Other(EtherType),
    /// A header of this protocol (or a VLAN tag) that is not whole.
    Unread {
        /// What was announced.
        ethertype: EtherType,
        /// Why it could not be read.
        fault: Fault,
    },
    /// Nothing is known: the link layer could not be read.
    None,
}

impl Network<'_> {
    /// Whether it is IPv4.
    pub fn is_ipv4(&self) -> bool {
        matches!(self, Self::Ip(IpPacket { ip: Ip::V4(_), .. }))
    }

    /// Whether it is IPv6.
    pub fn is_ipv6(&self) -> bool {
        matches!(self, Self::Ip(IpPacket { ip: Ip::V6(_), .. }))
    }
}

/// An IP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpPacket<'a> {
    /// Its header.
    pub ip: Ip<'a>,
    /// What it carries, behind all extension headers that could be read.
    pub protocol: Protocol,
    /// Its place in a datagram, when it is only a part of one.
    pub fragment: Option<Fragment>,
    /// Bytes that its header claims and the packet never had; nearly always 0.
    pub missing: usize,
}
