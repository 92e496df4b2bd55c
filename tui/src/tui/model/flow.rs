//! A flow, as small as it can be kept: there are a hundred thousand of them.

use std::cell::Cell;
use std::rc::Rc;

use wgtrace_abi::{DropReason, Verdict};
use wgtrace_api::filter::{self, Filter, Header, Place, Subject};
use wgtrace_api::v1::{self, EncryptionState};

use super::{Endpoint, Interner, Meter, Rate};

/// A flow as one node sees it.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) node: Rc<str>,
    pub(crate) source: Endpoint,
    pub(crate) destination: Endpoint,
    pub(crate) protocol: u32,
    pub(crate) echo_id: u32,
    pub(crate) tcp_state: Rc<str>,
    pub(crate) rtt: u64,
    pub(crate) retransmissions: u32,
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) hops: Box<[FlowHop]>,
    pub(crate) encryption: EncryptionState,
    pub(crate) peer: Rc<str>,
    pub(crate) peer_node: Rc<str>,
    pub(crate) is_wireguard: bool,
    pub(crate) drops: Box<[FlowDrop]>,
    pub(crate) forward: Total,
    pub(crate) backward: Total,
    pub(crate) meter: Meter,
    /// Whether the filter that is in force wants it.
    pub(crate) is_wanted: Cell<bool>,
}

/// A flow at one hook.
#[derive(Debug, Clone)]
pub(crate) struct FlowHop {
    pub(crate) interface: Rc<str>,
    pub(crate) hook: Rc<str>,
    pub(crate) is_sealed: bool,
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
    pub(crate) hook: Rc<str>,
    pub(crate) packets: u64,
}

impl Flow {
    pub(crate) fn new(flow: &v1::Flow, names: &mut Interner) -> Self {
        let total = |count: Option<v1::Count>| {
            count.map_or_else(Total::default, |count| Total { packets: count.packets, bytes: count.bytes })
        };
        let mut hop = |hop: &v1::Hop| FlowHop {
            interface: names.name(&hop.interface),
            hook: names.name(&hop.hook),
            is_sealed: hop.sealed,
            forward: total(hop.forward),
            backward: total(hop.backward),
            first: hop.first,
            last: hop.last,
        };
        let hops: Box<[FlowHop]> = flow.hops.iter().map(&mut hop).collect();
        let mut drop = |drop: &v1::FlowDrop| FlowDrop {
            reason: drop.reason,
            hook: names.name(&drop.hook),
            packets: drop.packets,
        };
        let drops = flow.drops.iter().map(&mut drop).collect();
        // a packet is counted at each hook: it is one packet where most of them passed
        let most = |of: fn(&FlowHop) -> Total| hops.iter().map(of).max_by_key(|total| total.packets);
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
            forward: most(|hop| hop.forward).unwrap_or_default(),
            backward: most(|hop| hop.backward).unwrap_or_default(),
            hops,
            meter: Meter::default(),
            is_wanted: Cell::new(true),
        }
    }

    /// Both directions.
    pub(crate) fn total(&self) -> Total {
        Total {
            packets: self.forward.packets.saturating_add(self.backward.packets),
            bytes: self.forward.bytes.saturating_add(self.backward.bytes),
        }
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.drops.iter().fold(0, |sum, drop| sum.saturating_add(drop.packets))
    }

    /// Names of the interfaces on its way, each as often as it was come by: of the direction in which it began,
    /// or if only answers were seen, of theirs.
    pub(crate) fn path(&self) -> impl Iterator<Item = &Rc<str>> {
        let is_forward = self.hops.iter().any(|hop| hop.forward.packets > 0);
        let on_the_way =
            move |hop: &&FlowHop| if is_forward { hop.forward.packets > 0 } else { hop.backward.packets > 0 };
        let mut before: Option<&Rc<str>> = None;
        self.hops.iter().filter(on_the_way).map(|hop| &hop.interface).filter(move |interface| {
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

    fn places(&self) -> impl Iterator<Item = Place<'_>> {
        self.hops.iter().map(|hop| Place { interface: &hop.interface, hook: &hop.hook })
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
            let hops = self.hops.iter().map(|hop| hop.forward.packets.saturating_add(hop.backward.packets));
            hops.fold(0, u64::saturating_add)
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
pub(crate) fn protocol(number: u32) -> String {
    match number {
        0 => "-".to_owned(),
        1 => "ICMP".to_owned(),
        6 => "TCP".to_owned(),
        17 => "UDP".to_owned(),
        58 => "ICMP6".to_owned(),
        132 => "SCTP".to_owned(),
        _ => number.to_string(),
    }
}
