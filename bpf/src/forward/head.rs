use wgtrace_abi::DropReason;
use wgtrace_abi::forward::Mac;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, transmute};

use super::Done;

/// An Ethernet header and the part of an IPv4 header before its addresses: all that forwarding rewrites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Head {
    destination: Mac,
    source: Mac,
    ethertype: [u8; 2],
    version: u8,
    service: u8,
    total_len: [u8; 2],
    part: [u8; 4],
    ttl: u8,
    protocol: u8,
    checksum: [u8; 2],
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
        if self.ttl <= 1 { Err(DropReason::TTL_EXCEEDED.into()) } else { Ok(()) }
    }

    /// With the TTL one lower, and the checksum to match (RFC 1624).
    #[inline(always)]
    pub(super) fn one_hop_less(mut self) -> Self {
        self.ttl = self.ttl.wrapping_sub(1);
        // the TTL is the upper byte of its word
        let sum = u32::from(u16::from_be_bytes(self.checksum)).wrapping_add(0x0100);
        let carried = sum.wrapping_add(u32::from(sum >= 0xffff));
        let [_, _, high, low] = carried.to_be_bytes();
        self.checksum = [high, low];
        self
    }

    /// With other link-layer addresses.
    #[inline(always)]
    pub(super) fn addressed(mut self, destination: Mac, source: Mac) -> Self {
        self.destination = destination;
        self.source = source;
        self
    }

    /// With another link-layer destination.
    #[inline(always)]
    pub(super) fn to(mut self, destination: Mac) -> Self {
        self.destination = destination;
        self
    }
}

/// An Ethernet frame with IPv4 in it, as far as forwarding looks.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Frame {
    pub(super) head: Head,
    pub(super) from: [u8; 4],
    pub(super) to: [u8; 4],
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
        u16::from_be_bytes(self.head.ethertype)
    }

    /// Whether the IP header is one of IPv4.
    #[inline(always)]
    pub(super) fn is_sound(&self) -> bool {
        self.head.version >> 4 == 4 && self.head.version & 0x0f >= 5
    }
}

pub(super) const IPV4: u16 = 0x0800;
pub(super) const ARP: u16 = 0x0806;
pub(super) const IPV6: u16 = 0x86dd;
