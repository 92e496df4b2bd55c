//! A flow, as small as it can be kept: there are a hundred thousand of them.

use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use wgtrace_abi::{DropReason, Verdict};
use wgtrace_api::filter::{self, Filter, Header, Subject};
use wgtrace_api::v1::{self, EncryptionState};

use super::{Endpoint, Interner, Meter, Name, Rate};
use crate::tui::text::Short;

/// A flow as one node sees it.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) node: Name,
    pub(crate) source: Endpoint,
    pub(crate) destination: Endpoint,
    pub(crate) protocol: u32,
    pub(crate) echo_id: u32,
    pub(crate) tcp_state: Name,
    pub(crate) rtt: u64,
    pub(crate) retransmissions: u32,
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// Where it was seen; flows of the same pods have it in common.
    way: Rc<[Place]>,
    /// What was seen at each of these places.
    passed: Box<[Passed]>,
    pub(crate) encryption: EncryptionState,
    pub(crate) peer: Name,
    pub(crate) peer_node: Name,
    pub(crate) is_wireguard: bool,
    pub(crate) drops: Box<[FlowDrop]>,
    pub(crate) meter: Meter,
    /// Whether the filter that is in force wants it.
    pub(crate) is_wanted: Cell<bool>,
}

/// A hook of an interface, and whether packets are ciphertext there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) interface: Name,
    pub(crate) hook: Name,
    pub(crate) is_sealed: bool,
}

/// Places that are alike have names of the same numbers.
impl Hash for Place {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.interface.number(), self.hook.number(), self.is_sealed).hash(state);
    }
}

/// What was seen of a flow at one place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passed {
    pub(crate) forward: Total,
    pub(crate) backward: Total,
    pub(crate) first: i64,
    pub(crate) last: i64,
}

/// Packets and bytes.
pub(crate) type Total = Rate;

/// What was dropped of it at one hook, for one reason.
#[derive(Debug, Clone)]
pub(crate) struct FlowDrop {
    pub(crate) reason: u32,
    pub(crate) hook: Name,
    pub(crate) packets: u64,
}

impl Flow {
    pub(crate) fn new(flow: &v1::Flow, names: &mut Interner) -> Self {
        let total = |count: Option<v1::Count>| {
            count.map_or_else(Total::default, |count| Total { packets: count.packets, bytes: count.bytes })
        };
        let passed = |hop: &v1::Hop| Passed {
            forward: total(hop.forward),
            backward: total(hop.backward),
            first: hop.first,
            last: hop.last,
        };
        let mut drop = |drop: &v1::FlowDrop| FlowDrop {
            reason: drop.reason,
            hook: names.name(&drop.hook),
            packets: drop.packets,
        };
        let drops = flow.drops.iter().map(&mut drop).collect();
        Self {
            node: names.name(&flow.node),
            source: Endpoint::new(flow.source.as_ref(), names),
            destination: Endpoint::new(flow.destination.as_ref(), names),
            protocol: flow.protocol,
            echo_id: flow.echo_id,
            tcp_state: names.name(&flow.tcp_state),
            rtt: flow.rtt,
            retransmissions: flow.retransmissions,
            first: flow.first,
            last: flow.last,
            encryption: flow.encryption(),
            peer: names.name(&flow.peer),
            peer_node: names.name(&flow.peer_node),
            is_wireguard: flow.wireguard,
            drops,
            way: names.way(&flow.hops),
            passed: flow.hops.iter().map(passed).collect(),
            meter: Meter::default(),
            is_wanted: Cell::new(true),
        }
    }

    /// What was sent by who began. A packet is counted at each hook: it is one packet where most of them passed.
    pub(crate) fn forward(&self) -> Total {
        self.passed.iter().map(|passed| passed.forward).max_by_key(|total| total.packets).unwrap_or_default()
    }

    /// What was answered.
    pub(crate) fn backward(&self) -> Total {
        self.passed.iter().map(|passed| passed.backward).max_by_key(|total| total.packets).unwrap_or_default()
    }

    /// Both directions.
    pub(crate) fn total(&self) -> Total {
        let (forward, backward) = (self.forward(), self.backward());
        Total {
            packets: forward.packets.saturating_add(backward.packets),
            bytes: forward.bytes.saturating_add(backward.bytes),
        }
    }

    /// Its way, and what was seen at each place.
    pub(crate) fn hops(&self) -> impl Iterator<Item = (&Place, &Passed)> {
        self.way.iter().zip(&self.passed)
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.drops.iter().fold(0, |sum, drop| sum.saturating_add(drop.packets))
    }

    /// Names of the interfaces on its way, each as often as it was come by: of the direction in which it began,
    /// or if only answers were seen, of theirs.
    pub(crate) fn path(&self) -> impl Iterator<Item = &Name> {
        let is_forward = self.passed.iter().any(|passed| passed.forward.packets > 0);
        let on_the_way = move |passed: &Passed| {
            let total = if is_forward { passed.forward } else { passed.backward };
            total.packets > 0
        };
        let mut before: Option<&Name> = None;
        let places = self.hops().filter(move |(_, passed)| on_the_way(passed)).map(|(place, _)| place);
        places.map(|place| &place.interface).filter(move |interface| {
            let is_new = before != Some(*interface);
            before = Some(*interface);
            is_new
        })
    }

    /// Whether it is wanted is found out anew.
    pub(crate) fn hold_against(&self, filter: &Filter) -> bool {
        let is_wanted = filter.matches(self);
        self.is_wanted.set(is_wanted);
        is_wanted
    }
}

impl Subject for Flow {
    fn node(&self) -> &str {
        &self.node
    }

    fn header(&self) -> Header<'_> {
        Header { source: self.source.end(), destination: self.destination.end(), protocol: self.protocol }
    }

    fn inner(&self) -> Option<Header<'_>> {
        None
    }

    fn places(&self) -> impl Iterator<Item = filter::Place<'_>> {
        self.way.iter().map(|place| filter::Place { interface: &place.interface, hook: &place.hook })
    }

    fn encryption(&self) -> EncryptionState {
        self.encryption
    }

    fn wireguard(&self) -> Option<&str> {
        self.is_wireguard.then_some("")
    }

    fn peer(&self) -> filter::Peer<'_> {
        filter::Peer { key: &self.peer, node: &self.peer_node }
    }

    fn has_verdict(&self, verdict: Verdict) -> bool {
        let passed = || {
            let both = |passed: &Passed| passed.forward.packets.saturating_add(passed.backward.packets);
            self.passed.iter().map(both).fold(0, u64::saturating_add)
        };
        match verdict {
            Verdict::Dropped => self.dropped() != 0,
            Verdict::Forwarded => passed() > self.dropped(),
            Verdict::Unknown | Verdict::Redirected => false,
        }
    }

    fn drop_reasons(&self) -> impl Iterator<Item = u32> {
        self.drops.iter().filter(|drop| drop.packets != 0).map(|drop| drop.reason)
    }

    fn tcp_state(&self) -> &str {
        &self.tcp_state
    }
}

/// A drop reason in Cilium's words.
pub(crate) fn reason(number: u32) -> String {
    match u8::try_from(number) {
        Ok(number) => DropReason(number).to_string(),
        Err(_) => format!("reason {number}"),
    }
}

/// A protocol's short name.
pub(crate) fn protocol(number: u32) -> Short {
    match number {
        0 => "-".into(),
        1 => "ICMP".into(),
        6 => "TCP".into(),
        17 => "UDP".into(),
        58 => "ICMP6".into(),
        132 => "SCTP".into(),
        _ => format_args!("{number}").into(),
    }
}
