//! Flows under heads: by what two nodes saw of one flow, by pod, by peer, by node.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;

use wgtrace_api::v1::EncryptionState;

use super::order::number;
use super::{Column, Sort};
use crate::tui::model::{Endpoint, Flow, Flows, Name, Rate};

/// What flows are put together by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Grouping {
    #[default]
    None,
    Flow,
    Pod,
    Peer,
    Node,
}

impl Grouping {
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::None => Self::Flow,
            Self::Flow => Self::Pod,
            Self::Pod => Self::Peer,
            Self::Peer => Self::Node,
            Self::Node => Self::None,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Flow => "flow",
            Self::Pod => "pod",
            Self::Peer => "peer",
            Self::Node => "node",
        }
    }

    fn key(self, flow: &Flow) -> GroupKey {
        let name = |names: &[&Name]| {
            let name = names.iter().find(|name| !name.is_empty());
            name.map_or(GroupKey::Nothing, |name| GroupKey::Name((*name).clone()))
        };
        let end = |end: &Endpoint| (end.address, end.port);
        match self {
            Self::None => GroupKey::Nothing,
            Self::Flow => GroupKey::Flow {
                source: end(&flow.source),
                destination: end(&flow.destination),
                protocol: flow.protocol,
                echo_id: flow.echo_id,
            },
            Self::Pod => name(&[&flow.source.pod, &flow.destination.pod]),
            Self::Peer => name(&[&flow.peer_node, &flow.peer]),
            Self::Node => name(&[&flow.node]),
        }
    }
}

/// What is the same of all flows of a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum GroupKey {
    /// They have no pod, or no peer.
    Nothing,
    Name(Name),
    Flow {
        source: (Option<IpAddr>, u32),
        destination: (Option<IpAddr>, u32),
        protocol: u32,
        echo_id: u32,
    },
}

/// Flows together.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) key: GroupKey,
    pub(crate) flows: usize,
    /// Of a flow that several nodes saw, as often as the node that saw most; else all of them.
    pub(crate) packets: u64,
    pub(crate) rate: Rate,
    pub(crate) rtt: u64,
    pub(crate) retransmissions: u64,
    pub(crate) drops: u64,
    /// The worst of them.
    pub(crate) encryption: EncryptionState,
    /// The slots of those that were seen, in the order in which they were first.
    pub(crate) slots: Vec<u32>,
}

/// The groups in order, and the slots of each in the order given.
pub(super) fn grouped(
    flows: &Flows,
    sorted: impl Iterator<Item = u32>,
    grouping: Grouping,
    sort: Sort,
) -> (Vec<Group>, Vec<Vec<u32>>) {
    let mut numbers: HashMap<GroupKey, usize> = HashMap::new();
    let mut groups: Vec<(u64, Group, Vec<u32>)> = Vec::new();
    for slot in sorted {
        let Some(flow) = flows.slot(slot) else { continue };
        let key = grouping.key(flow);
        let number = *numbers.entry(key).or_insert_with_key(|key| {
            groups.push((0, Group::new(key.clone()), Vec::new()));
            groups.len() - 1
        });
        if let Some((_, group, members)) = groups.get_mut(number) {
            group.take(flow, grouping);
            members.push(slot);
        }
    }
    for (order, group, members) in &mut groups {
        let first = members.first().and_then(|slot| flows.slot(*slot));
        *order =
            group.number(sort.column).unwrap_or_else(|| first.map_or(0, |flow| number(flow, sort.column)));
        let mut by_time: Vec<u32> = members.iter().copied().take(SHOWN).collect();
        by_time.sort_by_key(|slot| flows.slot(*slot).map_or(0, |flow| flow.first));
        group.slots = by_time;
    }
    // by words they are in the order of their first flows
    if !sort.column.is_text() && sort.is_descending {
        groups.sort_by_key(|(order, ..)| Reverse(*order));
    } else if !sort.column.is_text() {
        groups.sort_by_key(|(order, ..)| *order);
    }
    groups.into_iter().map(|(_, group, members)| (group, members)).unzip()
}

impl Group {
    fn new(key: GroupKey) -> Self {
        Self {
            key,
            flows: 0,
            packets: 0,
            rate: Rate::default(),
            rtt: 0,
            retransmissions: 0,
            drops: 0,
            encryption: EncryptionState::None,
            slots: Vec::new(),
        }
    }

    fn take(&mut self, flow: &Flow, grouping: Grouping) {
        // nodes that saw the same packets do not add to them
        let is_one = grouping == Grouping::Flow;
        let join = |sum: &mut u64, more: u64| {
            *sum = if is_one { (*sum).max(more) } else { sum.saturating_add(more) };
        };
        self.flows += 1;
        join(&mut self.packets, flow.total().packets);
        join(&mut self.rate.bytes, flow.meter.per_second().bytes);
        join(&mut self.rate.packets, flow.meter.per_second().packets);
        join(&mut self.retransmissions, flow.retransmissions.into());
        self.drops = self.drops.saturating_add(flow.dropped());
        self.rtt = self.rtt.max(flow.rtt);
        if i32::from(flow.encryption) > i32::from(self.encryption) {
            self.encryption = flow.encryption;
        }
    }

    /// What the groups are ordered by, where it is theirs and not their flows'.
    fn number(&self, column: Column) -> Option<u64> {
        match column {
            Column::Packets => Some(self.packets),
            Column::Rate => Some(self.rate.bytes),
            Column::Rtt => Some(self.rtt),
            Column::Retransmissions => Some(self.retransmissions),
            Column::Drops => Some(self.drops),
            Column::State => u64::try_from(i32::from(self.encryption)).ok(),
            Column::Node
            | Column::Source
            | Column::Destination
            | Column::Protocol
            | Column::Path
            | Column::Age => None,
        }
    }
}

/// Ways of so many nodes are drawn one behind the other.
const SHOWN: usize = 4;
