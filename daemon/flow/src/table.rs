//! Flows, gathered from packets of all hooks.

mod bits;
mod drops;
mod entry;
mod hash;
mod limits;
mod lists;
mod meter;
mod places;
mod removed;
mod slab;
mod spill;
#[cfg(test)]
mod tests;
mod update;
mod view;

use hashbrown::HashTable;

use crate::key::FlowKey;
use drops::Drops;
use entry::Entry;
use hash::KeyHash;
use lists::{Class, Lists};
use places::Places;
use removed::RemovedLog;
use slab::Slab;
use spill::Spill;

pub use drops::FlowDrop;
pub use entry::Count;
pub use limits::Limits;
pub use places::{Guise, Place};
pub use removed::{Cause, Removed};
pub use view::{Flow, HookCount, Rtt, TcpState};

/// A bounded table of flows.
///
/// A flow is one 5-tuple in both directions, over all hooks. Entries lie in chunks that never move, found by
/// an index of 4-byte slots; an update allocates nothing unless the flow is new to the table or to its fourth
/// hook. Each flow carries the [`Generation`] of its newest packet, and lies in a list of its class in that
/// order: expiry, eviction and deltas walk those lists from one end, and a packet moves its flow only once a
/// generation.
///
/// A full table makes room by evicting the closed TCP connection that was silent for longest; without closed
/// ones, the flow of any class that was. Silence is compared by generation, and generations begin with every
/// second of event time and with every [`FlowTable::mark`]; within one, the flow first seen in it goes first.
#[derive(Debug)]
pub struct FlowTable {
    limits: Limits,
    hash: KeyHash,
    index: HashTable<u32>,
    slab: Slab,
    lists: Lists,
    places: Places,
    spill: Spill,
    drops: Drops,
    removed: RemovedLog,
    generation: u32,
    /// Event time that ends the generation.
    next_tick: u64,
    /// The latest event time.
    now: u64,
    counts: Counts,
}

/// Names a flow of one table, and never another one that takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId {
    index: u32,
    version: u32,
}

impl FlowId {
    /// As one number, the same for the same flow of the table and never another one's.
    pub fn number(self) -> u64 {
        u64::from(self.version) << 32 | u64::from(self.index)
    }
}

/// A point in a table's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Generation(u32);

/// What a table did so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Packets that were counted in a flow.
    pub packets: u64,
    /// Packets that belong to no flow: no IP.
    pub without_flow: u64,
    /// Flows made.
    pub created: u64,
    /// Flows removed after silence.
    pub expired: u64,
    /// Flows removed to make room.
    pub evicted: u64,
    /// Packets counted in their flow, but at none of its hooks or among none of its drops: too many kinds of them.
    pub hooks_full: u64,
}

/// Bytes that a table holds, by what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// Entries, used and free.
    pub entries: usize,
    /// The index over them.
    pub index: usize,
    /// Counters of flows seen at more hooks than an entry has room for.
    pub spill: usize,
    /// Interfaces, the log of removed flows, and drops.
    pub other: usize,
}

impl Memory {
    /// All of it.
    pub fn total(&self) -> usize {
        [self.entries, self.index, self.spill, self.other].into_iter().fold(0, usize::saturating_add)
    }
}

impl FlowTable {
    /// A table without flows. `seed` is secret and random: who knows it can make flows that collide.
    pub fn new(limits: Limits, seed: u64) -> Self {
        let limits = limits.bounded();
        Self {
            hash: KeyHash::new(seed),
            index: HashTable::new(),
            slab: Slab::default(),
            lists: Lists::default(),
            places: Places::default(),
            spill: Spill::default(),
            drops: Drops::default(),
            removed: RemovedLog::new(limits.removed),
            generation: 1,
            next_tick: 0,
            now: 0,
            counts: Counts::default(),
            limits,
        }
    }

