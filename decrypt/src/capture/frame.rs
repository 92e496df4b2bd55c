//! What a capture file holds, once its container is taken off.

use std::ops::Range;

use super::options::Remarks;
use super::order::Order;

/// Nanoseconds since 1970-01-01 00:00:00 UTC.
///
/// Captures hold clocks that run backwards, zero times and times before the epoch: this is a plain
/// number, nothing relies on its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

/// A link type of the tcpdump.org registry, without the upper bits that file headers may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

/// An interface of the capture file, numbered over all sections from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Link type of every frame of this interface.
    pub link: LinkType,
    /// Name as the file gives it (`if_name`), empty when it does not.
    pub name: String,
    /// What else the file says of it (`if_description`), mostly nothing.
    pub description: String,
    /// Byte order of its section.
    pub(super) order: Order,
}

/// One captured frame; its bytes are in the [`Chunk`] that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Number in the file, from 1, as Wireshark counts.
    pub number: u64,
    /// Capture time.
    pub time: Timestamp,
    /// Which [`Interface`] of the file, numbered over all sections.
    pub interface: u32,
    /// Link type of that interface.
    pub link: LinkType,
    /// Where the captured bytes are in [`Chunk::bytes`].
    pub data: Range<usize>,
    /// Length on the wire in bytes; more than was captured when the frame was cut.
    pub original_len: u32,
    /// Bytes of options behind the captured ones and what fills those up to a multiple of four.
    pub(crate) options: u32,
}

/// A run of whole frames in file order, with the bytes they lie in.
///
/// Reused: [`Chunk::clear`] keeps both allocations.
#[derive(Debug, Default)]
pub struct Chunk {
    /// File content; behind it, reassembled datagrams (see `dissect`).
    pub bytes: Vec<u8>,
    /// The frames, in file order.
    pub frames: Vec<Frame>,
    /// File offset behind the last byte read for this chunk, for progress displays.
    pub offset: u64,
}

impl Chunk {
    /// Forgets the content, keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
        self.offset = 0;
    }

    /// What the file says of `frame`, of the interface `of`, beside its bytes.
    pub fn remarks(&self, frame: &Frame, of: &Interface) -> Remarks<'_> {
        let len = frame.data.len();
        let start = frame.data.end.saturating_add(len.next_multiple_of(4).saturating_sub(len));
        let end = start.saturating_add(usize::try_from(frame.options).unwrap_or(usize::MAX));
        Remarks::of(self.bytes.get(start..end).unwrap_or_default(), of.order)
    }

    /// The captured bytes of `frame`.
    pub fn data(&self, frame: &Frame) -> &[u8] {
        self.bytes.get(frame.data.clone()).unwrap_or_default()
    }
}
