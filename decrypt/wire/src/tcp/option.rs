//! TCP options (RFC 9293, 3.2; RFC 7323; RFC 2018).

use zerocopy::byteorder::big_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::Error;
use crate::option::{Options as Raw, RawOption};

/// One TCP option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpOption<'a> {
    /// Largest segment the sender can receive, in bytes.
    MaximumSegmentSize(u16),
    /// Binary places by which the sender's window is shifted.
    WindowScale(u8),
    /// Selective acknowledgments may be sent.
    SackPermitted,
    /// Blocks received out of order.
    Sack(&'a [SackBlock]),
    /// Timestamps (RFC 7323, 3).
    Timestamps {
        /// The sender's clock.
        value: u32,
        /// The peer's clock, as last received.
        echo: u32,
    },
    /// Any other kind, or a known kind with a length that is not its own.
    Other(RawOption<'a>),
}

/// A block of received bytes, both edges sequence numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct SackBlock {
    /// First byte of the block.
    pub left: U32,
    /// First byte behind the block.
    pub right: U32,
}

/// Walks the options of a segment; ends with one error where the list is broken.
#[derive(Debug, Clone)]
pub struct Options<'a>(Raw<'a>);

impl<'a> Options<'a> {
    pub(super) fn new(list: &'a [u8]) -> Self {
        Self(Raw::new(list))
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<TcpOption<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|raw| raw.map(read))
    }
}

impl core::iter::FusedIterator for Options<'_> {}

fn read(raw: RawOption<'_>) -> TcpOption<'_> {
    match (raw.kind, raw.data) {
        (2, &[high, low]) => TcpOption::MaximumSegmentSize(u16::from_be_bytes([high, low])),
        (3, &[shift]) => TcpOption::WindowScale(shift),
        (4, &[]) => TcpOption::SackPermitted,
        (5, blocks) => <[SackBlock]>::ref_from_bytes(blocks).map_or(TcpOption::Other(raw), TcpOption::Sack),
        (8, clocks) => <[U32; 2]>::read_from_bytes(clocks).map_or(TcpOption::Other(raw), |[value, echo]| {
            TcpOption::Timestamps { value: value.get(), echo: echo.get() }
        }),
        _ => TcpOption::Other(raw),
    }
}
