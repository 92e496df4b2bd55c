//! TCP (RFC 9293).

pub mod option;

use core::fmt;

use zerocopy::byteorder::big_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{Error, bytes};
use option::Options;

/// A TCP segment; how long it is, only the IP header tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tcp<'a> {
    header: &'a Header,
    options: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Tcp<'a> {
    /// Reads the segment that fills `segment`; its header and options must be there.
    ///
    /// # Errors
    /// [`Error::BadLength`] for a data offset below 20 bytes.
    pub fn parse(segment: &'a [u8]) -> Result<Self, Error> {
        let (header, rest) = bytes::header::<Header>(segment)?;
        let header_len = header.len();
        let Some(options_len) = header_len.checked_sub(size_of::<Header>()) else {
            return Err(Error::BadLength { claimed: header_len });
        };
        let Some((options, payload)) = rest.split_at_checked(options_len) else {
            return Err(Error::Truncated { need: header_len, have: segment.len() });
        };
        Ok(Self { header, options, payload })
    }

    /// The fixed 20 bytes.
    pub fn header(&self) -> &'a Header {
        self.header
    }

    /// Length of header and options in bytes, 20 to 60.
    pub fn header_len(&self) -> usize {
        self.header.len()
    }

    /// Source port.
    pub fn src_port(&self) -> u16 {
        self.header.src_port.get()
    }

    /// Destination port.
    pub fn dst_port(&self) -> u16 {
        self.header.dst_port.get()
    }

    /// Sequence number of the first byte, or of SYN.
    pub fn sequence(&self) -> u32 {
        self.header.sequence.get()
    }

    /// Next sequence number that the sender waits for; holds with [`Flags::ACK`] only.
    pub fn acknowledgment(&self) -> u32 {
        self.header.acknowledgment.get()
    }

    /// The control bits.
    pub fn flags(&self) -> Flags {
        Flags(self.header.offset_flags.get() & 0x01ff)
    }

    /// Receive window, before scaling.
    pub fn window(&self) -> u16 {
        self.header.window.get()
    }

    /// Checksum of pseudo header and segment.
    pub fn checksum(&self) -> u16 {
        self.header.checksum.get()
    }

    /// Urgent pointer; holds with [`Flags::URG`] only.
    pub fn urgent(&self) -> u16 {
        self.header.urgent.get()
    }

    /// The option list as it lies in the header, 0 to 40 bytes.
    pub fn options_bytes(&self) -> &'a [u8] {
        self.options
    }

    /// Walks the options.
    pub fn options(&self) -> Options<'a> {
        Options::new(self.options)
    }

    /// What is there behind the options.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// The fixed part of a TCP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// Source port.
    pub src_port: U16,
    /// Destination port.
    pub dst_port: U16,
    /// Sequence number.
    pub sequence: U32,
    /// Acknowledgment number.
    pub acknowledgment: U32,
    /// Header length in 32-bit words (4 bits), reserved (3), [`Flags`] (9).
    pub offset_flags: U16,
    /// Receive window.
    pub window: U16,
    /// Of pseudo header and segment.
    pub checksum: U16,
    /// Urgent pointer.
    pub urgent: U16,
}

impl Header {
    fn len(&self) -> usize {
        usize::from(self.offset_flags.to_bytes()[0] >> 4) * 4
    }
}

const _: () = assert!(size_of::<Header>() == 20);

/// The control bits of a segment, printed as tcpdump does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(pub u16);

impl Flags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x001);
    /// Synchronize sequence numbers.
    pub const SYN: Self = Self(0x002);
    /// Reset the connection.
    pub const RST: Self = Self(0x004);
    /// Push.
    pub const PSH: Self = Self(0x008);
    /// The acknowledgment number holds.
    pub const ACK: Self = Self(0x010);
    /// The urgent pointer holds.
    pub const URG: Self = Self(0x020);
    /// Congestion was met (RFC 3168).
    pub const ECE: Self = Self(0x040);
    /// The congestion window was reduced (RFC 3168).
    pub const CWR: Self = Self(0x080);
    /// Accurate congestion notification (RFC 9768).
    pub const AE: Self = Self(0x100);

    /// Whether all bits of `other` are set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LETTERS: [(Flags, &str); 9] = [
            (Flags::FIN, "F"),
            (Flags::SYN, "S"),
            (Flags::RST, "R"),
            (Flags::PSH, "P"),
            (Flags::ACK, "."),
            (Flags::URG, "U"),
            (Flags::ECE, "E"),
            (Flags::CWR, "W"),
            (Flags::AE, "e"),
        ];
        LETTERS
            .iter()
            .filter(|(flag, _)| self.contains(*flag))
            .try_for_each(|(_, letter)| f.write_str(letter))
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:03x}", self.0)
    }
}

#[cfg(test)]
mod tests;
