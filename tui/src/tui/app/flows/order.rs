//! Flows in order, a hundred thousand of them in a few milliseconds: by a number that is computed once.

use std::cmp::Ordering;
use std::net::IpAddr;

use super::{Column, Sort};
use crate::tui::model::{Endpoint, Flow, Flows};

/// Room for the order, used again and again.
#[derive(Debug, Default)]
pub(super) struct Order {
    keys: Vec<(u64, u32)>,
}

impl Order {
    /// Slots of the wanted flows in order, each with what it was ordered by.
    pub(super) fn sort(&mut self, flows: &Flows, sort: Sort) -> &[(u64, u32)] {
        self.keys.clear();
        let number = |flow: &Flow| {
            let number = number(flow, sort.column);
            if sort.is_descending { !number } else { number }
        };
        self.keys.extend(flows.wanted().map(|(slot, flow)| (number(flow), slot)));
        self.keys.sort_unstable_by(|(one, one_slot), (other, other_slot)| {
            one.cmp(other).then_with(|| {
                let pair = flows.slot(*one_slot).zip(flows.slot(*other_slot));
                let exact = pair.map_or(Ordering::Equal, |(one, other)| {
                    let by_text = text(one, other, sort.column);
                    let by_text = if sort.is_descending { by_text.reverse() } else { by_text };
                    // of two that are alike, the one that was seen last
                    by_text.then_with(|| other.last.cmp(&one.last))
                });
                exact.then_with(|| one_slot.cmp(other_slot))
            })
        });
        &self.keys
    }
}

/// Grows with the column's value; words with their first eight bytes.
pub(super) fn number(flow: &Flow, column: Column) -> u64 {
    match column {
        Column::Node => start(&flow.node),
        Column::Source => end(&flow.source),
        Column::Destination => end(&flow.destination),
        Column::Path => flow.path().next().map_or(0, |interface| start(interface)),
        Column::Protocol => flow.protocol.into(),
        // their numbers are in the order of how bad they are
        Column::State => u64::try_from(i32::from(flow.encryption)).unwrap_or(0),
        Column::Packets => flow.total().packets,
        Column::Rate => flow.meter.per_second().bytes,
        Column::Rtt => flow.rtt,
        Column::Retransmissions => flow.retransmissions.into(),
        Column::Drops => flow.dropped(),
        Column::Age => u64::MAX - u64::try_from(flow.first).unwrap_or(0),
    }
}

/// The rest of the words, where their starts are the same.
fn text(one: &Flow, other: &Flow, column: Column) -> Ordering {
    let ends = |one: &Endpoint, other: &Endpoint| {
        one.pod.cmp(&other.pod).then_with(|| one.address.cmp(&other.address)).then(one.port.cmp(&other.port))
    };
    match column {
        Column::Node => one.node.cmp(&other.node),
        Column::Source => ends(&one.source, &other.source),
        Column::Destination => ends(&one.destination, &other.destination),
        Column::Path => one.path().cmp(other.path()),
        Column::Protocol
        | Column::State
        | Column::Packets
        | Column::Rate
        | Column::Rtt
        | Column::Retransmissions
        | Column::Drops
        | Column::Age => Ordering::Equal,
    }
}

fn start(text: &str) -> u64 {
    let mut bytes = [0; 8];
    for (byte, of) in bytes.iter_mut().zip(text.bytes()) {
        *byte = of;
    }
    u64::from_be_bytes(bytes)
}

/// Pods by their names, then addresses by their numbers: no name starts with such a byte.
fn end(end: &Endpoint) -> u64 {
    if !end.pod.is_empty() {
        return start(&end.pod);
    }
    match end.address {
        None => u64::MAX,
        Some(IpAddr::V4(address)) => 0xff << 56 | u64::from(address.to_bits()),
        Some(IpAddr::V6(_)) => 0xff << 56 | 1 << 32,
    }
}
