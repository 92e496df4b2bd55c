//! Classic pcap: a file header, then records, all in one byte order.

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::MAX_PACKET_LEN;
use super::frame::{Frame, LinkType, Timestamp};
use super::order::Order;
use super::resync::{Findings, Format, Look, Record, Sight};

/// Length of the file header in bytes.
pub(super) const HEADER_LEN: usize = 24;

/// A classic pcap file, behind its header.
#[derive(Debug)]
pub(super) struct Pcap {
    order: Order,
    link: LinkType,
    resolution: Resolution,
    /// Length of a record's head.
    head_len: usize,
    /// Time of the last good record, in seconds.
    last: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resolution {
    Micro,
    Nano,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    seconds: u32,
    fraction: u32,
    captured: usize,
    original: u32,
}

#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct RawHead {
    seconds: [u8; 4],
    fraction: [u8; 4],
    captured: [u8; 4],
    original: [u8; 4],
}

impl Pcap {
    /// Reads the file header; `None` for another magic.
    pub(super) fn new(header: &[u8; HEADER_LEN]) -> Option<Self> {
        let [m0, m1, m2, m3, .., l0, l1, l2, l3] = *header;
        let (order, resolution, head_len) = magic([m0, m1, m2, m3])?;
        // The upper half holds the length of a frame check sequence and flags (draft-ietf-opsawg-pcap).
        let link = LinkType(u16::try_from(order.u32([l0, l1, l2, l3]) & 0xffff).unwrap_or_default());
        Some(Self { order, link, resolution, head_len, last: None })
    }

    pub(super) fn link(&self) -> LinkType {
        self.link
    }

    fn head(&self, rest: &[u8]) -> Option<Head> {
        let (raw, _) = RawHead::ref_from_prefix(rest.get(..self.head_len)?).ok()?;
        Some(Head {
            seconds: self.order.u32(raw.seconds),
            fraction: self.order.u32(raw.fraction),
            captured: usize::try_from(self.order.u32(raw.captured)).unwrap_or(usize::MAX),
            original: self.order.u32(raw.original),
        })
    }

    fn record_len(&self, head: Head) -> usize {
        self.head_len.saturating_add(head.captured)
    }

    /// Whether no field of `head` is odd.
    fn is_sane(&self, head: Head) -> bool {
        head.is_possible()
            && head.fraction < self.resolution.per_second()
            && !head.has_grown()
            && usize::try_from(head.original).is_ok_and(|original| original <= MAX_PACKET_LEN)
    }

    // A record is only taken once the next one's head is seen: the length has no other check.
    #[inline]
    fn look_behind(&self, rest: &[u8], end: bool) -> Look {
        let Some(head) = self.head(rest) else {
            return match rest.len() {
                _ if !end => Look::More(self.head_len),
                0 => Look::End,
                have => Look::Torn { missing: self.head_len.saturating_sub(have) },
            };
        };
        let len = self.record_len(head);
        if !head.is_possible() {
            return if head.is_blank() {
                Look::Damaged
            } else {
                Look::Oversized { len: u64::try_from(len).unwrap_or(u64::MAX), packet: true }
            };
        }
        match rest.get(len..).map(|behind| self.head(behind)) {
            Some(Some(next)) if self.is_sane(next) && is_near(next.seconds, head.seconds) => {
                Look::Record(len)
            }
            Some(Some(next)) => self.look_further(rest, end, head, next),
            None | Some(None) if !end => Look::More(len.saturating_add(self.head_len)),
            Some(None) => Look::Record(len),
            None => Look::Torn { missing: len.saturating_sub(rest.len()) },
        }
    }

    /// Judges the record of the head `head` at the start of `rest` by what follows it: the head `next`,
    /// which is odd or far away in time. Such writers and such captures exist, so it is given the benefit
    /// of the doubt as long as it leads to another record.
    fn look_further(&self, rest: &[u8], end: bool, head: Head, next: Head) -> Look {
        let len = self.record_len(head);
        if !next.is_possible() {
            return Look::Doubtful(len);
        }
        let behind = len.saturating_add(self.record_len(next));
        match rest.get(behind..).map(|rest| self.head(rest)) {
            None | Some(None) if !end => Look::More(behind.saturating_add(self.head_len)),
            Some(None) => Look::Record(len),
            Some(Some(third))
                if self.is_sane(third)
                    || third.is_possible()
                        && (is_near(third.seconds, next.seconds) || is_near(third.seconds, head.seconds)) =>
            {
                Look::Record(len)
            }
            None | Some(Some(_)) => Look::Doubtful(len),
        }
    }
}