    /// How many flows there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// What was done so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The flow, unless it is gone.
    pub fn get(&self, id: FlowId) -> Option<Flow<'_>> {
        let entry = self.slab.get(id.index).filter(|entry| entry.version == id.version)?;
        Some(self.view(id.index, entry))
    }

    /// The flow with this key.
    pub fn find(&self, key: &FlowKey) -> Option<Flow<'_>> {
        let is_it = |at: &u32| self.slab.get(*at).is_some_and(|entry| entry.key == *key);
        let at = *self.index.find(self.hash.of(key), is_it)?;
        Some(self.view(at, self.slab.get(at)?))
    }

    /// Every flow, by class, the latest first.
    pub fn iter(&self) -> impl Iterator<Item = Flow<'_>> {
        self.changed_since(Generation(0))
    }

    /// Ends the generation: all that came so far is in it or before, all that comes is behind it.
    ///
    /// A snapshot is `mark` and [`iter`](Self::iter); from then on, `mark` again and
    /// [`changed_since`](Self::changed_since) the mark before gives what is new, and
    /// [`removed_since`](Self::removed_since) what is gone.
    pub fn mark(&mut self) -> Generation {
        let ended = self.generation;
        self.generation = ended.saturating_add(1);
        Generation(ended)
    }

    /// The flows with packets since a mark, by class, the latest first.
    pub fn changed_since(&self, mark: Generation) -> impl Iterator<Item = Flow<'_>> {
        Class::ALL.into_iter().flat_map(move |class| {
            self.lists
                .latest_first(class, &self.slab)
                .take_while(move |(_, entry)| entry.generation > mark.0)
                .map(|(at, entry)| self.view(at, entry))
        })
    }

    /// The flows removed since a mark, in order; `None` when the log does not reach back so far: take a new
    /// snapshot.
    pub fn removed_since(&self, mark: Generation) -> Option<impl Iterator<Item = &Removed>> {
        self.removed.since(mark)
    }

    /// Removes the flows that were silent for as long as their class may be at `now` (nanoseconds since boot),
    /// and says how many. A flow goes at most one generation later than it could.
    pub fn expire(&mut self, now: u64) -> usize {
        let mut expired: usize = 0;
        for class in Class::ALL {
            let timeout = self.limits.timeout(class);
            while let Some(at) = self.lists.oldest(class) {
                let silent = self
                    .slab
                    .get(at)
                    .is_some_and(|entry| now.saturating_sub(self.last_seen(at, entry)) >= timeout);
                if !silent {
                    break;
                }
                self.remove(at, Cause::Expired);
                expired = expired.saturating_add(1);
            }
        }
        expired
    }

    /// Bytes held.
    pub fn memory(&self) -> Memory {
        Memory {
            entries: self.slab.memory(),
            index: self.index.allocation_size(),
            spill: self.spill.memory(),
            other: [self.places.memory(), self.removed.memory(), self.drops.memory()]
                .into_iter()
                .fold(0, usize::saturating_add),
        }
    }

    fn view<'a>(&'a self, at: u32, entry: &'a Entry) -> Flow<'a> {
        Flow {
            id: FlowId { index: at, version: entry.version },
            entry,
            places: &self.places,
            more: self.spilled(at, entry),
            drops: self.drops.get(at),
        }
    }

    fn spilled(&self, at: u32, entry: &Entry) -> &[entry::Slot] {
        if entry.bits.is_spilled() { self.spill.get(at) } else { &[] }
    }

    fn last_seen(&self, at: u32, entry: &Entry) -> u64 {
        entry.slots().iter().chain(self.spilled(at, entry)).map(entry::Slot::last).max().unwrap_or(0)
    }

    fn remove(&mut self, at: u32, cause: Cause) {
        let Some(entry) = self.slab.get(at) else { return };
        let (key, version, class) = (entry.key, entry.version, entry.class());
        let spilled = if entry.bits.is_spilled() { self.spill.get(at) } else { &[] };
        for slot in entry.slots().iter().chain(spilled) {
            self.places.release(slot.place());
        }
        if entry.bits.is_spilled() {
            self.spill.remove(at);
        }
        if let Ok(found) = self.index.find_entry(self.hash.of(&key), |other| *other == at) {
            found.remove();
        }
        self.drops.remove(at);
        self.lists.unlink(class, at, &mut self.slab);
        self.slab.free(at);
        let counter = match cause {
            Cause::Expired => &mut self.counts.expired,
            Cause::Evicted => &mut self.counts.evicted,
        };
        *counter = counter.saturating_add(1);
        let id = FlowId { index: at, version };
        self.removed.push(Removed { id, key, generation: Generation(self.generation), cause });
    }
}
