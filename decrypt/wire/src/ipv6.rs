//! IPv6 (RFC 8200) and its extension headers.

pub mod extension;

use core::net::Ipv6Addr;

use zerocopy::byteorder::big_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::ip::{Protocol, Upper};
use crate::{Error, bytes};
use extension::{Chain, Extension};

/// An IPv6 packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6<'a> {
    header: &'a Header,
    claimed: Option<usize>,
    payload: &'a [u8],
}

impl<'a> Ipv6<'a> {
    /// Length of the fixed header in bytes.
    pub const HEADER_LEN: usize = size_of::<Header>();

    /// Reads the packet at the start of `packet`; its extension headers are not looked at, but for
    /// the length of a jumbogram.
    #[inline]
    pub fn parse(packet: &'a [u8]) -> Result<Self, Error> {
        let (header, rest) = bytes::header::<Header>(packet)?;
        let version = header.version_class_flow.to_bytes()[0] >> 4;
        if version != 6 {
            return Err(Error::WrongVersion(version));
        }
        let claimed = match (header.payload_len.get(), Protocol(header.next_header)) {
            (0, Protocol::NONE) => Some(0),
            (0, Protocol::HOP_BY_HOP) => jumbo_len(rest),
            (0, _) => None,
            (len, _) => Some(usize::from(len)),
        };
        Ok(Self { header, claimed, payload: bytes::trim(rest, claimed) })
    }

    /// The fixed 40 bytes.
    pub fn header(&self) -> &'a Header {
        self.header
    }

    /// Source address.
    pub fn src(&self) -> Ipv6Addr {
        self.header.src.into()
    }

    /// Destination address.
    pub fn dst(&self) -> Ipv6Addr {
        self.header.dst.into()
    }

    /// What follows the fixed header: an extension header, or the protocol of the payload.
    pub fn next_header(&self) -> Protocol {
        Protocol(self.header.next_header)
    }

    /// Hops left.
    pub fn hop_limit(&self) -> u8 {
        self.header.hop_limit
    }

    /// Flow label, 20 bits.
    pub fn flow_label(&self) -> u32 {
        self.header.version_class_flow.get() & 0x000f_ffff
    }

    /// Differentiated services code point, 6 bits.
    pub fn dscp(&self) -> u8 {
        self.traffic_class() >> 2
    }

    /// Explicit congestion notification, 2 bits.
    pub fn ecn(&self) -> u8 {
        self.traffic_class() & 3
    }

    /// Length of all behind the fixed header in bytes, extension headers included; `None` when the
    /// length is 0 and no jumbo option tells it, as the kernel hands large segments to captures.
    #[inline]
    pub fn claimed_len(&self) -> Option<usize> {
        self.claimed
    }

    /// What is there behind the fixed header, extension headers included.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// Walks the extension headers.
    pub fn extensions(&self) -> Chain<'a> {
        Chain::new(self.next_header(), self.payload)
    }

    /// What the packet carries, behind all extension headers, or behind its fragment header.
    #[inline]
    pub fn upper(&self) -> Result<Upper<'a>, Error> {
        let upper = extension::upper(self.next_header(), self.payload, self.claimed)?;
        Ok(Upper { offset: Self::HEADER_LEN + upper.offset, ..upper })
    }

    fn traffic_class(&self) -> u8 {
        let [first, second, ..] = self.header.version_class_flow.to_bytes();
        first << 4 | second >> 4
    }
}

/// The fixed IPv6 header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// Version (4 bits), DSCP (6), ECN (2), flow label (20).
    pub version_class_flow: U32,
    /// Length in bytes of all that follows this header.
    pub payload_len: U16,
    /// [`Protocol`] of what follows.
    pub next_header: u8,
    /// Hops left.
    pub hop_limit: u8,
    /// Source address.
    pub src: [u8; 16],
    /// Destination address.
    pub dst: [u8; 16],
}

const _: () = assert!(size_of::<Header>() == 40);

/// The length in a jumbo payload option; one that fits the ordinary field is none (RFC 2675, 3).
fn jumbo_len(payload: &[u8]) -> Option<usize> {
    let Some(Ok(Extension::HopByHop(options))) = Chain::new(Protocol::HOP_BY_HOP, payload).next() else {
        return None;
    };
    let jumbo = options.filter_map(Result::ok).find(|option| option.kind == JUMBO_PAYLOAD)?;
    let len = u32::from_be_bytes(jumbo.data.try_into().ok()?);
    (len > u32::from(u16::MAX)).then_some(())?;
    usize::try_from(len).ok()
}

/// RFC 2675, 2.
const JUMBO_PAYLOAD: u8 = 0xc2;

#[cfg(test)]
mod tests;
