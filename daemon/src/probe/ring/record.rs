//! The layout of perf records, and how they lie in a ring.

/// A ring's bytes by position; positions count from the ring's beginning of time and never wrap.
pub(super) trait Memory {
    /// Bytes in the ring, a power of two.
    fn capacity(&self) -> u64;

    /// Takes note of how far the producer is; returns where the consumer and the producer are.
    fn load(&mut self) -> (u64, u64);

    /// Up to `len` bytes from `position`, in two pieces where they wrap.
    /// Shorter when they are not between consumer and producer as of the last [`load`](Self::load).
    fn pieces(&self, position: u64, len: usize) -> (&[u8], &[u8]);

    /// Gives everything before `position` back to the producer.
    fn commit(&mut self, position: u64);
}

/// linux: `include/uapi/linux/perf_event.h`, `struct perf_event_header`: type, misc, size.
pub(super) const HEADER: usize = 8;
/// `PERF_RECORD_LOST`: an id and a count, 8 bytes each.
pub(super) const LOST: u32 = 2;
/// `PERF_RECORD_SAMPLE`: with `PERF_SAMPLE_RAW` alone a 32-bit size, then as many bytes.
pub(super) const SAMPLE: u32 = 9;
/// Bytes of a sample before its raw part.
pub(super) const SAMPLE_HEADER: usize = HEADER + 4;
/// Where `wgtrace_abi::PacketEvent::time` is in the raw part.
const TIME: usize = core::mem::offset_of!(wgtrace_abi::PacketEvent, time);
/// What of a record tells all there is to know before it is handed out.
const PEEK: usize = SAMPLE_HEADER + TIME + 8;

/// One record, at the position it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    /// Bytes up to the next record.
    pub(super) size: u64,
    /// What it is.
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `len` bytes from a program, [`SAMPLE_HEADER`] bytes in; `time` is 0 when they are too few to say.
    Sample { len: usize, time: u64 },
    /// The kernel had no room for this many.
    Lost(u64),
    /// A sample or a count that does not fit its own record.
    Malformed,
    /// Of no concern to us.
    Unknown,
}

/// The record at `position`, of which at most `available` bytes are there; `None` when its size cannot be
/// right, so that nothing behind it can be found either.
#[inline]
pub(super) fn parse(memory: &impl Memory, position: u64, available: u64) -> Option<Record> {
    let mut copy = [0; PEEK];
    let (first, second) = memory.pieces(position, PEEK);
    let peeked: &[u8] = if first.len() == PEEK {
        first
    } else {
        let all = first.iter().chain(second);
        copy.iter_mut().zip(all).for_each(|(to, from)| *to = *from);
        copy.get(..first.len().saturating_add(second.len()))?
    };
    let size = u64::from(u16::from_ne_bytes(field(peeked, 6)?));
    if size < HEADER as u64 || size % 8 != 0 || size > available {
        return None;
    }
    let kind = match u32::from_ne_bytes(field(peeked, 0)?) {
        SAMPLE => sample(peeked, size),
        LOST if size >= 24 => {
            field(peeked, 16).map_or(Kind::Malformed, |count| Kind::Lost(u64::from_ne_bytes(count)))
        }
        LOST => Kind::Malformed,
        _ => Kind::Unknown,
    };
    Some(Record { size, kind })
}

#[inline]
fn sample(peeked: &[u8], size: u64) -> Kind {
    let Some(len) = field(peeked, HEADER).map(u32::from_ne_bytes) else { return Kind::Malformed };
    // also refuses a record with no room for the length itself
    if u64::from(len) + SAMPLE_HEADER as u64 > size {
        return Kind::Malformed;
    }
    let len = len as usize;
    let time =
        if len >= TIME + 8 { field(peeked, SAMPLE_HEADER + TIME).map_or(0, u64::from_ne_bytes) } else { 0 };
    Kind::Sample { len, time }
}

#[inline]
fn field<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}
