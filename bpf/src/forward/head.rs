use wgtrace_abi::forward::Mac;
use wgtrace_abi::{Address, DropReason};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, transmute};

use super::Done;

/// An Ethernet header and the part of an IPv4 header before its addresses: all that forwarding rewrites.
///
/// Words of 16 bits as they lie there: what is copied byte by byte takes a program twice as long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Head {
    destination: [u16; 3],
    source: [u16; 3],
    ethertype: u16,
    /// Version and header length, and the type of service.
    version: u16,
    total_len: u16,
    part: [u16; 2],
    /// TTL and protocol.
    hops: u16,
    checksum: u16,
}

/// Bytes of a [`Head`].
pub const HEAD_LEN: usize = 26;

const _: () = assert!(size_of::<Head>() == HEAD_LEN);

impl Head {
    /// The bytes as they are on the wire.
    #[inline(always)]
    pub fn bytes(self) -> [u8; HEAD_LEN] {
        transmute!(self)
    }

    /// Whether it may go one hop more.
    #[inline(always)]
    pub(super) fn check_hops(&self) -> Done {
        if u16::from_be(self.hops) >> 8 <= 1 { Err(DropReason::TTL_EXCEEDED.into()) } else { Ok(()) }
    }

    /// With the TTL one lower, and the checksum to match (RFC 1624).
    #[inline(always)]
    pub(super) fn one_hop_less(mut self) -> Self {
        self.hops = u16::from_be(self.hops).wrapping_sub(ONE_HOP).to_be();
        let sum = u32::from(u16::from_be(self.checksum)).wrapping_add(ONE_HOP.into());
        let [_, _, high, low] = sum.wrapping_add(u32::from(sum >= 0xffff)).to_be_bytes();
        self.checksum = u16::from_ne_bytes([high, low]);
        self
    }

    /// With other link-layer addresses.
    #[inline(always)]
    pub(super) fn addressed(mut self, destination: Mac, source: Mac) -> Self {
        self.destination = transmute!(destination);
        self.source = transmute!(source);
        self
    }

    /// With another link-layer destination.
    #[inline(always)]
    pub(super) fn to(mut self, destination: Mac) -> Self {
        self.destination = transmute!(destination);
        self
    }
}

/// The TTL is the upper byte of its word.
const ONE_HOP: u16 = 0x0100;

/// An Ethernet frame with IPv4 in it, as far as forwarding looks.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub(super) struct Frame {
    pub(super) head: Head,
    from: [u16; 2],
    to: [u16; 2],
}

/// Bytes of a [`Frame`].
pub(super) const FRAME_LEN: usize = 34;

const _: () = assert!(size_of::<Frame>() == FRAME_LEN);

impl Frame {
    #[inline(always)]
    pub(super) fn new(bytes: [u8; FRAME_LEN]) -> Self {
        transmute!(bytes)
    }

    #[inline(always)]
    pub(super) fn ethertype(&self) -> u16 {
        u16::from_be(self.head.ethertype)
    }

    /// Whether the IP header is one of IPv4.
    #[inline(always)]
    pub(super) fn is_sound(&self) -> bool {
        let version = u16::from_be(self.head.version) >> 8;
        version >> 4 == 4 && version & 0x0f >= 5
    }

    /// Whether there is one, and no options in it.
    #[inline(always)]
    pub(super) fn is_plain(&self) -> bool {
        u16::from_be(self.head.version) >> 8 == 0x45
    }

    /// What is behind the IP header.
    #[inline(always)]
    pub(super) fn protocol(&self) -> u8 {
        let [_, protocol] = u16::from_be(self.head.hops).to_be_bytes();
        protocol
    }

    /// Whether that begins in this packet: it is no later fragment.
    #[inline(always)]
    pub(super) fn is_first_part(&self) -> bool {
        let [_, fragment] = self.head.part;
        u16::from_be(fragment) << 3 == 0
    }

    #[inline(always)]
    pub(super) fn from(&self) -> Address {
        Address::v4(transmute!(self.from))
    }

    #[inline(always)]
    pub(super) fn to(&self) -> Address {
        Address::v4(transmute!(self.to))
    }
}

pub(super) const IPV4: u16 = 0x0800;
pub(super) const ARP: u16 = 0x0806;
pub(super) const IPV6: u16 = 0x86dd;
