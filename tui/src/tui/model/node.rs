//! The nodes that were asked, and what each of them said last.

use wgtrace_api::v1::{DropsReply, Interface, LedgerReply, NodeEntry, Peer, StatusReply};

use super::{Meter, Rate};

/// A node, or a socket at which none said its name yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) link: Link,
    pub(crate) status: Option<StatusReply>,
    /// With the time at which they were told.
    pub(crate) peers: (i64, Vec<Peer>),
    pub(crate) interfaces: Vec<Interface>,
    /// The cluster's nodes, as this one has them.
    pub(crate) roster: Vec<NodeEntry>,
    pub(crate) drops: Option<DropsReply>,
    pub(crate) ledger: Option<LedgerReply>,
    pub(crate) missed: Missed,
    pub(crate) evicted: u64,
    produced: Meter,
    seen: Meter,
}

/// Whether it can be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Link {
    /// It did not answer yet, and did not fail to.
    #[default]
    Waiting,
    Up,
    Gone {
        since: i64,
        reason: String,
    },
}

/// What this program was too slow for, on its present streams and on those before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Missed {
    packets: (u64, u64),
    flows: (u64, u64),
}

impl Missed {
    pub(crate) fn packets(&self) -> u64 {
        self.packets.0.saturating_add(self.packets.1)
    }

    pub(crate) fn flows(&self) -> u64 {
        self.flows.0.saturating_add(self.flows.1)
    }

    pub(super) fn take_packets(&mut self, missed: u64) {
        Self::take(&mut self.packets, missed);
    }

    pub(super) fn take_flows(&mut self, missed: u64) {
        Self::take(&mut self.flows, missed);
    }

    /// A stream that begins anew counts from nothing.
    fn take((before, now): &mut (u64, u64), missed: u64) {
        if missed < *now {
            *before = before.saturating_add(*now);
        }
        *now = missed;
    }
}

impl Node {
    /// Events in a second: as the ledger has them, or without it, the packets that were looked at for us.
    pub(crate) fn events_per_second(&self) -> u64 {
        let meter = if self.ledger.is_some() { &self.produced } else { &self.seen };
        meter.per_second().packets
    }

    /// Events that were lost, by the node's own account.
    pub(crate) fn lost(&self) -> u64 {
        let rows = self.ledger.iter().flat_map(|ledger| &ledger.rows);
        rows.fold(0, |sum, row| sum.saturating_add(row.lost_full).saturating_add(row.lost_other))
    }

    /// Whether it is known by its socket only.
    pub(crate) fn is_socket(&self) -> bool {
        self.name.contains('/')
    }

    /// Since when nobody answers there, and why; not the words of when that was, which would not stay true.
    pub(crate) fn gone(&self) -> Option<(i64, &str)> {
        let Link::Gone { since, reason } = &self.link else { return None };
        Some((*since, reason.split("; not connected since").next().unwrap_or_default()))
    }

    pub(super) fn take_seen(&mut self, now: i64, seen: u64) {
        self.seen.read(now, Rate { packets: seen, bytes: 0 });
    }

    pub(super) fn take_ledger(&mut self, ledger: LedgerReply) {
        let produced = ledger.rows.iter().fold(0u64, |sum, row| sum.saturating_add(row.produced));
        self.produced.read(ledger.time, Rate { packets: produced, bytes: 0 });
        self.ledger = Some(ledger);
    }

    fn rest(&mut self, now: i64) -> bool {
        let did = self.produced.rest(now);
        self.seen.rest(now) || did
    }
}

/// All of them, in the order in which they were heard of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nodes {
    list: Vec<Node>,
    /// How many are asked; 0 for those of a recording.
    pub(crate) asked: usize,
}

impl Nodes {
    /// The number of the node that is called so.
    pub(super) fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.list.iter().position(|node| node.name == name) {
            return number;
        }
        self.list.push(Node { name: name.to_owned(), ..Node::default() });
        self.list.len() - 1
    }

    pub(super) fn node_mut(&mut self, number: usize) -> Option<&mut Node> {
        self.list.get_mut(number)
    }

    /// Those with a name, and of the sockets as many as may still be nodes without one.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &Node> {
        let named = self.list.iter().filter(|node| !node.is_socket()).count();
        let mut unnamed = self.asked.saturating_sub(named);
        self.list.iter().filter(move |node| {
            let is_shown = !node.is_socket() || unnamed > 0;
            if node.is_socket() && is_shown {
                unnamed -= 1;
            }
            is_shown
        })
    }

    /// Nodes that answer, of how many.
    pub(crate) fn connected(&self) -> (usize, usize) {
        let up = self.shown().filter(|node| node.link == Link::Up).count();
        (up, self.asked.max(self.shown().count()))
    }

    pub(crate) fn events_per_second(&self) -> u64 {
        self.list.iter().fold(0, |sum, node| sum.saturating_add(node.events_per_second()))
    }

    pub(crate) fn lost(&self) -> u64 {
        self.list.iter().fold(0, |sum, node| sum.saturating_add(node.lost()))
    }

    pub(crate) fn missed(&self) -> u64 {
        let of = |node: &Node| node.missed.packets().saturating_add(node.missed.flows());
        self.list.iter().fold(0, |sum, node| sum.saturating_add(of(node)))
    }

    /// Rates fall to nothing where nothing comes any more. Whether one did.
    pub(crate) fn rest(&mut self, now: i64) -> bool {
        let rested = self.list.iter_mut().filter_map(|node| node.rest(now).then_some(()));
        rested.count() > 0
    }
}
