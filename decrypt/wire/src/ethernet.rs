//! Ethernet II frames, and the length form of IEEE 802.3.

use core::fmt;

use zerocopy::byteorder::big_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{Error, bytes};

/// An ethernet frame, without preamble and check sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ethernet<'a> {
    header: &'a Header,
    payload: &'a [u8],
}

impl<'a> Ethernet<'a> {
    /// Reads the frame at the start of `frame`.
    #[inline]
    pub fn parse(frame: &'a [u8]) -> Result<Self, Error> {
        let (header, rest) = bytes::header::<Header>(frame)?;
        let claimed = EtherType(header.ethertype.get()).as_length();
        Ok(Self { header, payload: bytes::trim(rest, claimed) })
    }

    /// The 14 bytes of header.
    pub fn header(&self) -> &'a Header {
        self.header
    }

    /// Destination address.
    pub fn dst(&self) -> Mac {
        self.header.dst
    }

    /// Source address.
    pub fn src(&self) -> Mac {
        self.header.src
    }

    /// What the payload is; a length when [`EtherType::as_length`] says so.
    pub fn ethertype(&self) -> EtherType {
        EtherType(self.header.ethertype.get())
    }

    /// Payload length in bytes, which only 802.3 frames state.
    #[inline]
    pub fn claimed_len(&self) -> Option<usize> {
        self.ethertype().as_length()
    }

    /// What follows the header: of an ethernet II frame with its padding, which only the payload's
    /// own length field tells apart.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// The header of an ethernet frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// Destination address.
    pub dst: Mac,
    /// Source address.
    pub src: Mac,
    /// [`EtherType`], or a length up to 1500.
    pub ethertype: U16,
}

const _: () = assert!(size_of::<Header>() == 14);

/// A 48-bit hardware address.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    FromBytes,
    IntoBytes,
    Immutable,
    KnownLayout,
    Unaligned,
)]
#[repr(transparent)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Everyone on the link.
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// Whether this is a group address, broadcast included.
    pub fn is_multicast(self) -> bool {
        let [first, ..] = self.0;
        first & 1 != 0
    }

    /// Whether the address was assigned locally, not by a vendor.
    pub fn is_local(self) -> bool {
        let [first, ..] = self.0;
        first & 2 != 0
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02x}", if at == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Which protocol a frame carries (IEEE 802 numbers registry).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EtherType(pub u16);

impl EtherType {
    /// IPv4.
    pub const IPV4: Self = Self(0x0800);
    /// ARP.
    pub const ARP: Self = Self(0x0806);
    /// A whole ethernet frame, in GRE and Geneve (RFC 1701).
    pub const BRIDGED: Self = Self(0x6558);
    /// An 802.1Q tag.
    pub const VLAN: Self = Self(0x8100);
    /// IPv6.
    pub const IPV6: Self = Self(0x86dd);
    /// MPLS label stack.
    pub const MPLS: Self = Self(0x8847);
    /// MPLS label stack, label assigned upstream (RFC 5332).
    pub const MPLS_UPSTREAM: Self = Self(0x8848);
    /// PPP over ethernet, session stage (RFC 2516).
    pub const PPPOE_SESSION: Self = Self(0x8864);
    /// An 802.1ad service tag.
    pub const SERVICE_VLAN: Self = Self(0x88a8);
    /// An outer tag of the years before 802.1ad.
    pub const OLD_QINQ: Self = Self(0x9100);

    /// Whether a VLAN tag follows.
    pub fn is_vlan(self) -> bool {
        matches!(self, Self::VLAN | Self::SERVICE_VLAN | Self::OLD_QINQ)
    }

    /// The 802.3 payload length in bytes, where the number is one (up to 1500).
    pub fn as_length(self) -> Option<usize> {
        (self.0 <= 1500).then_some(usize::from(self.0))
    }
}

impl fmt::Debug for EtherType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:04x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    // An ARP request's header: broadcast, 14 + 28 bytes, padded to 60.
    const FRAME: [u8; 60] = {
        let mut frame = [0; 60];
        let head = [255, 255, 255, 255, 255, 255, 0x3a, 0x0d, 0xfe, 0x0a, 0x00, 0x01, 0x08, 0x06];
        let mut i = 0;
        while i < head.len() {
            frame[i] = head[i];
            i += 1;
        }
        frame
    };

    #[test]
    fn addresses_and_type_are_read_in_wire_order() {
        let ethernet = Ethernet::parse(&FRAME).unwrap();
        assert_eq!(ethernet.dst(), Mac::BROADCAST);
        assert!(ethernet.dst().is_multicast());
        assert_eq!(ethernet.src().to_string(), "3a:0d:fe:0a:00:01");
        assert!(ethernet.src().is_local());
        assert_eq!(ethernet.ethertype(), EtherType::ARP);
        assert_eq!(ethernet.payload().len(), 46);
        assert_eq!(ethernet.claimed_len(), None);
    }

    #[test]
    fn length_form_trims_the_padding() {
        let mut frame = FRAME;
        frame[12..14].copy_from_slice(&[0, 38]);
        let ethernet = Ethernet::parse(&frame).unwrap();
        assert_eq!(ethernet.claimed_len(), Some(38));
        assert_eq!(ethernet.payload().len(), 38);
    }

    #[test]
    fn thirteen_bytes_are_no_header() {
        assert_eq!(Ethernet::parse(&FRAME[..13]), Err(Error::Truncated { need: 14, have: 13 }));
        assert_eq!(Ethernet::parse(&FRAME[..14]).unwrap().payload(), &[]);
    }
}
