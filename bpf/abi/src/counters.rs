//! What happened at a hook, on one CPU.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Counters of one hook on one CPU, only ever added to.
///
/// While the gate is open, each run of the program adds one to exactly one of `unheard`, `filtered`,
/// `sampled_out` and `produced`; and each of the produced is either delivered or in one of the losses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct HookCounters {
    /// Events made: the sequence number of the next one.
    pub produced: u64,
    /// Packets the filter did not match.
    pub filtered: u64,
    /// Matching packets left out by sampling.
    pub sampled_out: u64,
    /// Packets while the gate was open and this CPU had no ring: neither filtered nor produced.
    pub unheard: u64,
    /// Events lost because the ring was full (`ENOSPC`).
    pub lost_full: u64,
    /// Events lost because the ring was in use by what the program interrupted (`EBUSY`).
    pub lost_busy: u64,
    /// Events lost for any other error of the helper.
    pub lost_other: u64,
    /// The last of those errors, as a positive errno; 0 for none.
    pub last_error: u64,
}

const _: () = assert!(size_of::<HookCounters>() == 64);

impl HookCounters {
    /// Events made and not in the ring.
    pub const fn lost(&self) -> u64 {
        self.lost_full.saturating_add(self.lost_busy).saturating_add(self.lost_other)
    }

    /// Runs of the program while its gate was open.
    pub const fn runs(&self) -> u64 {
        self.unheard
            .saturating_add(self.filtered)
            .saturating_add(self.sampled_out)
            .saturating_add(self.produced)
    }
}
