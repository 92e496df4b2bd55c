use std::collections::VecDeque;

use super::{FlowId, Generation};
use crate::key::FlowKey;

/// A flow that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// Its name while it was there.
    pub id: FlowId,
    /// Its key.
    pub key: FlowKey,
    /// When it went.
    pub generation: Generation,
    /// Why it went.
    pub cause: Cause,
}

/// Why a flow went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It was silent.
    Expired,
    /// Another flow needed its place.
    Evicted,
}

/// The last removals.
#[derive(Debug)]
pub(super) struct RemovedLog {
    log: VecDeque<Removed>,
    most: usize,
    /// Removals up to here may be missing.
    forgotten: Generation,
}

impl RemovedLog {
    pub(super) fn new(most: usize) -> Self {
        Self { log: VecDeque::new(), most, forgotten: Generation(0) }
    }

    pub(super) fn push(&mut self, removed: Removed) {
        if self.most == 0 {
            self.forgotten = removed.generation;
            return;
        }
        if self.log.len() == self.most
            && let Some(oldest) = self.log.pop_front()
        {
            self.forgotten = oldest.generation;
        }
        self.log.push_back(removed);
    }

    pub(super) fn since(&self, mark: Generation) -> Option<impl Iterator<Item = &Removed>> {
        (mark >= self.forgotten).then(|| {
            let start = self.log.partition_point(|removed| removed.generation <= mark);
            self.log.iter().skip(start)
        })
    }

    pub(super) fn memory(&self) -> usize {
        self.log.capacity().saturating_mul(size_of::<Removed>())
    }
}
