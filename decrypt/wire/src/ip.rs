//! What IPv4 and IPv6 have in common.

use core::fmt;
use core::net::IpAddr;

use crate::{Error, Ipv4, Ipv6};

/// An IP packet of either version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ip<'a> {
    /// Version 4.
    V4(Ipv4<'a>),
    /// Version 6.
    V6(Ipv6<'a>),
}

impl<'a> Ip<'a> {
    /// Reads the packet at the start of `packet`, told apart by its version field.
    pub fn parse(packet: &'a [u8]) -> Result<Self, Error> {
        match version(packet) {
            Some(4) => Ipv4::parse(packet).map(Self::V4),
            Some(6) => Ipv6::parse(packet).map(Self::V6),
            Some(other) => Err(Error::WrongVersion(other)),
            None => Err(Error::Truncated { need: 1, have: 0 }),
        }
    }

    /// Source address.
    pub fn src(&self) -> IpAddr {
        match self {
            Self::V4(ip) => ip.src().into(),
            Self::V6(ip) => ip.src().into(),
        }
    }

    /// Destination address.
    pub fn dst(&self) -> IpAddr {
        match self {
            Self::V4(ip) => ip.dst().into(),
            Self::V6(ip) => ip.dst().into(),
        }
    }

    /// Length of the whole packet in bytes as its header says; `None` when it leaves that open.
    pub fn packet_len(&self) -> Option<usize> {
        match self {
            Self::V4(ip) => ip.claimed_len().map(|len| len.saturating_add(ip.header_len())),
            Self::V6(ip) => ip.claimed_len().map(|len| len.saturating_add(Ipv6::HEADER_LEN)),
        }
    }

    /// What the packet carries, behind all extension headers.
    pub fn upper(&self) -> Result<Upper<'a>, Error> {
        match self {
            Self::V4(ip) => Ok(ip.upper()),
            Self::V6(ip) => ip.upper(),
        }
    }
}

/// The version field of `packet`, which may be anything; `None` of no bytes.
pub fn version(packet: &[u8]) -> Option<u8> {
    packet.first().map(|first| first >> 4)
}

/// What an IP packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upper<'a> {
    /// Protocol of the payload. In a fragment behind the first, of the datagram it is part of.
    pub protocol: Protocol,
    /// Where the payload starts, counted in bytes from what was walked.
    pub offset: usize,
    /// What is there of the payload.
    pub payload: &'a [u8],
    /// Length of the payload in bytes as the headers say; `None` when they leave it open.
    pub claimed_len: Option<usize>,
    /// Where the payload belongs, when it is only a part of a datagram.
    pub fragment: Option<Fragment>,
}

/// A fragment's place in its datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragment {
    /// Identification: 16 bits of IPv4, 32 of IPv6.
    pub id: u32,
    /// Offset of its payload in bytes, a multiple of 8.
    pub offset: u16,
    /// Whether fragments follow behind it.
    pub more: bool,
}

impl Fragment {
    /// Whether this is part of a datagram and not all of it (an atomic fragment, RFC 6946).
    pub fn is_partial(self) -> bool {
        self.offset != 0 || self.more
    }
}

/// Which protocol an IP packet carries (IANA protocol numbers).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Protocol(pub u8);

impl Protocol {
    /// IPv6 hop-by-hop options.
    pub const HOP_BY_HOP: Self = Self(0);
    /// ICMP for IPv4.
    pub const ICMP: Self = Self(1);
    /// IPv4 in IP.
    pub const IPV4: Self = Self(4);
    /// TCP.
    pub const TCP: Self = Self(6);
    /// UDP.
    pub const UDP: Self = Self(17);
    /// IPv6 in IP.
    pub const IPV6: Self = Self(41);
    /// IPv6 routing header.
    pub const ROUTING: Self = Self(43);
    /// IPv6 fragment header.
    pub const FRAGMENT: Self = Self(44);
    /// GRE.
    pub const GRE: Self = Self(47);
    /// Encapsulating security payload.
    pub const ESP: Self = Self(50);
    /// Authentication header.
    pub const AUTHENTICATION: Self = Self(51);
    /// ICMP for IPv6.
    pub const ICMPV6: Self = Self(58);
    /// Nothing follows.
    pub const NONE: Self = Self(59);
    /// IPv6 destination options.
    pub const DESTINATION_OPTIONS: Self = Self(60);
    /// SCTP.
    pub const SCTP: Self = Self(132);

    /// Whether this is an IPv6 extension header that is followed.
    pub fn is_extension(self) -> bool {
        matches!(
            self,
            Self::HOP_BY_HOP
                | Self::ROUTING
                | Self::FRAGMENT
                | Self::AUTHENTICATION
                | Self::DESTINATION_OPTIONS
        )
    }
}

impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_field_decides() {
        assert_eq!(Ip::parse(&[]), Err(Error::Truncated { need: 1, have: 0 }));
        assert_eq!(Ip::parse(&[0x50; 60]), Err(Error::WrongVersion(5)));
        assert!(matches!(Ip::parse(&[0x45; 60]), Ok(Ip::V4(_))));
        assert!(matches!(Ip::parse(&[0x60; 60]), Ok(Ip::V6(_))));
    }

    #[test]
    fn packet_length_covers_the_header() {
        let mut packet = [0; 100];
        packet[..4].copy_from_slice(&[0x45, 0, 0, 84]);
        assert_eq!(Ip::parse(&packet).unwrap().packet_len(), Some(84));
        packet[..6].copy_from_slice(&[0x60, 0, 0, 0, 0, 20]);
        assert_eq!(Ip::parse(&packet).unwrap().packet_len(), Some(60));
    }
}
