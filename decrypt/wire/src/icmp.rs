//! ICMP for IPv4 (RFC 792) and for IPv6 (RFC 4443, RFC 4861).

use core::net::{Ipv4Addr, Ipv6Addr};

use zerocopy::byteorder::big_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{Error, bytes};

/// An ICMP message of IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Icmpv4<'a>(Icmp<'a>);

/// An ICMP message of IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Icmpv6<'a>(Icmp<'a>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Icmp<'a> {
    header: &'a Header,
    body: &'a [u8],
}

macro_rules! common {
    ($type:ident) => {
        impl<'a> $type<'a> {
            /// Reads the message that fills `message`.
            pub fn parse(message: &'a [u8]) -> Result<Self, Error> {
                let (header, body) = bytes::header::<Header>(message)?;
                Ok(Self(Icmp { header, body }))
            }

            /// The 8 bytes of header.
            pub fn header(&self) -> &'a Header {
                self.0.header
            }

            /// Message type.
            pub fn kind(&self) -> u8 {
                self.0.header.kind
            }

            /// Code, which refines the type.
            pub fn code(&self) -> u8 {
                self.0.header.code
            }

            /// Checksum of the message.
            pub fn checksum(&self) -> u16 {
                self.0.header.checksum.get()
            }

            /// What is there behind the header; in an error, the start of the packet it is about.
            pub fn body(&self) -> &'a [u8] {
                self.0.body
            }
        }
    };
}

common!(Icmpv4);
common!(Icmpv6);

impl<'a> Icmpv4<'a> {
    /// What the message says.
    pub fn message(&self) -> Icmpv4Message<'a> {
        let rest = self.0.header.rest;
        let (Halves { first, second }, body) = (halves(rest), self.0.body);
        match self.kind() {
            0 => Icmpv4Message::EchoReply(Echo { id: first, sequence: second }),
            3 => Icmpv4Message::DestinationUnreachable { next_hop_mtu: second, packet: body },
            5 => Icmpv4Message::Redirect { gateway: Ipv4Addr::from(rest), packet: body },
            8 => Icmpv4Message::EchoRequest(Echo { id: first, sequence: second }),
            11 => Icmpv4Message::TimeExceeded { packet: body },
            12 => Icmpv4Message::ParameterProblem { pointer: first.to_be_bytes()[0], packet: body },
            _ => Icmpv4Message::Other,
        }
    }
}

impl<'a> Icmpv6<'a> {
    /// What the message says.
    pub fn message(&self) -> Icmpv6Message<'a> {
        let rest = self.0.header.rest;
        let (Halves { first, second }, body) = (halves(rest), self.0.body);
        let word = U32::from_bytes(rest).get();
        // A neighbor message too short for its target is not one that can be read.
        let target = body.first_chunk::<16>().copied().map(Ipv6Addr::from);
        match (self.kind(), target) {
            (1, _) => Icmpv6Message::DestinationUnreachable { packet: body },
            (2, _) => Icmpv6Message::PacketTooBig { mtu: word, packet: body },
            (3, _) => Icmpv6Message::TimeExceeded { packet: body },
            (4, _) => Icmpv6Message::ParameterProblem { pointer: word, packet: body },
            (128, _) => Icmpv6Message::EchoRequest(Echo { id: first, sequence: second }),
            (129, _) => Icmpv6Message::EchoReply(Echo { id: first, sequence: second }),
            (133, _) => Icmpv6Message::RouterSolicitation,
            (134, _) => Icmpv6Message::RouterAdvertisement,
            (135, Some(target)) => Icmpv6Message::NeighborSolicitation { target },
            (136, Some(target)) => Icmpv6Message::NeighborAdvertisement { target },
            _ => Icmpv6Message::Other,
        }
    }
}

/// A message of IPv4's ICMP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icmpv4Message<'a> {
    /// Type 8.
    EchoRequest(Echo),
    /// Type 0.
    EchoReply(Echo),
    /// Type 3; the code says why.
    DestinationUnreachable {
        /// With code 4, what fits the next link, in bytes (RFC 1191); else 0.
        next_hop_mtu: u16,
        /// What is there of the packet in question.
        packet: &'a [u8],
    },
    /// Type 5.
    Redirect {
        /// The better router.
        gateway: Ipv4Addr,
        /// What is there of the packet in question.
        packet: &'a [u8],
    },
    /// Type 11.
    TimeExceeded {
        /// What is there of the packet in question.
        packet: &'a [u8],
    },
    /// Type 12.
    ParameterProblem {
        /// Offset of the bad byte.
        pointer: u8,
        /// What is there of the packet in question.
        packet: &'a [u8],
    },
    /// Any other type.
    Other,
}

