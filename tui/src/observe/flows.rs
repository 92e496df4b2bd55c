//! Flows as they are told: known, new, changed, ended.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;
use wgtrace_api::filter::Filter;
use wgtrace_api::v1::{Flow, FlowsReply};

use super::line;
use super::printer::Printer;
use crate::io;

/// What happened to a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Known,
    New,
    Changed,
    Ended,
}

impl Event {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::New => "new",
            Self::Changed => "changed",
            Self::Ended => "ended",
        }
    }
}

/// What every daemon said of its flows.
#[derive(Debug)]
pub(super) struct Flows {
    is_following: bool,
    last: Option<usize>,
    since: Option<i64>,
    is_recording: bool,
    daemons: BTreeMap<String, Daemon>,
}

#[derive(Debug, Default)]
struct Daemon {
    flows: HashMap<u64, Flow>,
    /// Whether or not they are wanted.
    known: u64,
    /// The first snapshot is whole.
    is_complete: bool,
    /// A snapshot is under way, of which these are told.
    snapshot: Option<BTreeSet<u64>>,
}

impl Flows {
    pub(super) fn new(
        is_following: bool,
        last: Option<usize>,
        since: Option<i64>,
        is_recording: bool,
    ) -> Self {
        Self { is_following, last, since, is_recording, daemons: BTreeMap::new() }
    }

    /// Daemons that said all they know.
    pub(super) fn complete(&self) -> usize {
        self.daemons.values().filter(|daemon| daemon.is_complete).count()
    }

    pub(super) fn take(
        &mut self,
        from: &str,
        reply: &FlowsReply,
        filter: &Filter,
        out: &mut Printer,
    ) -> Result<()> {
        out.missed(from, reply.missed, "steps of flows");
        let daemon = self.daemons.entry(from.to_owned()).or_default();
        daemon.known = reply.known;
        if reply.snapshot {
            daemon.snapshot = Some(BTreeSet::new());
        }
        for flow in reply.flows.iter().filter(|flow| filter.matches(*flow)) {
            if let Some(told) = &mut daemon.snapshot {
                told.insert(flow.id);
            }
            let before = daemon.flows.insert(flow.id, flow.clone());
            let event = match before {
                None => Event::New,
                Some(before) if is_other(&before, flow) => Event::Changed,
                Some(_) => continue,
            };
            if daemon.is_complete && self.is_following {
                out.flow(event, flow)?;
            }
        }
        for id in &reply.removed {
            if let Some(flow) = daemon.flows.remove(id)
                && daemon.is_complete
                && self.is_following
            {
                out.flow(Event::Ended, &flow)?;
            }
        }
        if reply.more {
            return Ok(());
        }
        // What a new snapshot has no more ended in the gap before it.
        let told = daemon.snapshot.take();
        if let Some(told) = told.filter(|_| daemon.is_complete) {
            for (_, flow) in daemon.flows.extract_if(|id, _| !told.contains(id)) {
                out.flow(Event::Ended, &flow)?;
            }
        }
        if !std::mem::replace(&mut daemon.is_complete, true) && self.is_following {
            let flows: Vec<Flow> = daemon.flows.values().cloned().collect();
            self.known(flows, out)?;
        }
        Ok(())
    }

    /// What is told at the end, where nothing was before.
    pub(super) fn finish(&mut self, out: &mut Printer) -> Result<()> {
        if self.is_following {
            return Ok(());
        }
        let daemons = std::mem::take(&mut self.daemons);
        let known = daemons.values().fold(0_u64, |sum, daemon| sum.saturating_add(daemon.known));
        let flows: Vec<Flow> = daemons.into_values().flat_map(|daemon| daemon.flows.into_values()).collect();
        let is_late = |flow: &Flow| self.since.is_none_or(|since| flow.last >= since);
        match (flows.iter().any(is_late), known) {
            (true, _) => {}
            (false, 0) if self.is_recording => io::say("the recording has no flows"),
            (false, 0) => io::say(
                "no flows are known: a daemon follows flows only while somebody watches; -f goes on with what happens",
            ),
            (false, known) if flows.is_empty() => {
                io::say(format_args!("the filter wants none of the {known} flows that are known"));
            }
            (false, _) => io::say(format_args!("none of {} flows was seen since then", flows.len())),
        }
        self.known(flows, out)
    }

    /// In the order in which they were seen last.
    fn known(&self, mut flows: Vec<Flow>, out: &mut Printer) -> Result<()> {
        flows.retain(|flow| self.since.is_none_or(|since| flow.last >= since));
        flows.sort_by(|one, other| (one.last, &one.node, one.id).cmp(&(other.last, &other.node, other.id)));
        let skipped = self.last.map_or(0, |last| flows.len().saturating_sub(last));
        flows.iter().skip(skipped).try_for_each(|flow| out.flow(Event::Known, flow))
    }
}

/// Whether more than its counters changed.
fn is_other(before: &Flow, flow: &Flow) -> bool {
    let reasons = |flow: &Flow| -> Vec<(u32, String)> {
        flow.drops.iter().map(|drop| (drop.reason, drop.hook.clone())).collect()
    };
    before.encryption != flow.encryption
        || before.tcp_state != flow.tcp_state
        || before.peer != flow.peer
        || line::path(before) != line::path(flow)
        || reasons(before) != reasons(flow)
}
