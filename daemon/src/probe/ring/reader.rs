//! One ring's records, in order.

use super::{
    RingCounters,
    record::{self, Kind, Memory, SAMPLE_HEADER},
};

/// Reads what is between consumer and producer of one ring.
///
/// Whatever is in the memory, reading ends: a record either moves the reader on or, when its size cannot be right,
/// costs what is in the ring at that moment.
#[derive(Debug)]
pub(super) struct Reader<M> {
    memory: M,
    position: u64,
    head: u64,
    /// Given back to the producer so far.
    committed: u64,
    next: Option<Sample>,
    counters: RingCounters,
}

/// A sample that has not been handed out.
#[derive(Debug, Clone, Copy)]
struct Sample {
    len: usize,
    size: u64,
    time: u64,
}

impl<M: Memory> Reader<M> {
    pub(super) fn new(memory: M) -> Self {
        Self { memory, position: 0, head: 0, committed: 0, next: None, counters: RingCounters::default() }
    }

    /// Looks how far the producer is; returns how many bytes wait.
    pub(super) fn load(&mut self) -> u64 {
        let (tail, head) = self.memory.load();
        self.position = tail;
        self.committed = tail;
        self.head = head;
        self.next = None;
        let waiting = head.wrapping_sub(tail);
        if waiting > self.memory.capacity() {
            self.resync(0);
            return 0;
        }
        waiting
    }

    /// Time of the next sample. Passes over everything that is none, and counts it.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u64> {
        if let Some(sample) = self.next {
            return Some(sample.time);
        }
        loop {
            let available = self.head.wrapping_sub(self.position);
            if available == 0 {
                return None;
            }
            let Some(record) = record::parse(&self.memory, self.position, available) else {
                self.resync(available);
                return None;
            };
            match record.kind {
                Kind::Sample { len, time } => {
                    self.next = Some(Sample { len, size: record.size, time });
                    return Some(time);
                }
                Kind::Lost(count) => self.counters.lost = self.counters.lost.saturating_add(count),
                Kind::Malformed => self.counters.malformed = self.counters.malformed.saturating_add(1),
                Kind::Unknown => self.counters.unknown = self.counters.unknown.saturating_add(1),
            }
            self.position = self.position.wrapping_add(record.size);
        }
    }

    /// Hands out the sample that [`peek`](Self::peek) found, and moves on.
    #[inline]
    pub(super) fn take(&mut self, scratch: &mut Vec<u8>, sink: impl FnOnce(&[u8])) {
        let Some(sample) = self.next.take() else { return };
        let (first, second) =
            self.memory.pieces(self.position.wrapping_add(SAMPLE_HEADER as u64), sample.len);
        if second.is_empty() {
            sink(first);
        } else {
            scratch.clear();
            scratch.extend_from_slice(first);
            scratch.extend_from_slice(second);
            sink(scratch);
        }
        self.counters.records = self.counters.records.wrapping_add(1);
        self.counters.bytes = self.counters.bytes.wrapping_add(sample.size);
        self.position = self.position.wrapping_add(sample.size);
        // the producer gets space back long before a full ring is read
        if self.position.wrapping_sub(self.committed) >= self.memory.capacity() / 8 {
            self.commit();
        }
    }

    /// Gives what was read back to the producer.
    pub(super) fn commit(&mut self) {
        if self.position != self.committed {
            self.memory.commit(self.position);
            self.committed = self.position;
        }
    }

    pub(super) fn memory(&self) -> &M {
        &self.memory
    }

    pub(super) fn memory_mut(&mut self) -> &mut M {
        &mut self.memory
    }

    pub(super) fn counters(&self) -> RingCounters {
        self.counters
    }

    /// Goes on behind everything there is now.
    fn resync(&mut self, skipped: u64) {
        self.counters.resyncs = self.counters.resyncs.saturating_add(1);
        self.counters.skipped_bytes = self.counters.skipped_bytes.saturating_add(skipped);
        self.position = self.head;
        self.commit();
    }
}

#[cfg(test)]
mod tests;
