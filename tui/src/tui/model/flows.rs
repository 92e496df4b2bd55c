//! All flows, in slots that are used again.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use wgtrace_api::filter::Filter;
use wgtrace_api::v1::FlowsReply;

use super::{Flow, Interner};

/// A flow's name: which daemon told it, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FlowKey {
    pub(crate) told_by: usize,
    pub(crate) id: u64,
}

/// All flows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flows {
    slots: Vec<Option<(FlowKey, Rc<Flow>)>>,
    free: Vec<u32>,
    places: HashMap<FlowKey, u32>,
    /// Raised when a flow comes or goes.
    members: u64,
    /// Raised when anything changes.
    changes: u64,
}

impl Flows {
    /// Takes what a daemon told. A snapshot takes the place of all that it told before.
    pub(crate) fn take(&mut self, told_by: usize, reply: &FlowsReply, filter: &Filter, names: &mut Interner) {
        self.changes += 1;
        if reply.snapshot {
            self.forget(told_by);
        }
        for flow in &reply.flows {
            self.put(FlowKey { told_by, id: flow.id }, Flow::new(flow, names), reply.time, filter);
        }
        for id in &reply.removed {
            self.remove(FlowKey { told_by, id: *id });
        }
    }

    /// Forgets all flows of a daemon.
    pub(crate) fn forget(&mut self, told_by: usize) {
        let gone: Vec<FlowKey> = self.places.keys().filter(|key| key.told_by == told_by).copied().collect();
        for key in gone {
            self.remove(key);
        }
    }

    /// Rates fall to nothing where nothing comes any more. Whether one did.
    pub(crate) fn rest(&mut self, now: i64) -> bool {
        let mut did = false;
        for (_, flow) in self.slots.iter_mut().flatten() {
            let mut meter = flow.meter;
            if meter.rest(now) {
                Rc::make_mut(flow).meter = meter;
                did = true;
            }
        }
        self.changes += u64::from(did);
        did
    }

    /// Finds out anew which of them are wanted.
    pub(crate) fn hold_against(&mut self, filter: &Filter) {
        self.members += 1;
        for (_, flow) in self.slots.iter().flatten() {
            flow.hold_against(filter);
        }
    }

    /// The flow in this slot.
    pub(crate) fn slot(&self, slot: u32) -> Option<&Rc<Flow>> {
        let slot = self.slots.get(usize::try_from(slot).ok()?)?;
        slot.as_ref().map(|(_, flow)| flow)
    }

    pub(crate) fn key(&self, slot: u32) -> Option<FlowKey> {
        let slot = self.slots.get(usize::try_from(slot).ok()?)?;
        slot.as_ref().map(|(key, _)| *key)
    }

    pub(crate) fn find(&self, key: FlowKey) -> Option<&Rc<Flow>> {
        self.places.get(&key).and_then(|slot| self.slot(*slot))
    }

    /// Slots that are in use and whose flow is wanted.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = (u32, &Flow)> {
        (0..).zip(&self.slots).filter_map(|(slot, held)| match held {
            Some((_, flow)) if flow.is_wanted.get() => Some((slot, &**flow)),
            Some(_) | None => None,
        })
    }

    /// Names of the pods at their ends.
    pub(crate) fn pods(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let flows = self.slots.iter().flatten();
        let pods = flows.flat_map(|(_, flow)| [&flow.source.pod, &flow.destination.pod]);
        pods.filter(|pod| !pod.is_empty() && seen.insert(Rc::as_ptr(pod))).map(ToString::to_string).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Another number when flows came or went, and another when anything changed.
    pub(crate) fn revision(&self) -> (u64, u64) {
        (self.members, self.changes)
    }

    fn put(&mut self, key: FlowKey, mut flow: Flow, now: i64, filter: &Filter) {
        let before = self.places.get(&key).copied();
        let was_wanted = before.and_then(|slot| self.slot(slot)).map(|old| {
            flow.meter = old.meter;
            old.is_wanted.get()
        });
        flow.meter.read(now, flow.total());
        let is_wanted = flow.hold_against(filter);
        if was_wanted != Some(is_wanted) {
            self.members += 1;
        }
        let slot = before.or_else(|| self.free.pop());
        let held = slot.and_then(|slot| self.slots.get_mut(usize::try_from(slot).ok()?));
        let flow = Some((key, Rc::new(flow)));
        if let (Some(held), Some(slot)) = (held, slot) {
            *held = flow;
            self.places.insert(key, slot);
        } else if let Ok(slot) = u32::try_from(self.slots.len()) {
            // a daemon's table is far smaller than that
            self.slots.push(flow);
            self.places.insert(key, slot);
        }
    }

    fn remove(&mut self, key: FlowKey) {
        let Some(slot) = self.places.remove(&key) else { return };
        if let Some(held) = usize::try_from(slot).ok().and_then(|slot| self.slots.get_mut(slot)) {
            *held = None;
            self.free.push(slot);
            self.members += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use wgtrace_api::v1;

    use super::*;

    fn flow(id: u64, port: u32) -> v1::Flow {
        let destination = Some(v1::Party { address: "10.0.2.7".into(), port, ..Default::default() });
        v1::Flow { id, destination, ..Default::default() }
    }

    #[test]
    fn slots_are_used_again_and_a_snapshot_replaces_one_daemons_flows() {
        let (mut flows, mut names) = (Flows::default(), Interner::default());
        let filter = "port 80".parse().unwrap();
        let reply = FlowsReply { flows: vec![flow(1, 80), flow(2, 80), flow(3, 81)], ..Default::default() };
        flows.take(0, &reply, &filter, &mut names);
        flows.take(1, &reply, &filter, &mut names);
        assert_eq!((flows.len(), flows.wanted().count(), flows.slots.len()), (6, 4, 6));
        let removal = FlowsReply { flows: vec![flow(9, 80)], removed: vec![2, 77], ..Default::default() };
        flows.take(0, &removal, &filter, &mut names);
        let snapshot = FlowsReply { snapshot: true, flows: vec![flow(5, 80)], ..Default::default() };
        flows.take(0, &snapshot, &filter, &mut names);
        assert_eq!((flows.len(), flows.wanted().count()), (4, 3));
        assert!(flows.slots.len() <= 7);
        assert!(flows.find(FlowKey { told_by: 0, id: 1 }).is_none());
        flows.hold_against(&Filter::default());
        assert_eq!(flows.wanted().count(), 4);
    }
}
