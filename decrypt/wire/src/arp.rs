//! Address resolution (RFC 826).

use core::net::Ipv4Addr;

use zerocopy::byteorder::big_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{Error, EtherType, Mac, bytes};

/// An ARP packet for any pair of address families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arp<'a> {
    header: &'a Header,
    addresses: &'a [u8],
}

impl<'a> Arp<'a> {
    /// Reads the packet at the start of `packet`; all four addresses must be there.
    pub fn parse(packet: &'a [u8]) -> Result<Self, Error> {
        let (header, rest) = bytes::header::<Header>(packet)?;
        let len = 2 * (usize::from(header.hardware_len) + usize::from(header.protocol_len));
        let Some(addresses) = rest.get(..len) else {
            return Err(Error::Truncated { need: size_of::<Header>() + len, have: packet.len() });
        };
        Ok(Self { header, addresses })
    }

    /// The eight bytes before the addresses.
    pub fn header(&self) -> &'a Header {
        self.header
    }

    /// What the packet asks or answers.
    pub fn operation(&self) -> Operation {
        Operation(self.header.operation.get())
    }

    /// Sender and target hardware and protocol addresses, back to back as they lie in the packet.
    pub fn addresses(&self) -> &'a [u8] {
        self.addresses
    }

    /// The four addresses, where they are ethernet's and IPv4's.
    pub fn ethernet_ipv4(&self) -> Option<EthernetIpv4> {
        let header = self.header;
        let families = (header.hardware_type.get(), EtherType(header.protocol_type.get()));
        let lengths = (header.hardware_len, header.protocol_len);
        if families != (ETHERNET, EtherType::IPV4) || lengths != (6, 4) {
            return None;
        }
        let raw = Addresses::ref_from_bytes(self.addresses).ok()?;
        Some(EthernetIpv4 {
            sender_mac: raw.sender_mac,
            sender: raw.sender.into(),
            target_mac: raw.target_mac,
            target: raw.target.into(),
        })
    }
}

/// The fixed start of an ARP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// 1 is ethernet.
    pub hardware_type: U16,
    /// An [`EtherType`].
    pub protocol_type: U16,
    /// Length of each hardware address in bytes.
    pub hardware_len: u8,
    /// Length of each protocol address in bytes.
    pub protocol_len: u8,
    /// [`Operation`].
    pub operation: U16,
}

const _: () = assert!(size_of::<Header>() == 8);

/// What an ARP packet does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operation(pub u16);

impl Operation {
    /// Who has the target protocol address?
    pub const REQUEST: Self = Self(1);
    /// The sender has it.
    pub const REPLY: Self = Self(2);
}

/// The addresses of an ethernet and IPv4 ARP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EthernetIpv4 {
    /// Hardware address of the sender.
    pub sender_mac: Mac,
    /// Protocol address of the sender.
    pub sender: Ipv4Addr,
    /// Hardware address of the target; zero in a request.
    pub target_mac: Mac,
    /// Protocol address of the target.
    pub target: Ipv4Addr,
}

#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Addresses {
    sender_mac: Mac,
    sender: [u8; 4],
    target_mac: Mac,
    target: [u8; 4],
}

const ETHERNET: u16 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    const REPLY: [u8; 28] = [
        0, 1, 8, 0, 6, 4, 0, 2, // header
        0xde, 0xad, 0xbe, 0xef, 0, 1, 10, 0, 1, 1, // sender
        2, 0, 0, 0, 0, 9, 10, 0, 1, 77, // target
    ];

    #[test]
    fn a_reply_names_both_ends() {
        let arp = Arp::parse(&REPLY).unwrap();
        assert_eq!(arp.operation(), Operation::REPLY);
        let ends = arp.ethernet_ipv4().unwrap();
        assert_eq!(ends.sender_mac, Mac([0xde, 0xad, 0xbe, 0xef, 0, 1]));
        assert_eq!(ends.sender, Ipv4Addr::new(10, 0, 1, 1));
        assert_eq!(ends.target_mac, Mac([2, 0, 0, 0, 0, 9]));
        assert_eq!(ends.target, Ipv4Addr::new(10, 0, 1, 77));
    }

    #[test]
    fn other_families_keep_their_raw_addresses() {
        let mut bytes = REPLY;
        bytes[1] = 32; // InfiniBand
        let arp = Arp::parse(&bytes).unwrap();
        assert_eq!(arp.ethernet_ipv4(), None);
        assert_eq!(arp.addresses(), &REPLY[8..]);
    }

    #[test]
    fn address_lengths_are_checked_against_the_bytes() {
        assert_eq!(Arp::parse(&REPLY[..27]), Err(Error::Truncated { need: 28, have: 27 }));
        let mut bytes = REPLY;
        bytes[4] = 255;
        assert_eq!(Arp::parse(&bytes), Err(Error::Truncated { need: 526, have: 28 }));
    }
}
