use std::collections::BTreeMap;
use std::fmt;

use super::{Columns, Ledger, RowKey};

/// Whether the ledger adds up.
///
/// A positive difference is events in flight, a negative one counters that are older than the events. When
/// the gates are closed, the rings drained and the counters read after that, any difference is a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The sum over all rows and epochs.
    pub total: Columns,
    /// The rows that do not add up.
    pub off: Vec<Imbalance>,
    /// Records that no row can be told of: they are among the missing of some row.
    pub unattributed: u64,
    /// The rings' own LOST records beside the helper's errors.
    pub rings: Vec<RingCheck>,
}

/// A row that does not add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imbalance {
    /// Which.
    pub row: RowKey,
    /// What it holds.
    pub columns: Columns,
}

/// Losses of one CPU's ring, told in two ways.
///
/// The kernel writes a LOST record with the next event that fits: losses behind the last one are not in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingCheck {
    /// The ring's CPU.
    pub cpu: u32,
    /// Events lost by its LOST records.
    pub lost_records: u64,
    /// Events lost by the helper's `ENOSPC`.
    pub lost_full: u64,
}

impl RingCheck {
    /// Whether the LOST records tell no more than the helper did.
    pub fn agrees(&self) -> bool {
        self.lost_records <= self.lost_full
    }
}

impl Balance {
    pub(super) fn of(ledger: &Ledger) -> Self {
        let mut full: BTreeMap<u32, u64> =
            ledger.rings.iter().map(|(cpu, ring)| (*cpu, ring.past_lost_full)).collect();
        let mut off = Vec::new();
        for (row, columns) in ledger.rows() {
            let sum = full.entry(row.cpu).or_default();
            *sum = sum.saturating_add(columns.lost_full);
            if columns.difference() != 0 {
                off.push(Imbalance { row, columns });
            }
        }
        let rings = full.into_iter().map(|(cpu, lost_full)| RingCheck {
            cpu,
            lost_records: ledger.rings.get(&cpu).map_or(0, |ring| ring.lost),
            lost_full,
        });
        Self {
            total: ledger.total(),
            off,
            unattributed: ledger.unattributed_records(),
            rings: rings.collect(),
        }
    }

    /// Whether every row holds: produced = delivered + lost, and every record has its row.
    pub fn is_exact(&self) -> bool {
        self.off.is_empty() && self.unattributed == 0
    }
}

impl fmt::Display for Imbalance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RowKey { netns, cpu, hook } = self.row;
        let Columns { produced, delivered, .. } = self.columns;
        write!(
            f,
            "netns {netns} cpu {cpu} {}: produced {produced}, delivered {delivered}, lost {}: off by {}",
            hook.name(),
            self.columns.lost(),
            self.columns.difference()
        )
    }
}
