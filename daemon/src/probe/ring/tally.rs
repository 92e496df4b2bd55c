//! What came out of rings, and what did not.

/// What one ring counted since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RingCounters {
    /// Events handed out.
    pub records: u64,
    /// Bytes of the ring they took.
    pub bytes: u64,
    /// Events that found no room, as LOST records tell. They come with the next event that does: the object's own
    /// counters are the ledger, this only checks it.
    pub lost: u64,
    /// Records of a type that programs do not write.
    pub unknown: u64,
    /// Records whose content does not fit into them.
    pub malformed: u64,
    /// Times when a record's size was impossible and everything in the ring was skipped.
    pub resyncs: u64,
    /// Bytes skipped then.
    pub skipped_bytes: u64,
}

/// What one drain did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drained {
    /// Events handed out.
    pub records: u64,
    /// Bytes of the rings they took.
    pub bytes: u64,
    /// [`RingCounters::lost`] of this drain.
    pub lost: u64,
    /// [`RingCounters::unknown`] of this drain.
    pub unknown: u64,
    /// [`RingCounters::malformed`] of this drain.
    pub malformed: u64,
    /// [`RingCounters::resyncs`] of this drain.
    pub resyncs: u64,
    /// [`RingCounters::skipped_bytes`] of this drain.
    pub skipped_bytes: u64,
    /// Events handed out after a newer one.
    pub out_of_order: u64,
    /// Whether events were held back for the next drain.
    pub pending: bool,
}

impl RingCounters {
    pub(super) fn plus(&self, other: &Self) -> Self {
        Self {
            records: self.records.wrapping_add(other.records),
            bytes: self.bytes.wrapping_add(other.bytes),
            lost: self.lost.wrapping_add(other.lost),
            unknown: self.unknown.wrapping_add(other.unknown),
            malformed: self.malformed.wrapping_add(other.malformed),
            resyncs: self.resyncs.wrapping_add(other.resyncs),
            skipped_bytes: self.skipped_bytes.wrapping_add(other.skipped_bytes),
        }
    }
}

impl Drained {
    /// With what the rings counted between two moments.
    pub(super) fn with(self, before: &RingCounters, after: &RingCounters) -> Self {
        Self {
            records: after.records.wrapping_sub(before.records),
            bytes: after.bytes.wrapping_sub(before.bytes),
            lost: after.lost.wrapping_sub(before.lost),
            unknown: after.unknown.wrapping_sub(before.unknown),
            malformed: after.malformed.wrapping_sub(before.malformed),
            resyncs: after.resyncs.wrapping_sub(before.resyncs),
            skipped_bytes: after.skipped_bytes.wrapping_sub(before.skipped_bytes),
            out_of_order: self.out_of_order,
            pending: self.pending,
        }
    }
}