impl Format for Pcap {
    type Mark = u32;

    #[inline]
    fn look(&self, rest: &[u8], end: bool, _: &Findings) -> Look {
        let look = self.look_behind(rest, end);
        // A wrong length may end exactly where a later record begins.
        if let Look::Record(len) = look
            && self.head(rest).is_some_and(Head::has_grown)
        {
            return Look::Contradictory(len);
        }
        look
    }

    #[inline]
    fn take(&mut self, record: Record<'_>, frames: &mut Vec<Frame>, found: &mut Findings) {
        let Some(head) = self.head(record.bytes) else { return };
        let captured = u32::try_from(head.captured).unwrap_or(u32::MAX);
        if head.fraction >= self.resolution.per_second() || captured > head.original {
            found.notes.invalid_fields.add(record.offset);
        }
        found.packets = found.packets.saturating_add(1);
        self.last = Some(head.seconds);
        let fraction = i64::from(head.fraction).saturating_mul(self.resolution.nanos());
        frames.push(Frame {
            number: found.packets,
            time: Timestamp(i64::from(head.seconds).saturating_mul(NANOS).saturating_add(fraction)),
            interface: 0,
            link: self.link,
            data: record.at.saturating_add(self.head_len)..record.at.saturating_add(record.bytes.len()),
            original_len: head.original.max(captured),
            options: 0,
        });
    }

    fn give_up(&mut self, _: &[u8], _: &mut Findings) {}

    fn sight(&self, rest: &[u8], before: Option<u32>) -> Sight<u32> {
        match self.head(rest) {
            None => Sight::More(self.head_len),
            Some(head) if self.is_sane(head) && before.is_none_or(|before| is_near(head.seconds, before)) => {
                Sight::Likely { len: self.record_len(head), mark: head.seconds }
            }
            Some(_) => Sight::Unlikely,
        }
    }

    // Merged captures jump in time: a far time needs more evidence, it is not ruled out.
    fn proof(&self, first: u32) -> usize {
        if self.last.is_none_or(|last| is_near(first, last)) { 3 } else { 5 }
    }
}

impl Head {
    fn is_possible(self) -> bool {
        self.captured <= MAX_PACKET_LEN && !self.is_blank()
    }

    /// More is captured than there was; some writers leave the original length out.
    fn has_grown(self) -> bool {
        u32::try_from(self.captured).map_or(true, |captured| captured > self.original)
    }

    /// A run of zeros, as a crash leaves them in a preallocated file, is no record.
    fn is_blank(self) -> bool {
        self.seconds == 0 && self.fraction == 0 && self.captured == 0 && self.original == 0
    }
}

impl Resolution {
    fn per_second(self) -> u32 {
        match self {
            Self::Micro => 1_000_000,
            Self::Nano => 1_000_000_000,
        }
    }

    fn nanos(self) -> i64 {
        match self {
            Self::Micro => 1000,
            Self::Nano => 1,
        }
    }
}

fn magic(bytes: [u8; 4]) -> Option<(Order, Resolution, usize)> {
    [Order::Little, Order::Big].into_iter().find_map(|order| match order.u32(bytes) {
        0xa1b2_c3d4 => Some((order, Resolution::Micro, HEAD_LEN)),
        0xa1b2_3c4d => Some((order, Resolution::Nano, HEAD_LEN)),
        0xa1b2_cd34 => Some((order, Resolution::Micro, PATCHED_HEAD_LEN)),
        _ => None,
    })
}

fn is_near(a: u32, b: u32) -> bool {
    a.abs_diff(b) <= NEAR_SECONDS
}

const HEAD_LEN: usize = 16;
/// Old patched libpcaps append interface index, protocol and packet type (libpcap: pcap-common.h).
const PATCHED_HEAD_LEN: usize = 24;
const NANOS: i64 = 1_000_000_000;
/// Records in a row are this near in time, as a rule: thirty days, which one of 800 random times is.
const NEAR_SECONDS: u32 = 30 * 86_400;
