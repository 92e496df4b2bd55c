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
    slots: Vec<Slot>,
    free: Vec<u32>,
    places: HashMap<FlowKey, u32>,
    /// Slots whose rate is not nothing.
    moving: Vec<u32>,
    /// Raised when a flow comes or goes.
    members: u64,
    /// Raised when anything changes.
    changes: u64,
}

#[derive(Debug, Clone)]
struct Slot {
    held: Option<(FlowKey, Rc<Flow>)>,
    /// Which of the changes was the last one here.
    changed: u64,
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
    fn forget(&mut self, told_by: usize) {
        let gone: Vec<FlowKey> = self.places.keys().filter(|key| key.told_by == told_by).copied().collect();
        for key in gone {
            self.remove(key);
        }
    }

    /// Rates fall to nothing where nothing comes any more. Whether one did.
    pub(crate) fn rest(&mut self, now: i64) -> bool {
        let next = self.changes + 1;
        let Self { slots, moving, changes, .. } = self;
        // a slot that is used again may be there twice
        moving.sort_unstable();
        moving.dedup();
        moving.retain(|number| {
            let slot = usize::try_from(*number).ok().and_then(|number| slots.get_mut(number));
            let Some(Slot { held: Some((_, flow)), changed }) = slot else { return false };
            let mut meter = flow.meter;
            if meter.rest(now) {
                Rc::make_mut(flow).meter = meter;
                *changed = next;
                *changes = next;
            }
            meter.is_moving()
        });
        self.changes == next
    }

    /// Finds out anew which of them are wanted.
    pub(crate) fn hold_against(&mut self, filter: &Filter) {
        self.members += 1;
        self.changes += 1;
        for slot in &mut self.slots {
            slot.changed = self.changes;
            if let Some((_, flow)) = &slot.held {
                flow.hold_against(filter);
            }
        }
    }

    /// The flow in this slot.
    pub(crate) fn slot(&self, slot: u32) -> Option<&Rc<Flow>> {
        let slot = self.slots.get(usize::try_from(slot).ok()?)?;
        slot.held.as_ref().map(|(_, flow)| flow)
    }

    pub(crate) fn key(&self, slot: u32) -> Option<FlowKey> {
        let slot = self.slots.get(usize::try_from(slot).ok()?)?;
        slot.held.as_ref().map(|(key, _)| *key)
    }

    pub(crate) fn find(&self, key: FlowKey) -> Option<&Rc<Flow>> {
        self.place(key).and_then(|slot| self.slot(slot))
    }

    /// The slot of this flow.
    pub(crate) fn place(&self, key: FlowKey) -> Option<u32> {
        self.places.get(&key).copied()
    }

    /// How many slots there are, in use or not.
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Slots where something came, changed or went since the changes were so many; all of them since ever.
    pub(crate) fn changed_since(&self, changes: Option<u64>) -> impl Iterator<Item = u32> {
        let slots = (0..).zip(&self.slots);
        slots.filter(move |(_, slot)| changes.is_none_or(|since| slot.changed > since)).map(|(slot, _)| slot)
    }

    /// Names of the pods at their ends.
    pub(crate) fn pods(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let flows = self.slots.iter().filter_map(|slot| slot.held.as_ref());
        let pods = flows.flat_map(|(_, flow)| [&flow.source.pod, &flow.destination.pod]);
        pods.filter(|pod| !pod.is_empty() && seen.insert(pod.number())).map(ToString::to_string).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Another number when flows came or went, and another when anything changed.
    pub(crate) fn revision(&self) -> (u64, u64) {
        (self.members, self.changes)
    }

    fn put(&mut self, key: FlowKey, mut flow: Flow, now: i64, filter: &Filter) {
        let before = self.place(key);
        let old = before.and_then(|slot| self.slot(slot)).map(|old| (old.meter, old.is_wanted.get()));
        flow.meter = old.map(|(meter, _)| meter).unwrap_or_default();
        flow.meter.read(now, flow.total());
        let is_wanted = flow.hold_against(filter);
        if old.map(|(_, was_wanted)| was_wanted) != Some(is_wanted) {
            self.members += 1;
        }
        let began_to_move = flow.meter.is_moving() && old.is_none_or(|(meter, _)| !meter.is_moving());
        let place = before.or_else(|| self.free.pop());
        let slot = place.and_then(|place| self.slots.get_mut(usize::try_from(place).ok()?));
        let place = if let (Some(slot), Some(place)) = (slot, place) {
            slot.changed = self.changes;
            // its room is used again, unless the screen is held and still shows it
            match slot.held.as_mut().and_then(|(_, held)| Rc::get_mut(held)) {
                Some(held) => *held = flow,
                None => slot.held = Some((key, Rc::new(flow))),
            }
            place
        } else {
            // a daemon's table is far smaller than that
            let Ok(place) = u32::try_from(self.slots.len()) else { return };
            self.slots.push(Slot { held: Some((key, Rc::new(flow))), changed: self.changes });
            place
        };
        if before.is_none() {
            self.places.insert(key, place);
        }
        if began_to_move {
            self.moving.push(place);
        }
    }

    fn remove(&mut self, key: FlowKey) {
        let Some(place) = self.places.remove(&key) else { return };
        if let Some(slot) = usize::try_from(place).ok().and_then(|place| self.slots.get_mut(place)) {
            *slot = Slot { held: None, changed: self.changes };
            self.free.push(place);
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

    fn wanted(flows: &Flows) -> usize {
        let slots = flows.changed_since(None).filter_map(|slot| flows.slot(slot));
        slots.filter(|flow| flow.is_wanted.get()).count()
    }

    #[test]
    fn slots_are_used_again_and_a_snapshot_replaces_one_daemons_flows() {
        let (mut flows, mut names) = (Flows::default(), Interner::default());
        let filter = "port 80".parse().unwrap();
        let reply = FlowsReply { flows: vec![flow(1, 80), flow(2, 80), flow(3, 81)], ..Default::default() };
        flows.take(0, &reply, &filter, &mut names);
        flows.take(1, &reply, &filter, &mut names);
        assert_eq!((flows.len(), wanted(&flows), flows.slots.len()), (6, 4, 6));
        let removal = FlowsReply { flows: vec![flow(9, 80)], removed: vec![2, 77], ..Default::default() };
        flows.take(0, &removal, &filter, &mut names);
        let snapshot = FlowsReply { snapshot: true, flows: vec![flow(5, 80)], ..Default::default() };
        flows.take(0, &snapshot, &filter, &mut names);
        assert_eq!((flows.len(), wanted(&flows)), (4, 3));
        assert!(flows.slots.len() <= 7);
        assert!(flows.find(FlowKey { told_by: 0, id: 1 }).is_none());
        flows.hold_against(&Filter::default());
        assert_eq!(wanted(&flows), 4);
    }
}
