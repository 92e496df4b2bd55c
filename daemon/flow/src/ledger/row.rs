use wgtrace_abi::HookCounters;

/// One row as it is kept: counters as they were and are, and what arrived.
#[derive(Debug, Clone, Copy, Default)]
pub struct Row {
    base: HookCounters,
    now: HookCounters,
    delivered: u64,
    /// Sequence number of the next event.
    expected: u64,
    gaps: u64,
    reordered: u64,
    pub(super) undecodable: u64,
}

/// How an event follows the one before it of its CPU and hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// As the next.
    InOrder,
    /// Behind a gap of this many.
    After(u64),
    /// Late: with a number that was passed already.
    Late,
}

impl Row {
    pub(super) fn starting_at(base: HookCounters) -> Self {
        Self { base, now: base, expected: base.produced, ..Self::default() }
    }

    pub(super) fn read(&mut self, now: HookCounters) {
        self.now = now;
    }

    pub(super) fn deliver(&mut self, sequence: u64) -> Arrival {
        self.delivered = self.delivered.saturating_add(1);
        match sequence.wrapping_sub(self.expected) {
            0 => {
                self.expected = sequence.wrapping_add(1);
                Arrival::InOrder
            }
            gap if gap < LATE => {
                self.gaps = self.gaps.saturating_add(1);
                self.expected = sequence.wrapping_add(1);
                Arrival::After(gap)
            }
            _ => {
                self.reordered = self.reordered.saturating_add(1);
                Arrival::Late
            }
        }
    }

    /// The row as it is shown.
    pub fn columns(&self) -> Columns {
        let (now, base) = (&self.now, &self.base);
        let walked = self.expected.wrapping_sub(base.produced);
        Columns {
            produced: now.produced.wrapping_sub(base.produced),
            delivered: self.delivered,
            lost_full: now.lost_full.wrapping_sub(base.lost_full),
            lost_busy: now.lost_busy.wrapping_sub(base.lost_busy),
            lost_other: now.lost_other.wrapping_sub(base.lost_other),
            last_error: now.last_error,
            unheard: now.unheard.wrapping_sub(base.unheard),
            filtered: now.filtered.wrapping_sub(base.filtered),
            sampled_out: now.sampled_out.wrapping_sub(base.sampled_out),
            undecodable: self.undecodable,
            gaps: self.gaps,
            missing: walked.saturating_sub(self.delivered),
            reordered: self.reordered,
        }
    }
}

/// A row of the ledger, or a sum of rows; everything since the epoch began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Columns {
    /// Events made, by the kernel's count.
    pub produced: u64,
    /// Events that arrived, undecodable ones included.
    pub delivered: u64,
    /// Events lost because the ring was full.
    pub lost_full: u64,
    /// Events lost because the ring was in use by what the program interrupted.
    pub lost_busy: u64,
    /// Events lost for another error.
    pub lost_other: u64,
    /// The last such error, as a positive errno; 0 for none. In a sum, any of them.
    pub last_error: u64,
    /// Packets that nobody listened for.
    pub unheard: u64,
    /// Packets the filter did not match.
    pub filtered: u64,
    /// Matching packets left out by sampling.
    pub sampled_out: u64,
    /// Of the delivered, those that could not be decoded.
    pub undecodable: u64,
    /// Places where sequence numbers were left out.
    pub gaps: u64,
    /// Events that the reader knows to be missing: left out before the last that arrived.
    pub missing: u64,
    /// Of the delivered, those that came behind a later one.
    pub reordered: u64,
}

impl Columns {
    /// Events lost, whatever the cause.
    pub fn lost(&self) -> u64 {
        self.lost_full.saturating_add(self.lost_busy).saturating_add(self.lost_other)
    }

    /// Runs of the programs while their gates were open.
    pub fn runs(&self) -> u64 {
        [self.unheard, self.filtered, self.sampled_out, self.produced]
            .into_iter()
            .fold(0, u64::saturating_add)
    }

    /// Produced less delivered less lost: 0 when everything is accounted for.
    pub fn difference(&self) -> i128 {
        i128::from(self.produced) - i128::from(self.delivered) - i128::from(self.lost())
    }

    /// Name and value of each column, in the order in which they are printed.
    pub fn columns(&self) -> [(&'static str, u64); 12] {
        [
            ("produced", self.produced),
            ("delivered", self.delivered),
            ("lost_full", self.lost_full),
            ("lost_busy", self.lost_busy),
            ("lost_other", self.lost_other),
            ("unheard", self.unheard),
            ("filtered", self.filtered),
            ("sampled_out", self.sampled_out),
            ("undecodable", self.undecodable),
            ("gaps", self.gaps),
            ("missing", self.missing),
            ("reordered", self.reordered),
        ]
    }

    pub(super) fn add(&mut self, other: &Self) {
        let add = |mine: &mut u64, other: u64| *mine = mine.saturating_add(other);
        add(&mut self.produced, other.produced);
        add(&mut self.delivered, other.delivered);
        add(&mut self.lost_full, other.lost_full);
        add(&mut self.lost_busy, other.lost_busy);
        add(&mut self.lost_other, other.lost_other);
        add(&mut self.unheard, other.unheard);
        add(&mut self.filtered, other.filtered);
        add(&mut self.sampled_out, other.sampled_out);
        add(&mut self.undecodable, other.undecodable);
        add(&mut self.gaps, other.gaps);
        add(&mut self.missing, other.missing);
        add(&mut self.reordered, other.reordered);
        if other.last_error != 0 {
            self.last_error = other.last_error;
        }
    }
}

/// Sequence numbers from here on are behind, not ahead.
const LATE: u64 = 1 << 63;
