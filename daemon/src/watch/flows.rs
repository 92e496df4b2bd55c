//! Flows for one subscriber.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use wgtrace_api::filter::Filter;
use wgtrace_api::v1;
use wgtrace_flow::table::{FlowId, Generation};
use wgtrace_flow::{Flow, FlowTable};

/// What a subscriber wants of flows.
#[derive(Debug, Clone)]
pub struct FlowWants {
    /// Which of them.
    pub filter: Filter,
    /// Time between two replies.
    pub interval: Duration,
}

impl FlowWants {
    /// Unless told.
    pub const INTERVAL: Duration = Duration::from_millis(250);
    /// At least.
    pub const SHORTEST: Duration = Duration::from_millis(20);
}

/// What one subscriber was told, and is to be told next.
///
/// A reader that is slow gets fewer and larger steps: the table itself remembers what has changed. When it has forgotten
/// what is gone, the reader gets a snapshot again.
pub(super) struct FlowQueue {
    wants: FlowWants,
    replies: mpsc::Sender<v1::FlowsReply>,
    /// Of the last step; `None` before a snapshot.
    told: Option<Generation>,
    next: Instant,
    /// Of the step that is being told.
    step: Option<Step>,
    missed: u64,
    /// Flows that the reader has, if it does not have all.
    held: HashSet<u64>,
}

struct Step {
    snapshot: bool,
    flows: VecDeque<FlowId>,
    removed: Vec<u64>,
}

impl FlowQueue {
    pub(super) fn new(wants: FlowWants, now: Instant) -> (Self, mpsc::Receiver<v1::FlowsReply>) {
        let (replies, receiver) = mpsc::channel(MOST_REPLIES);
        (
            Self { wants, replies, told: None, next: now, step: None, missed: 0, held: HashSet::new() },
            receiver,
        )
    }

    /// When it wants to be called.
    pub(super) fn due(&self) -> Instant {
        self.next
    }

    /// Tells as much as there is to tell and the reader has room for; whether there still is a reader.
    pub(super) fn tell(
        &mut self,
        now: Instant,
        table: &mut FlowTable,
        time: i64,
        show: impl Fn(&Flow<'_>) -> v1::Flow,
    ) -> bool {
        if self.replies.is_closed() {
            return false;
        }
        if now >= self.next {
            self.next = now + self.wants.interval;
            if self.step.is_some() {
                self.missed = self.missed.saturating_add(1);
            } else {
                self.step = self.begin(table);
            }
        }
        let mut room = MOST_AT_ONCE;
        while let Some(step) = &mut self.step
            && room > 0
        {
            let permit = match self.replies.try_reserve() {
                Ok(permit) => permit,
                Err(TrySendError::Full(())) => return true,
                Err(TrySendError::Closed(())) => return false,
            };
            let count = step.flows.len().min(MOST_FLOWS);
            let flows = step.flows.drain(..count).filter_map(|id| table.get(id));
            let held = &mut self.held;
            let filter = &self.wants.filter;
            let mut removed = std::mem::take(&mut step.removed);
            let shown = flows.map(|flow| show(&flow)).filter(|flow| {
                let is_wanted = filter.matches(flow);
                if !filter.is_empty() {
                    if is_wanted {
                        held.insert(flow.id);
                    } else if held.remove(&flow.id) {
                        // it was once, and is another by now
                        removed.push(flow.id);
                    }
                }
                is_wanted
            });
            let shown: Vec<_> = shown.collect();
            room = room.saturating_sub(count);
            permit.send(v1::FlowsReply {
                snapshot: std::mem::take(&mut step.snapshot),
                flows: shown,
                removed,
                time,
                known: u64::try_from(table.len()).unwrap_or(u64::MAX),
                evicted: table.counts().evicted,
                missed: self.missed,
                more: !step.flows.is_empty(),
            });
            if step.flows.is_empty() {
                self.step = None;
            }
        }
        true
    }

    /// What has changed since the last step; `None` if nothing has.
    fn begin(&mut self, table: &mut FlowTable) -> Option<Step> {
        let mark = table.mark();
        let told = self.told.replace(mark);
        let gone = told.and_then(|told| Some((told, table.removed_since(told)?)));
        let Some((told, removed)) = gone else {
            self.held.clear();
            let flows = table.iter().map(|flow| flow.id()).collect();
            return Some(Step { snapshot: true, flows, removed: Vec::new() });
        };
        let held = &mut self.held;
        let is_told = |id: &u64| self.wants.filter.is_empty() || held.remove(id);
        let removed: Vec<u64> = removed.map(|removed| removed.id.number()).filter(is_told).collect();
        let flows: VecDeque<_> = table.changed_since(told).map(|flow| flow.id()).collect();
        let is_some = !flows.is_empty() || !removed.is_empty();
        is_some.then_some(Step { snapshot: false, flows, removed })
    }
}

/// Replies that wait.
const MOST_REPLIES: usize = 4;
/// Flows of a reply: a few hundred bytes each, and readers take 4 MiB at once.
const MOST_FLOWS: usize = 1024;
/// Flows that are told before the rings are looked at again.
const MOST_AT_ONCE: usize = 2048;

#[cfg(test)]
mod tests;
