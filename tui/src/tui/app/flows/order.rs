//! Flows in order: what one is ordered by is kept, so that only those that changed have to be put in their place.

use std::cmp::Ordering;
use std::net::IpAddr;

use super::{Column, Sort};
use crate::tui::model::{Endpoint, Flow, Flows, Interner, Name};

/// The order, kept from one time to the next.
#[derive(Debug, Default)]
pub(super) struct Order {
    entries: Vec<Entry>,
    /// Room for the next order.
    spare: Vec<Entry>,
    fresh: Vec<Entry>,
    /// A bit for each slot that changed.
    changed: Vec<u64>,
    ranks: Vec<u32>,
    known: Option<Known>,
}

/// A flow by its slot, and what it is ordered by: all that is needed without looking at the flow.
#[derive(Debug, Clone, Copy)]
struct Entry {
    key: (u64, u64),
    last: i64,
    slot: u32,
}

/// What the order is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    sort: Sort,
    /// Of the names, where they matter.
    names: Option<u64>,
    /// Of the flows.
    changes: u64,
}

impl Order {
    /// Everything is ordered anew the next time.
    pub(super) fn forget(&mut self) {
        self.known = None;
    }

    /// Slots of the wanted flows in order. It takes as long as there are changes, if the same was asked before.
    pub(super) fn sort(&mut self, flows: &Flows, names: &Interner, sort: Sort) -> impl Iterator<Item = u32> {
        let now = Known {
            sort,
            names: sort.column.is_text().then(|| names.revision()),
            changes: flows.revision().1,
        };
        let before = self.known.filter(|known| (known.sort, known.names) == (now.sort, now.names));
        if before.is_none() {
            self.entries.clear();
            self.ranks = now.names.map(|_| names.ranks()).unwrap_or_default();
        }
        self.known = Some(now);
        self.take_changed(flows, sort, before.map(|known| known.changes));
        let order = |one: &Entry, other: &Entry| compare(flows, sort, one, other);
        self.fresh.sort_unstable_by(order);
        self.join(order);
        self.entries.iter().map(|entry| entry.slot)
    }

    /// What changed goes, and comes again among the fresh if it is still there and wanted.
    fn take_changed(&mut self, flows: &Flows, sort: Sort, since: Option<u64>) {
        let Self { entries, fresh, changed, ranks, .. } = self;
        fresh.clear();
        changed.clear();
        changed.resize(flows.slots().div_ceil(64), 0);
        for slot in flows.changed_since(since) {
            if let (Some(word), bit) = place(changed, slot) {
                *word |= bit;
            }
            if let Some(flow) = flows.slot(slot).filter(|flow| flow.is_wanted.get()) {
                fresh.push(Entry { key: key(flow, sort, ranks), last: flow.last, slot });
            }
        }
        entries.retain(|entry| matches!(place(changed, entry.slot), (Some(word), bit) if *word & bit == 0));
    }

    /// Both are in order.
    fn join(&mut self, order: impl Fn(&Entry, &Entry) -> Ordering) {
        let Self { entries, spare, fresh, .. } = self;
        if fresh.is_empty() {
            return;
        }
        spare.clear();
        spare.reserve(entries.len() + fresh.len());
        let mut old = entries.iter().peekable();
        for new in &*fresh {
            while let Some(entry) = old.next_if(|old| order(old, new) == Ordering::Less) {
                spare.push(*entry);
            }
            spare.push(*new);
        }
        spare.extend(old);
        std::mem::swap(entries, spare);
    }
}

/// The word with the slot's bit, and the bit.
fn place(words: &mut [u64], slot: u32) -> (Option<&mut u64>, u64) {
    let word = usize::try_from(slot / 64).ok().and_then(|at| words.get_mut(at));
    (word, 1 << (slot % 64))
}

/// Alike are only an entry and itself.
fn compare(flows: &Flows, sort: Sort, one: &Entry, other: &Entry) -> Ordering {
    let long = || {
        let is_end = matches!(sort.column, Column::Source | Column::Destination);
        let key = if sort.is_descending { !one.key.0 } else { one.key.0 };
        let pair = flows.slot(one.slot).zip(flows.slot(other.slot));
        let Some((one, other)) = pair.filter(|_| is_end && key & LONG == LONG) else {
            return Ordering::Equal;
        };
        let by_address = ends(one, sort.column).cmp(&ends(other, sort.column));
        if sort.is_descending { by_address.reverse() } else { by_address }
    };
    // of two that are alike, the one that was seen last
    let alike = || other.last.cmp(&one.last).then(one.slot.cmp(&other.slot));
    one.key.cmp(&other.key).then_with(long).then_with(alike)
}

/// Grows with the column's value; names by their ranks.
fn key(flow: &Flow, sort: Sort, ranks: &[u32]) -> (u64, u64) {
    let (first, second) = match sort.column {
        Column::Node => (rank(&flow.node, ranks), 0),
        Column::Source => end(&flow.source, ranks),
        Column::Destination => end(&flow.destination, ranks),
        Column::Path => {
            let mut steps = flow.path().map(|interface| rank(interface, ranks).saturating_add(1));
            let mut two = || steps.next().unwrap_or(0) << 32 | steps.next().unwrap_or(0);
            (two(), two())
        }
        Column::Protocol
        | Column::State
        | Column::Packets
        | Column::Rate
        | Column::Rtt
        | Column::Retransmissions
        | Column::Drops
        | Column::Age => (number(flow, sort.column), 0),
    };
    if sort.is_descending { (!first, !second) } else { (first, second) }
}

