use std::collections::BTreeMap;

use wgtrace_wire::Protocol;

use super::counts::{FragmentCounts, bump};
use super::walk::{Ends, Part};

/// What the fragments of one datagram share. IPv6 names the protocol in the first fragment only
/// for certain (RFC 8200, 4.5), but every sender repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) ends: Ends,
    pub(super) protocol: Protocol,
    pub(super) id: u32,
}

/// Incomplete datagrams: bounded in number, bytes and age, the oldest given up first.
#[derive(Debug, Default)]
pub(super) struct Reassembly {
    by_key: BTreeMap<Key, u64>,
    /// By serial number, thus by age.
    partials: BTreeMap<u64, Partial>,
    bytes: usize,
    serial: u64,
    frame: u64,
}

/// What became of a fragment.
#[derive(Debug)]
pub(super) enum Inserted {
    /// It is held, or was not needed; counted.
    Kept,
    /// It cannot be part of any datagram.
    Malformed,
    /// It was the last that missed.
    Complete(Whole),
}

/// A datagram of which every fragment came.
#[derive(Debug)]
pub(super) struct Whole {
    pieces: BTreeMap<u16, Piece>,
    len: usize,
}

#[derive(Debug)]
struct Partial {
    key: Key,
    born: u64,
    pieces: BTreeMap<u16, Piece>,
    /// Sum of the pieces' lengths: they never overlap, so all are there when it is the end.
    covered: usize,
    end: Option<usize>,
    cost: usize,
    /// Its fragments overlapped: it and what still comes of it is dropped (RFC 5722).
    conflicting: bool,
}

#[derive(Debug)]
struct Piece {
    /// Length by its headers; more than `data` has when the capture cut it.
    claimed: usize,
    data: Vec<u8>,
}

impl Reassembly {
    /// Counts a frame, and gives up what is too old.
    #[inline]
    pub(super) fn tick(&mut self, counts: &mut FragmentCounts) {
        self.frame = self.frame.wrapping_add(1);
        if !self.partials.is_empty() {
            self.expire(counts);
        }
    }

    fn expire(&mut self, counts: &mut FragmentCounts) {
        while let Some((&serial, oldest)) = self.partials.first_key_value() {
            if self.frame.wrapping_sub(oldest.born) <= MAX_AGE {
                return;
            }
            if !self.remove(serial, counts).is_none_or(|partial| partial.conflicting) {
                bump(&mut counts.expired);
            }
        }
    }

    /// Adds the fragment `part`, of which `data` was captured.
    pub(super) fn insert(&mut self, part: &Part, data: &[u8], counts: &mut FragmentCounts) -> Inserted {
        let end = usize::from(part.offset).saturating_add(part.claimed);
        if part.claimed == 0 || end > MAX_LEN || (part.more && !part.claimed.is_multiple_of(8)) {
            return Inserted::Malformed;
        }
        let serial = *self.by_key.entry(part.key).or_insert_with(|| {
            self.serial = self.serial.wrapping_add(1);
            self.serial
        });
        let partial = self.partials.entry(serial).or_insert_with(|| {
            counts.waiting = counts.waiting.saturating_add(1);
            self.bytes += PARTIAL_COST;
            Partial::new(part.key, self.frame)
        });
        let before = partial.cost;
        let fit = partial.add(part, end, data);
        self.bytes = self.bytes.saturating_sub(before).saturating_add(partial.cost);
        match fit {
            Fit::Duplicate => bump(&mut counts.duplicate),
            Fit::Late => bump(&mut counts.overlapping),
            Fit::Conflict => {
                bump(&mut counts.overlapping);
                bump(&mut counts.conflicting);
                counts.waiting = counts.waiting.saturating_sub(1);
            }
            Fit::New if partial.end == Some(partial.covered) => {
                return self.complete(serial, counts);
            }
            Fit::New => bump(&mut counts.held),
        }
        self.evict(counts);
        Inserted::Kept
    }

