//! The walk over records that both formats share, and the way back after damage.
//!
//! A damaged record must cost that record alone. No format marks where records begin, so the way back
//! is evidence: an offset counts as a record's when a chain of likely records starts there.

mod search;

use search::{Scan, buried, scan};

use super::frame::{Frame, Interface};
use super::notes::{Notes, Truncation};
use super::secrets::Secrets;

/// The part of the capture in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window<'a> {
    pub(super) bytes: &'a [u8],
    /// Offset of the first byte in the capture.
    pub(super) base: u64,
    /// Nothing follows.
    pub(super) end: bool,
}

/// What a walk collects beside frames.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Packets met so far.
    pub(super) packets: u64,
    pub(super) interfaces: Vec<Interface>,
    pub(super) secrets: Secrets,
    pub(super) notes: Notes,
}

/// How far a walk got.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// Bytes of the window that are done with.
    pub(super) consumed: usize,
    /// Bytes that must follow `consumed` in memory before the walk gets any further.
    pub(super) need: usize,
}

/// One whole record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) bytes: &'a [u8],
    /// Where it begins in the window.
    pub(super) at: usize,
    /// Where it begins in the capture.
    pub(super) offset: u64,
}

/// What stands where a record is due.
#[derive(Debug, Clone, Copy)]
pub(super) enum Look {
    /// A record of this length.
    Record(usize),
    /// A record of this length by its own account, but what follows it is none.
    Doubtful(usize),
    /// A record of this length by what follows it, but its own head contradicts itself.
    Contradictory(usize),
    /// This many bytes are needed to tell.
    More(usize),
    /// The capture ends here.
    End,
    /// The capture ends in the middle of a record.
    Torn { missing: usize },
    /// No record.
    Damaged,
    /// A head that claims a record of `len` bytes, more than are held.
    Oversized { len: u64, packet: bool },
}

/// What stands where a record might be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sight<M> {
    Likely { len: usize, mark: M },
    Unlikely,
    More(usize),
}

/// A record format.
pub(super) trait Format {
    /// What likeness to a preceding record is judged by.
    type Mark: Copy;

    /// Judges `rest`, where a record is due.
    fn look(&self, rest: &[u8], end: bool, found: &Findings) -> Look;
    /// Takes over a record that was looked at.
    fn take(&mut self, record: Record<'_>, frames: &mut Vec<Frame>, found: &mut Findings);
    /// Learns what can still be learnt from a record that is given up.
    fn give_up(&mut self, rest: &[u8], found: &mut Findings);
    /// Judges `rest`, where there is no reason to expect a record, behind one with the mark `before`.
    fn sight(&self, rest: &[u8], before: Option<Self::Mark>) -> Sight<Self::Mark>;
    /// How many likely records in a row are proof, when this is the first one's mark; at least 3.
    fn proof(&self, first: Self::Mark) -> usize;
}

/// A search for the next good record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lost {
    /// Offset of the record that was given up.
    from: u64,
    /// Where that record ends if it is no damage, but just too long, and whether it is a packet.
    oversized: Option<(u64, bool)>,
}

/// Walks over the records of `window`, appending its frames.
pub(super) fn walk<F: Format>(
    format: &mut F,
    lost: &mut Option<Lost>,
    window: Window<'_>,
    frames: &mut Vec<Frame>,
    found: &mut Findings,
) -> Step {
    let mut at = 0;
    loop {
        let rest = window.bytes.get(at..).unwrap_or_default();
        let offset = window.base.saturating_add(len64(at));
        if let Some(search) = *lost {
            match scan(format, rest, search.expected(offset), window.end) {
                Scan::More { from, need } => return Step { consumed: at.saturating_add(from), need },
                Scan::Found(from) => {
                    at = at.saturating_add(from);
                    search.close(window.base.saturating_add(len64(at)), found);
                    *lost = None;
                    continue;
                }
                Scan::Nothing => {
                    search.close(offset.saturating_add(len64(rest.len())), found);
                    *lost = None;
                    return Step { consumed: window.bytes.len(), need: 0 };
                }
            }
        }
        match format.look(rest, window.end, found) {
            Look::Record(len) => {
                let bytes = rest.get(..len).unwrap_or(rest);
                format.take(Record { bytes, at, offset }, frames, found);
                at = at.saturating_add(len);
            }
            look @ (Look::Doubtful(len) | Look::Contradictory(len)) => {
                match buried(format, rest, len, window.end) {
                    Scan::More { need, .. } => return Step { consumed: at, need },
                    Scan::Found(from) => {
                        give_up(format, rest, offset, from, found);
                        at = at.saturating_add(from);
                    }
                    Scan::Nothing => {
                        let bytes = rest.get(..len).unwrap_or(rest);
                        format.take(Record { bytes, at, offset }, frames, found);
                        at = at.saturating_add(len);
                        if matches!(look, Look::Contradictory(_)) {
                            continue;
                        }
                        let next = rest.get(len..).unwrap_or_default();
                        let from = offset.saturating_add(len64(len));
                        *lost = Some(Lost::at(from, format.look(next, window.end, found)));
                        format.give_up(next, found);
                        at = at.saturating_add(1);
                    }
                }
            }
            Look::Torn { missing } => match buried(format, rest, usize::MAX, true) {
                Scan::Found(from) => {
                    give_up(format, rest, offset, from, found);
                    at = at.saturating_add(from);
                }
                Scan::More { .. } | Scan::Nothing => {
                    found.notes.truncation =
                        Some(Truncation { offset, missing: len64(missing), cause: None });
                    return Step { consumed: at, need: 0 };
                }
            },
            Look::More(need) => return Step { consumed: at, need },
            Look::End => return Step { consumed: at, need: 0 },
            look @ (Look::Damaged | Look::Oversized { .. }) => {
                *lost = Some(Lost::at(offset, look));
                format.give_up(rest, found);
                at = at.saturating_add(1);
            }
        }
    }
}

impl Lost {
    /// Gives up the record at `from`, for what it looks like.
    fn at(from: u64, look: Look) -> Self {
        let oversized = match look {
            Look::Oversized { len, packet } => Some((from.saturating_add(len), packet)),
            Look::Record(_)
            | Look::Doubtful(_)
            | Look::Contradictory(_)
            | Look::More(_)
            | Look::End
            | Look::Torn { .. }
            | Look::Damaged => None,
        };
        Self { from, oversized }
    }

    /// Where the next record is due if this one is no damage, as seen from `offset`.
    fn expected(self, offset: u64) -> Option<usize> {
        self.oversized.and_then(|(end, _)| usize::try_from(end.checked_sub(offset)?).ok())
    }

    /// Books what was passed over, now that the next record, or the end, is known to be at `offset`.
    fn close(self, offset: u64, found: &mut Findings) {
        match self.oversized {
            Some((end, packet)) if end == offset => {
                found.notes.oversized.add(self.from);
                found.packets = found.packets.saturating_add(u64::from(packet));
            }
            _ => {
                found.notes.damaged.add(self.from);
                let passed = offset.saturating_sub(self.from);
                found.notes.resync_bytes = found.notes.resync_bytes.saturating_add(passed);
            }
        }
    }
}

/// Counts the record at `offset` as lost, up to the next one `len` bytes on.
fn give_up<F: Format>(format: &mut F, rest: &[u8], offset: u64, len: usize, found: &mut Findings) {
    format.give_up(rest, found);
    Lost { from: offset, oversized: None }.close(offset.saturating_add(len64(len)), found);
}

fn len64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
