//! What came of a capture: sessions, counters, and everything that did not open.

mod ledger;

use super::batch::{Batch, Event};
use super::nest::MAX_DEPTH;
use crate::keypair::Role;
use crate::session::{Moment, SessionId};

pub use self::ledger::{DirectionReport, FailureGroup, Ledger, SessionReport, Tally, Totals};

/// Takes the opened batches in order and counts.
#[derive(Debug, Default)]
pub struct Report {
    outer: Ledger,
    /// At n the messages inside n + 1 tunnels.
    inside: [Ledger; MAX_DEPTH],
}

impl Report {
    /// A report of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts the events of an opened batch; batches are to come in the order of their tickets, each
    /// after `Nest::descend`.
    pub fn absorb(&mut self, batch: &Batch) {
        let moment = |position: usize| {
            let frame = batch.chunk.frames.get(position)?;
            Some(Moment { frame: frame.number, time: frame.time })
        };
        for Event { job, outcome } in &batch.events {
            let Some(job) = batch.jobs.get(*job) else { continue };
            let Some(moment) = moment(job.frame) else { continue };
            self.outer.note(outcome, job.src, moment);
        }
        for (ledger, layer) in self.inside.iter_mut().zip(&batch.layers) {
            for Event { job, outcome } in &layer.events {
                let Some(message) = layer.messages.get(*job) else { continue };
                let Some(moment) = moment(message.position) else { continue };
                ledger.note(outcome, message.src, moment);
            }
        }
    }

    /// The messages that `sender` sent in `session`, in no other tunnel.
    pub fn of(&self, session: SessionId, sender: Role) -> Option<&DirectionReport> {
        self.outer.of(session, sender)
    }

    /// Sums over the messages absorbed that were in no other tunnel.
    pub fn totals(&self) -> Totals {
        self.outer.totals()
    }

    /// What of them did not open, by first occurrence.
    pub fn failures(&self) -> Vec<FailureGroup> {
        self.outer.failures()
    }

    /// The counts of the messages inside `depth` tunnels; depth 0 is what the other methods tell.
    pub fn at(&self, depth: usize) -> Option<&Ledger> {
        match depth.checked_sub(1) {
            None => Some(&self.outer),
            Some(above) => self.inside.get(above),
        }
    }
}