    fn complete(&mut self, serial: u64, counts: &mut FragmentCounts) -> Inserted {
        let Some(partial) = self.remove(serial, counts) else { return Inserted::Malformed };
        bump(&mut counts.completed);
        if partial.pieces.values().any(Piece::is_cut) {
            bump(&mut counts.completed_cut);
        }
        Inserted::Complete(Whole { pieces: partial.pieces, len: partial.covered })
    }

    fn evict(&mut self, counts: &mut FragmentCounts) {
        while self.bytes > MAX_BYTES || self.partials.len() > MAX_PARTIALS {
            let Some((&serial, _)) = self.partials.first_key_value() else { return };
            if !self.remove(serial, counts).is_none_or(|partial| partial.conflicting) {
                bump(&mut counts.evicted);
            }
        }
    }

    fn remove(&mut self, serial: u64, counts: &mut FragmentCounts) -> Option<Partial> {
        let partial = self.partials.remove(&serial)?;
        self.by_key.remove(&partial.key);
        self.bytes = self.bytes.saturating_sub(partial.cost);
        if !partial.conflicting {
            counts.waiting = counts.waiting.saturating_sub(1);
        }
        Some(partial)
    }
}

impl Whole {
    /// Length in bytes; more than was captured when a fragment was cut.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Appends the bytes to `out`, up to the first that the capture cut off.
    pub(super) fn append_to(&self, out: &mut Vec<u8>) {
        for piece in self.pieces.values() {
            out.extend_from_slice(&piece.data);
            if piece.is_cut() {
                return;
            }
        }
    }
}

enum Fit {
    New,
    Duplicate,
    /// Overlaps: the datagram was dropped just now.
    Conflict,
    /// The datagram was dropped before.
    Late,
}

impl Partial {
    fn new(key: Key, born: u64) -> Self {
        let pieces = BTreeMap::new();
        Self { key, born, pieces, covered: 0, end: None, cost: PARTIAL_COST, conflicting: false }
    }

    fn add(&mut self, part: &Part, end: usize, data: &[u8]) -> Fit {
        if self.conflicting {
            return Fit::Late;
        }
        if self.holds(part, end, data) {
            return Fit::Duplicate;
        }
        if self.overlaps(part, end) {
            self.pieces.clear();
            self.cost = PARTIAL_COST;
            self.conflicting = true;
            return Fit::Conflict;
        }
        if !part.more {
            self.end = Some(end);
        }
        self.covered += part.claimed;
        self.cost += data.len() + PIECE_COST;
        self.pieces.insert(part.offset, Piece { claimed: part.claimed, data: data.to_vec() });
        Fit::New
    }

    /// Whether the very same fragment is here, as far as both were captured.
    fn holds(&self, part: &Part, end: usize, data: &[u8]) -> bool {
        let is_last = self.end == Some(end);
        self.pieces.get(&part.offset).is_some_and(|piece| {
            let same = piece.data.iter().zip(data).all(|(held, new)| held == new);
            piece.claimed == part.claimed && is_last != part.more && same
        })
    }

    fn overlaps(&self, part: &Part, end: usize) -> bool {
        let end_of = |(&offset, piece): (&u16, &Piece)| usize::from(offset) + piece.claimed;
        let before = self.pieces.range(..=part.offset).next_back().map(end_of);
        let after = self.pieces.range(part.offset..).next().map(|(&offset, _)| usize::from(offset));
        let beyond = match self.end {
            Some(known) => !part.more || end >= known,
            None => !part.more && self.pieces.last_key_value().map(end_of).is_some_and(|last| last > end),
        };
        beyond || before.is_some_and(|it| it > usize::from(part.offset)) || after.is_some_and(|it| it < end)
    }
}

impl Piece {
    fn is_cut(&self) -> bool {
        self.data.len() < self.claimed
    }
}

/// What an IP packet without its header can have.
const MAX_LEN: usize = 65535;
const MAX_PARTIALS: usize = 4096;
const MAX_BYTES: usize = 8 << 20;
/// In frames. Identifications of 16 bits come round after as many datagrams between two hosts.
const MAX_AGE: u64 = 1 << 16;
/// What the tables take for one incomplete datagram, and for one fragment, about.
const PARTIAL_COST: usize = 768;
const PIECE_COST: usize = 64;

#[cfg(test)]
mod tests;