/// Grows with the value of a column that is ordered as numbers are.
pub(super) fn number(flow: &Flow, column: Column) -> u64 {
    match column {
        Column::Protocol => flow.protocol.into(),
        // their numbers are in the order of how bad they are
        Column::State => u64::try_from(i32::from(flow.encryption)).unwrap_or(0),
        Column::Packets => flow.total().packets,
        Column::Rate => flow.meter.per_second().bytes,
        Column::Rtt => flow.rtt,
        Column::Retransmissions => flow.retransmissions.into(),
        Column::Drops => flow.dropped(),
        Column::Age => u64::MAX - u64::try_from(flow.first).unwrap_or(0),
        Column::Node | Column::Source | Column::Destination | Column::Path => 0,
    }
}

fn rank(name: &Name, ranks: &[u32]) -> u64 {
    let rank = usize::try_from(name.number()).ok().and_then(|number| ranks.get(number));
    rank.copied().map_or(0, u64::from)
}

/// Pods by their names, then addresses by their numbers.
fn end(end: &Endpoint, ranks: &[u32]) -> (u64, u64) {
    let pod = if end.pod.is_empty() { NO_POD } else { rank(&end.pod, ranks) };
    match end.address {
        Some(IpAddr::V4(address)) => (pod << 32 | u64::from(address.to_bits()), end.port.into()),
        Some(IpAddr::V6(address)) => {
            (pod << 32 | LONG, u64::try_from(address.to_bits() >> 64).unwrap_or(u64::MAX))
        }
        None => (pod << 32 | LONG, u64::MAX),
    }
}

fn ends(flow: &Flow, column: Column) -> (Option<IpAddr>, u32) {
    let end = if column == Column::Source { &flow.source } else { &flow.destination };
    (end.address, end.port)
}

/// Ends without a pod stand behind those with one.
const NO_POD: u64 = 0xffff_ffff;
/// The address does not fit: it has to be looked at.
const LONG: u64 = 0xffff_ffff;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wgtrace_api::filter::Filter;
    use wgtrace_api::v1::{self, FlowsReply};

    use super::*;

    fn flow() -> impl Strategy<Value = v1::Flow> {
        let name = |names: &'static [&'static str]| prop::sample::select(names).prop_map(str::to_owned);
        let pods = name(&["", "default/client-1", "default/client-2", "kube-system/dns"]);
        let addresses = name(&["10.0.1.7", "10.0.2.9", "fd00::7", "fd00::9", "fd01::1", ""]);
        let party = (pods, addresses, 0u32..3).prop_map(|(pod, address, port)| v1::Party {
            pod,
            address,
            port,
            ..Default::default()
        });
        let hop =
            (name(&["lxc1", "lxc2", "cilium_wg0", "eth0"]), 0u64..2).prop_map(|(interface, packets)| {
                let forward = Some(v1::Count { packets, bytes: packets * 84 });
                v1::Hop { interface, forward, ..Default::default() }
            });
        let hops = prop::collection::vec(hop, 0..4);
        let ends = (party.clone(), party, name(&["worker", "worker2"]), hops);
        (0u64..30, ends, (0u32..3, 0u64..3, 0i64..3, 0i64..3)).prop_map(
            |(id, (source, destination, node, hops), (protocol, rtt, first, last))| v1::Flow {
                id,
                source: Some(source),
                destination: Some(destination),
                node,
                hops,
                protocol,
                rtt,
                first,
                last,
                ..Default::default()
            },
        )
    }

    /// By the words themselves.
    fn naive(one: &Flow, other: &Flow, column: Column) -> Ordering {
        let pod = |end: &Endpoint| (end.pod.is_empty(), end.pod.clone(), end.address.is_none());
        let by_end = |one: &Endpoint, other: &Endpoint| {
            pod(one).cmp(&pod(other)).then((one.address, one.port).cmp(&(other.address, other.port)))
        };
        match column {
            Column::Node => one.node.cmp(&other.node),
            Column::Source => by_end(&one.source, &other.source),
            Column::Destination => by_end(&one.destination, &other.destination),
            Column::Path => one.path().cmp(other.path()),
            Column::Protocol
            | Column::State
            | Column::Packets
            | Column::Rate
            | Column::Rtt
            | Column::Retransmissions
            | Column::Drops
            | Column::Age => number(one, column).cmp(&number(other, column)),
        }
    }

    proptest! {
        #[test]
        fn what_changed_is_put_in_its_place(
            steps in prop::collection::vec((prop::collection::vec(flow(), 0..8), prop::collection::vec(0u64..30, 0..3)), 1..12),
            filtered in any::<bool>(),
            column in prop::sample::select(&Column::ALL[..]),
            is_descending in any::<bool>(),
        ) {
            let (mut flows, mut names, mut order) = (Flows::default(), Interner::default(), Order::default());
            let filter: Filter = if filtered { "proto 1 or port 2" } else { "" }.parse().unwrap();
            let sort = Sort { column, is_descending };
            for (at, (told, removed)) in (0..).zip(steps) {
                let reply = FlowsReply { flows: told, removed, time: at * 700_000_000, ..Default::default() };
                flows.take(0, &reply, &filter, &mut names);
                flows.rest(at * 700_000_000);
                let kept: Vec<u32> = order.sort(&flows, &names, sort).collect();
                let wanted = flows.changed_since(None).filter_map(|slot| Some((slot, flows.slot(slot)?)));
                let mut expected: Vec<_> = wanted.filter(|(_, flow)| flow.is_wanted.get()).collect();
                expected.sort_by(|(one_slot, one), (other_slot, other)| {
                    let by_value = naive(one, other, column);
                    let by_value = if is_descending { by_value.reverse() } else { by_value };
                    by_value.then(other.last.cmp(&one.last)).then(one_slot.cmp(other_slot))
                });
                prop_assert_eq!(kept, expected.into_iter().map(|(slot, _)| slot).collect::<Vec<_>>());
            }
        }
    }
}
