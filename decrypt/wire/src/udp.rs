//! UDP (RFC 768).

use zerocopy::byteorder::big_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{Error, bytes};

/// A UDP datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Udp<'a> {
    header: &'a Header,
    payload: &'a [u8],
}

impl<'a> Udp<'a> {
    /// Length of the header in bytes.
    pub const HEADER_LEN: usize = size_of::<Header>();

    /// Reads the datagram at the start of `datagram`.
    ///
    /// # Errors
    /// [`Error::BadLength`] for a length below 8 that is not 0.
    #[inline]
    pub fn parse(datagram: &'a [u8]) -> Result<Self, Error> {
        let (header, rest) = bytes::header::<Header>(datagram)?;
        let len = usize::from(header.len.get());
        if len != 0 && len < Self::HEADER_LEN {
            return Err(Error::BadLength { claimed: len });
        }
        Ok(Self { header, payload: bytes::trim(rest, len.checked_sub(Self::HEADER_LEN)) })
    }

    /// The 8 bytes of header.
    pub fn header(&self) -> &'a Header {
        self.header
    }

    /// Source port.
    pub fn src_port(&self) -> u16 {
        self.header.src_port.get()
    }

    /// Destination port.
    pub fn dst_port(&self) -> u16 {
        self.header.dst_port.get()
    }

    /// Checksum of pseudo header and datagram; 0 where the sender computed none.
    pub fn checksum(&self) -> u16 {
        self.header.checksum.get()
    }

    /// Payload length in bytes; `None` when the length field is 0 (jumbograms, RFC 2675, 4).
    #[inline]
    pub fn claimed_len(&self) -> Option<usize> {
        usize::from(self.header.len.get()).checked_sub(Self::HEADER_LEN)
    }

    /// What is there of the payload.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// The UDP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// Source port.
    pub src_port: U16,
    /// Destination port.
    pub dst_port: U16,
    /// Length of header and payload in bytes.
    pub len: U16,
    /// Of pseudo header and datagram.
    pub checksum: U16,
}

const _: () = assert!(size_of::<Header>() == 8);

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(len: u8) -> [u8; 14] {
        [0xca, 0x9f, 0xc8, 0xdb, 0, len, 0x12, 0x34, 1, 2, 3, 4, 5, 6]
    }

    #[test]
    fn ports_and_payload_are_read() {
        let bytes = datagram(12);
        let udp = Udp::parse(&bytes).unwrap();
        assert_eq!((udp.src_port(), udp.dst_port(), udp.checksum()), (51871, 51419, 0x1234));
        assert_eq!((udp.payload(), udp.claimed_len()), (&[1, 2, 3, 4][..], Some(4)));
    }

    #[test]
    fn a_longer_claim_is_told_and_a_zero_one_takes_the_rest() {
        let udp = datagram(200);
        assert_eq!(Udp::parse(&udp).unwrap().payload().len(), 6);
        assert_eq!(Udp::parse(&udp).unwrap().claimed_len(), Some(192));
        let udp = datagram(0);
        assert_eq!(Udp::parse(&udp).unwrap().payload().len(), 6);
        assert_eq!(Udp::parse(&udp).unwrap().claimed_len(), None);
    }

    #[test]
    fn a_length_below_the_header_is_refused() {
        assert_eq!(Udp::parse(&datagram(7)), Err(Error::BadLength { claimed: 7 }));
        assert_eq!(Udp::parse(&datagram(8)).unwrap().payload(), &[]);
        assert_eq!(Udp::parse(&datagram(8)[..7]), Err(Error::Truncated { need: 8, have: 7 }));
    }
}
