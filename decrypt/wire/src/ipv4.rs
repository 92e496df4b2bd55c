//! IPv4 (RFC 791).

use core::net::Ipv4Addr;

use zerocopy::byteorder::big_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::ip::{Fragment, Protocol, Upper};
use crate::option::Options;
use crate::{Error, bytes, checksum};

/// An IPv4 packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv4<'a> {
    header: &'a Header,
    options: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Ipv4<'a> {
    /// Reads the packet at the start of `packet`; its header and options must be there.
    ///
    /// # Errors
    /// [`Error::BadLength`] where header or total length are shorter than a header can be.
    #[inline]
    pub fn parse(packet: &'a [u8]) -> Result<Self, Error> {
        let (header, rest) = bytes::header::<Header>(packet)?;
        let version = header.version_ihl >> 4;
        if version != 4 {
            return Err(Error::WrongVersion(version));
        }
        let header_len = header.len();
        let Some(options_len) = header_len.checked_sub(size_of::<Header>()) else {
            return Err(Error::BadLength { claimed: header_len });
        };
        let Some((options, rest)) = rest.split_at_checked(options_len) else {
            return Err(Error::Truncated { need: header_len, have: packet.len() });
        };
        let total_len = usize::from(header.total_len.get());
        if total_len != 0 && total_len < header_len {
            return Err(Error::BadLength { claimed: total_len });
        }
        let claimed = total_len.checked_sub(header_len);
        Ok(Self { header, options, payload: bytes::trim(rest, claimed) })
    }

    /// The fixed 20 bytes.
    pub fn header(&self) -> &'a Header {
        self.header
    }

    /// Length of header and options in bytes, 20 to 60.
    pub fn header_len(&self) -> usize {
        self.header.len()
    }

    /// Source address.
    pub fn src(&self) -> Ipv4Addr {
        self.header.src.into()
    }

    /// Destination address.
    pub fn dst(&self) -> Ipv4Addr {
        self.header.dst.into()
    }

    /// What the payload is.
    pub fn protocol(&self) -> Protocol {
        Protocol(self.header.protocol)
    }

    /// Hops left.
    pub fn ttl(&self) -> u8 {
        self.header.ttl
    }

    /// Differentiated services code point, 6 bits.
    pub fn dscp(&self) -> u8 {
        self.header.traffic_class >> 2
    }

    /// Explicit congestion notification, 2 bits.
    pub fn ecn(&self) -> u8 {
        self.header.traffic_class & 3
    }

    /// Identification, shared by the fragments of a datagram.
    pub fn id(&self) -> u16 {
        self.header.id.get()
    }

    /// Whether routers may not fragment.
    pub fn dont_fragment(&self) -> bool {
        self.header.fragment.get() & 0x4000 != 0
    }

    /// The packet's place in its datagram; not partial for nearly every packet.
    pub fn fragment(&self) -> Fragment {
        let field = self.header.fragment.get();
        Fragment { id: u32::from(self.id()), offset: (field & 0x1fff) << 3, more: field & 0x2000 != 0 }
    }

    /// The option list as it lies in the header, 0 to 40 bytes.
    pub fn options_bytes(&self) -> &'a [u8] {
        self.options
    }

    /// Walks the options.
    pub fn options(&self) -> Options<'a> {
        Options::new(self.options)
    }

    /// Whether header and options match their checksum.
    pub fn checksum_is_valid(&self) -> bool {
        checksum::internet(&[self.header.as_bytes(), self.options]) == 0
    }

    /// Payload length in bytes; `None` when the total length is 0, as the kernel hands large
    /// segments to captures (linux: `net/ipv4/ip_output.c`, packets over 65535 bytes).
    #[inline]
    pub fn claimed_len(&self) -> Option<usize> {
        usize::from(self.header.total_len.get()).checked_sub(self.header_len())
    }

    /// What is there of the payload.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the packet carries, in the form that IPv6 shares.
    #[inline]
    pub fn upper(&self) -> Upper<'a> {
        Upper {
            protocol: self.protocol(),
            offset: self.header_len(),
            payload: self.payload,
            claimed_len: self.claimed_len(),
            fragment: Some(self.fragment()).filter(|fragment| fragment.is_partial()),
        }
    }
}

/// The fixed part of an IPv4 header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// Version (4 bits), header length in 32-bit words (4).
    pub version_ihl: u8,
    /// DSCP (6 bits), ECN (2).
    pub traffic_class: u8,
    /// Length of header and payload in bytes.
    pub total_len: U16,
    /// Identification.
    pub id: U16,
    /// Reserved, don't fragment, more fragments (1 bit each), offset in units of 8 bytes (13).
    pub fragment: U16,
    /// Hops left.
    pub ttl: u8,
    /// [`Protocol`].
    pub protocol: u8,
    /// Of header and options.
    pub checksum: U16,
    /// Source address.
    pub src: [u8; 4],
    /// Destination address.
    pub dst: [u8; 4],
}

impl Header {
    fn len(&self) -> usize {
        usize::from(self.version_ihl & 0x0f) * 4
    }
}

const _: () = assert!(size_of::<Header>() == 20);

#[cfg(test)]
mod tests;
