//! Many rings' samples as one stream in the order of their times.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{Drained, reader::Reader, record::Memory};

/// Room for merging, kept from one drain to the next.
#[derive(Debug)]
pub(super) struct Merge {
    /// Rings with a sample, by its time.
    queue: BinaryHeap<Reverse<(u64, usize)>>,
    /// Where a sample that wraps is put together.
    scratch: Vec<u8>,
    /// Time of the newest sample handed out.
    newest: u64,
}

impl Merge {
    pub(super) fn new() -> Self {
        Self { queue: BinaryHeap::new(), scratch: Vec::with_capacity(usize::from(u16::MAX)), newest: 0 }
    }

    /// Hands out what the readers have loaded, oldest first, except what is newer than `horizon`.
    ///
    /// A sample from after `horizon.latest` has a time that cannot be right, and waits for nothing.
    pub(super) fn run<M: Memory>(
        &mut self,
        readers: &mut [(u32, Reader<M>)],
        horizon: Horizon,
        sink: &mut impl FnMut(u32, &[u8]),
    ) -> Drained {
        let mut drained = Drained::default();
        self.queue.clear();
        for (index, (_, reader)) in readers.iter_mut().enumerate() {
            match reader.peek() {
                Some(time) => self.queue.push(Reverse((time, index))),
                // what is no sample was passed over all the same
                None => reader.commit(),
            }
        }
        while let Some(Reverse((_, index))) = self.queue.pop() {
            let Some((cpu, reader)) = readers.get_mut(index) else { continue };
            // one ring's run: until another has something older
            let until = self.queue.peek().map_or(u64::MAX, |Reverse((time, _))| *time);
            while let Some(time) = reader.peek() {
                if time > horizon.held_from && time <= horizon.latest {
                    drained.pending = true;
                    break;
                }
                if time > until {
                    self.queue.push(Reverse((time, index)));
                    break;
                }
                if time < self.newest {
                    drained.out_of_order = drained.out_of_order.wrapping_add(1);
                } else if time <= horizon.latest {
                    self.newest = time;
                }
                drained.records = drained.records.wrapping_add(1);
                reader.take(&mut self.scratch, |raw| sink(*cpu, raw));
            }
            reader.commit();
        }
        drained
    }
}

/// Which samples are held back for the next drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Horizon {
    /// Samples newer than this are held back: another CPU may still publish an older one.
    held_from: u64,
    /// No sample can be from later than this.
    latest: u64,
}

impl Horizon {
    /// Holds nothing back.
    pub(super) fn none(now: u64) -> Self {
        Self { held_from: u64::MAX, latest: now.saturating_add(CLOCK_ERROR) }
    }

    /// For rings that were loaded after `now`, in nanoseconds, the fullest with `waiting` of `capacity` bytes.
    ///
    /// What is held back takes room in the ring: the fuller it is, the less; nothing when it is about to overflow.
    pub(super) fn at(now: u64, waiting: u64, capacity: u64) -> Self {
        let quarter = capacity / 4;
        if waiting > capacity.saturating_sub(quarter) {
            return Self::none(now);
        }
        let room = quarter.saturating_sub(waiting);
        let margin = (MARGIN.saturating_mul(room) / quarter.max(1)).max(LEAST_MARGIN);
        Self { held_from: now.saturating_sub(margin), latest: now.saturating_add(CLOCK_ERROR) }
    }
}

/// How long a program may take from reading the clock to publishing, with an interrupt or a stolen CPU in between.
const MARGIN: u64 = 1_000_000;
/// The same without such luck.
const LEAST_MARGIN: u64 = 50_000;
/// Samples made while the drain begins are from a little after it.
const CLOCK_ERROR: u64 = 1_000_000_000;

#[cfg(test)]
mod tests;
