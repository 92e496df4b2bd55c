use wgtrace_wire::icmp::{Echo, Icmpv4Message, Icmpv6Message};
use wgtrace_wire::ip::Fragment;
use wgtrace_wire::{Icmpv4, Icmpv6, Protocol, Tcp, Udp};

use super::{Fault, WireGuard};

/// The transport layer of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport<'a> {
    /// No IP, or none that could be read.
    None,
    /// TCP.
    Tcp(TcpSegment<'a>),
    /// UDP.
    Udp(UdpDatagram<'a>),
    /// ICMP of IPv4.
    Icmpv4(Icmpv4<'a>),
    /// ICMP of IPv6.
    Icmpv6(Icmpv6<'a>),
    /// A fragment behind the first: its transport header is elsewhere.
    Fragment(Fragment),
    /// Any other protocol.
    Other(Protocol),
    /// A header of this protocol, or the extension headers before it, that are not whole.
    Unread {
        /// What was announced.
        protocol: Protocol,
        /// Source and destination port, where TCP's or UDP's are there.
        ports: Option<(u16, u16)>,
        /// Why the header could not be read.
        fault: Fault,
    },
}

impl Transport<'_> {
    /// Length of the payload of TCP or UDP as it was on the wire, in bytes, captured or not.
    pub fn payload_len(&self) -> Option<u32> {
        match self {
            Self::Tcp(segment) => Some(segment.payload_len),
            Self::Udp(datagram) => Some(datagram.payload_len),
            Self::None
            | Self::Icmpv4(_)
            | Self::Icmpv6(_)
            | Self::Fragment(_)
            | Self::Other(_)
            | Self::Unread { .. } => None,
        }
    }

    /// An ICMP echo, and whether it is the reply.
    pub fn echo(&self) -> Option<(bool, Echo)> {
        match self {
            Self::Icmpv4(icmp) => match icmp.message() {
                Icmpv4Message::EchoRequest(echo) => Some((false, echo)),
                Icmpv4Message::EchoReply(echo) => Some((true, echo)),
                Icmpv4Message::DestinationUnreachable { .. }
                | Icmpv4Message::Redirect { .. }
                | Icmpv4Message::TimeExceeded { .. }
                | Icmpv4Message::ParameterProblem { .. }
                | Icmpv4Message::Other => None,
            },
            Self::Icmpv6(icmp) => match icmp.message() {
                Icmpv6Message::EchoRequest(echo) => Some((false, echo)),
                Icmpv6Message::EchoReply(echo) => Some((true, echo)),
                Icmpv6Message::DestinationUnreachable { .. }
                | Icmpv6Message::PacketTooBig { .. }
                | Icmpv6Message::TimeExceeded { .. }
                | Icmpv6Message::ParameterProblem { .. }
                | Icmpv6Message::RouterSolicitation
                | Icmpv6Message::RouterAdvertisement
                | Icmpv6Message::NeighborSolicitation { .. }
                | Icmpv6Message::NeighborAdvertisement { .. }
                | Icmpv6Message::Other => None,
            },
            Self::None
            | Self::Tcp(_)
            | Self::Udp(_)
            | Self::Fragment(_)
            | Self::Other(_)
            | Self::Unread { .. } => None,
        }
    }

    /// Source and destination port.
    pub fn ports(&self) -> Option<(u16, u16)> {
        match self {
            Self::Tcp(segment) => Some((segment.tcp.src_port(), segment.tcp.dst_port())),
            Self::Udp(datagram) => Some((datagram.udp.src_port(), datagram.udp.dst_port())),
            Self::Unread { ports, .. } => *ports,
            Self::None | Self::Icmpv4(_) | Self::Icmpv6(_) | Self::Fragment(_) | Self::Other(_) => None,
        }
    }
}

/// A TCP segment, or a super-frame of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpSegment<'a> {
    /// The header, and what was captured behind it.
    pub tcp: Tcp<'a>,
    /// Length of the payload on the wire in bytes.
    pub payload_len: u32,
}

/// A UDP datagram, or a super-frame of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UdpDatagram<'a> {
    /// The header, and what was captured behind it.
    pub udp: Udp<'a>,
    /// Length of the payload on the wire in bytes; of a first fragment, that of the whole datagram.
    pub payload_len: u32,
    /// The message it carries, of a super-frame the first; as many follow as [`super::Packet::segments`] says.
    pub wireguard: Option<WireGuard>,
}
