//! Every event accounted for: produced = delivered + lost, per namespace, CPU and hook.

mod balance;
mod row;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use wgtrace_abi::{ABI_VERSION, Hook, HookCounters, PacketEvent};
use zerocopy::FromBytes;

pub use balance::{Balance, Imbalance, RingCheck};
pub use row::{Arrival, Columns, Row};

/// One row of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// Inode of the network namespace.
    pub netns: u32,
    /// The CPU that the program ran on.
    pub cpu: u32,
    /// The hook.
    pub hook: Hook,
}

/// What the kernel counted, beside what arrived.
///
/// An epoch of a namespace starts with [`begin`](Self::begin), before its gates open; the counters found then are
/// where its rows start. Counters may be read at any time: events in flight show as a difference, which is 0
/// once the gates are closed, the rings drained and the counters read again.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    rows: BTreeMap<RowKey, Row>,
    /// Rows of epochs that are over.
    past: Columns,
    epochs: BTreeMap<u32, u32>,
    rings: BTreeMap<u32, Ring>,
}

/// What is known of one CPU's ring, whoever wrote into it.
#[derive(Debug, Clone, Copy, Default)]
struct Ring {
    lost: u64,
    past_lost_full: u64,
    unattributed: u64,
}

impl Ledger {
    /// A ledger without rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts an epoch of a namespace: its object was loaded, or its counters start over. The rows of the epoch
    /// before are closed; drain the rings first, or their last events are taken for new ones.
    pub fn begin(&mut self, netns: u32, counters: &[(u32, Hook, HookCounters)]) {
        let past = &mut self.past;
        let rings = &mut self.rings;
        self.rows.retain(|key, row| {
            if key.netns == netns {
                let columns = row.columns();
                past.add(&columns);
                let ring = rings.entry(key.cpu).or_default();
                ring.past_lost_full = ring.past_lost_full.saturating_add(columns.lost_full);
            }
            key.netns != netns
        });
        let epoch = self.epochs.entry(netns).or_default();
        *epoch = epoch.saturating_add(1);
        for (cpu, hook, counters) in counters {
            self.rows.insert(RowKey { netns, cpu: *cpu, hook: *hook }, Row::starting_at(*counters));
        }
    }

    /// How many epochs of a namespace have begun.
    pub fn epoch(&self, netns: u32) -> u32 {
        self.epochs.get(&netns).copied().unwrap_or_default()
    }

    /// Takes in counters as they were read now. A CPU that was not there at the beginning started at 0.
    pub fn read(&mut self, netns: u32, counters: &[(u32, Hook, HookCounters)]) {
        for (cpu, hook, counters) in counters {
            self.rows.entry(RowKey { netns, cpu: *cpu, hook: *hook }).or_default().read(*counters);
        }
    }

    /// Counts an event that arrived from the ring of `cpu`, and says how it follows the one before.
    pub fn deliver(&mut self, cpu: u32, event: &PacketEvent) -> Arrival {
        let Some(hook) = event.hook() else {
            self.unattributed(cpu);
            return Arrival::InOrder;
        };
        self.rows.entry(RowKey { netns: event.netns, cpu, hook }).or_default().deliver(event.sequence)
    }

    /// Counts a record that could not be decoded: as delivered where its header tells the row, else as
    /// unattributed.
    pub fn undecodable(&mut self, cpu: u32, record: &[u8]) {
        let event = PacketEvent::read_from_prefix(record).ok().map(|(event, _)| event);
        let known = event
            .filter(|event| event.version == ABI_VERSION && event.kind == PacketEvent::KIND)
            .and_then(|event| Some((event, event.hook()?)));
        match known {
            Some((event, hook)) => {
                let row = self.rows.entry(RowKey { netns: event.netns, cpu, hook }).or_default();
                row.deliver(event.sequence);
                row.undecodable = row.undecodable.saturating_add(1);
            }
            None => self.unattributed(cpu),
        }
    }

    /// Counts what a LOST record of the ring of `cpu` tells.
    pub fn ring_lost(&mut self, cpu: u32, lost: u64) {
        let ring = self.rings.entry(cpu).or_default();
        ring.lost = ring.lost.saturating_add(lost);
    }

    /// The rows, by namespace, CPU and hook.
    pub fn rows(&self) -> impl Iterator<Item = (RowKey, Columns)> + '_ {
        self.rows.iter().map(|(key, row)| (*key, row.columns()))
    }

    /// The sum of the rows that `include` wants.
    pub fn sum(&self, include: impl Fn(&RowKey) -> bool) -> Columns {
        let mut sum = Columns::default();
        for (_, columns) in self.rows().filter(|(key, _)| include(key)) {
            sum.add(&columns);
        }
        sum
    }

    /// The sum over everything, epochs that are over included.
    pub fn total(&self) -> Columns {
        let mut total = self.sum(|_| true);
        total.add(&self.past);
        total
    }

    /// Records that no row can be told of.
    pub fn unattributed_records(&self) -> u64 {
        self.rings.values().fold(0, |sum, ring| sum.saturating_add(ring.unattributed))
    }

    /// Whether everything adds up; see [`Balance`] for what a difference means while events are in flight.
    pub fn balance(&self) -> Balance {
        Balance::of(self)
    }

    fn unattributed(&mut self, cpu: u32) {
        let ring = self.rings.entry(cpu).or_default();
        ring.unattributed = ring.unattributed.saturating_add(1);
    }
}