/// A message of IPv6's ICMP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icmpv6Message<'a> {
    /// Type 1; the code says why.
    DestinationUnreachable {
        /// What is there of the packet in question.
        packet: &'a [u8],
    },
    /// Type 2.
    PacketTooBig {
        /// What fits the next link, in bytes.
        mtu: u32,
        /// What is there of the packet in question.
        packet: &'a [u8],
    },
    /// Type 3.
    TimeExceeded {
        /// What is there of the packet in question.
        packet: &'a [u8],
    },
    /// Type 4.
    ParameterProblem {
        /// Offset of the bad byte.
        pointer: u32,
        /// What is there of the packet in question.
        packet: &'a [u8],
    },
    /// Type 128.
    EchoRequest(Echo),
    /// Type 129.
    EchoReply(Echo),
    /// Type 133.
    RouterSolicitation,
    /// Type 134.
    RouterAdvertisement,
    /// Type 135.
    NeighborSolicitation {
        /// Who is sought.
        target: Ipv6Addr,
    },
    /// Type 136.
    NeighborAdvertisement {
        /// Who is there.
        target: Ipv6Addr,
    },
    /// Any other type, or a neighbor message cut before its target.
    Other,
}

/// What names an echo request and its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Echo {
    /// Identifier, of the sending socket.
    pub id: u16,
    /// Sequence number.
    pub sequence: u16,
}

/// The header of every ICMP message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// Message type.
    pub kind: u8,
    /// Refines the type.
    pub code: u8,
    /// Of the message; in IPv6 with a pseudo header.
    pub checksum: U16,
    /// What it is, the type tells.
    pub rest: [u8; 4],
}

const _: () = assert!(size_of::<Header>() == 8);

struct Halves {
    first: u16,
    second: u16,
}

fn halves([a, b, c, d]: [u8; 4]) -> Halves {
    Halves { first: u16::from_be_bytes([a, b]), second: u16::from_be_bytes([c, d]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_names_its_socket_and_number() {
        let echo = Echo { id: 0x1234, sequence: 7 };
        let bytes = [8, 0, 0xab, 0xcd, 0x12, 0x34, 0, 7, 1, 2];
        let icmp = Icmpv4::parse(&bytes).unwrap();
        assert_eq!((icmp.kind(), icmp.code(), icmp.checksum(), icmp.body()), (8, 0, 0xabcd, &[1, 2][..]));
        assert_eq!(icmp.message(), Icmpv4Message::EchoRequest(echo));
        let mut bytes = bytes;
        bytes[0] = 129;
        assert_eq!(Icmpv6::parse(&bytes).unwrap().message(), Icmpv6Message::EchoReply(echo));
    }

    #[test]
    fn too_big_tells_the_mtu_and_the_packet() {
        let bytes = [3, 4, 0, 0, 0, 0, 0x05, 0x8c, 0x45];
        let message = Icmpv4::parse(&bytes).unwrap().message();
        assert_eq!(message, Icmpv4Message::DestinationUnreachable { next_hop_mtu: 1420, packet: &[0x45] });
        let bytes = [2, 0, 0, 0, 0, 1, 0x05, 0x8c, 0x60];
        let message = Icmpv6::parse(&bytes).unwrap().message();
        assert_eq!(message, Icmpv6Message::PacketTooBig { mtu: 66956, packet: &[0x60] });
    }

    #[test]
    fn redirects_and_problems_point_somewhere() {
        let bytes = [5, 1, 0, 0, 10, 0, 0, 1];
        let message = Icmpv4::parse(&bytes).unwrap().message();
        assert_eq!(message, Icmpv4Message::Redirect { gateway: Ipv4Addr::new(10, 0, 0, 1), packet: &[] });
        let bytes = [12, 0, 0, 0, 20, 0, 0, 0];
        let message = Icmpv4::parse(&bytes).unwrap().message();
        assert_eq!(message, Icmpv4Message::ParameterProblem { pointer: 20, packet: &[] });
    }

    #[test]
    fn neighbor_messages_need_their_target() {
        let mut bytes = [0; 24];
        bytes[0] = 135;
        bytes[23] = 1;
        let message = Icmpv6::parse(&bytes).unwrap().message();
        assert_eq!(message, Icmpv6Message::NeighborSolicitation { target: Ipv6Addr::LOCALHOST });
        assert_eq!(Icmpv6::parse(&bytes[..23]).unwrap().message(), Icmpv6Message::Other);
        assert_eq!(Icmpv6::parse(&bytes[..7]), Err(Error::Truncated { need: 8, have: 7 }));
    }
}
