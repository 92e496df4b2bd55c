//! The headers that offloads change, in place; read-only views are in `wgtrace-wire`.

use std::net::IpAddr;

use zerocopy::byteorder::big_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::OffloadError;
use super::checksum::Sum;

macro_rules! header {
    ($(#[$doc:meta])+ $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)+ }) => {
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
        #[repr(C)]
        pub(super) struct $name { $($(#[$field_doc])* pub(super) $field: $type,)+ }
    };
}

header! {
    /// RFC 791 3.1, without options.
    Ipv4Header {
        version_ihl: u8,
        tos: u8,
        total_len: U16,
        id: U16,
        fragment: U16,
        ttl: u8,
        protocol: u8,
        checksum: [u8; 2],
        src: [u8; 4],
        dst: [u8; 4],
    }
}

header! {
    /// RFC 8200 3.
    Ipv6Header {
        version_class_flow: U32,
        payload_len: U16,
        next: u8,
        hop_limit: u8,
        src: [u8; 16],
        dst: [u8; 16],
    }
}

header! {
    /// RFC 9293 3.1, without options.
    TcpHeader {
        src: U16,
        dst: U16,
        seq: U32,
        ack: U32,
        /// Header length in 32-bit words, in the upper half.
        offset: u8,
        flags: u8,
        window: U16,
        checksum: [u8; 2],
        urgent: U16,
    }
}

header! {
    /// RFC 768.
    UdpHeader {
        src: U16,
        dst: U16,
        len: U16,
        checksum: [u8; 2],
    }
}

impl Ipv4Header {
    pub(super) const LEN: usize = 20;
    pub(super) const DONT_FRAGMENT: u16 = 0x4000;
    /// More fragments, or not the first.
    pub(super) const FRAGMENTED: u16 = 0x3fff;

    /// Header length with options, in bytes.
    pub(super) fn header_len(&self) -> usize {
        usize::from(self.version_ihl & 0xf) * 4
    }
}

impl Ipv6Header {
    pub(super) const LEN: usize = 40;
}

impl TcpHeader {
    pub(super) const LEN: usize = 20;
    pub(super) const FIN: u8 = 0x01;
    pub(super) const PSH: u8 = 0x08;
    pub(super) const ACK: u8 = 0x10;
    pub(super) const CWR: u8 = 0x80;

    /// Header length with options, in bytes.
    pub(super) fn header_len(&self) -> usize {
        usize::from(self.offset >> 4) * 4
    }
}

impl UdpHeader {
    pub(super) const LEN: usize = 8;
}

/// The network header of a packet.
#[derive(Debug, Clone, Copy)]
pub(super) enum Network<'p> {
    V4(&'p Ipv4Header),
    V6(&'p Ipv6Header),
}

impl<'p> Network<'p> {
    pub(super) fn parse(packet: &'p [u8]) -> Result<Self, OffloadError> {
        let have = packet.len();
        match packet.first().map(|first| first >> 4) {
            Some(4) => Ok(Self::V4(view(packet, Ipv4Header::LEN)?)),
            Some(6) => Ok(Self::V6(view(packet, Ipv6Header::LEN)?)),
            Some(version) => Err(OffloadError::NotIp(version)),
            None => Err(OffloadError::Truncated { need: 1, have }),
        }
    }

    /// The pseudo-header's sum for `len` bytes from the transport header on.
    pub(super) fn pseudo(self, protocol: u8, len: u16) -> Sum {
        let (src, dst) = match self {
            Self::V4(header) => (IpAddr::from(header.src), IpAddr::from(header.dst)),
            Self::V6(header) => (IpAddr::from(header.src), IpAddr::from(header.dst)),
        };
        Sum::pseudo(src, dst, protocol, len)
    }
}

/// The header of `need` bytes, which is the size of `T`, that `bytes` begins with.
pub(super) fn view<T: FromBytes + Immutable + KnownLayout + Unaligned>(
    bytes: &[u8],
    need: usize,
) -> Result<&T, OffloadError> {
    let truncated = OffloadError::Truncated { need, have: bytes.len() };
    T::ref_from_prefix(bytes).map(|(header, _)| header).map_err(|_| truncated)
}

const _: () = {
    assert!(size_of::<Ipv4Header>() == Ipv4Header::LEN);
    assert!(size_of::<Ipv6Header>() == Ipv6Header::LEN);
    assert!(size_of::<TcpHeader>() == TcpHeader::LEN);
    assert!(size_of::<UdpHeader>() == UdpHeader::LEN);
};
