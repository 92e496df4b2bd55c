//! What a daemon says goes to its place.

use wgtrace_api::filter::Filter;
use wgtrace_api::v1::told::What;
use wgtrace_api::v1::{DropsReply, Refused, SessionsReply, StatusReply, Told};

use super::{Event, Kind, Link, Model};
use crate::client::Packed;
use crate::tui::units;

impl Model {
    /// Takes what was heard; how many packets, flows and other things it told that were not known.
    pub(crate) fn take(&mut self, told: Told, filter: &Filter) -> u64 {
        let Told { from, time, what } = told;
        let Some(what) = what else { return 0 };
        let told_by = self.nodes.number(&from);
        let mut events = Vec::new();
        let Some(node) = self.nodes.node_mut(told_by) else { return 0 };
        let mut news = 1;
        match what {
            What::Hello(status) => {
                let text = match &node.link {
                    _ if status.version.is_empty() => "read from a capture".to_owned(),
                    Link::Gone { since, .. } => format!(
                        "wgtraced {}, after {} without",
                        status.version,
                        units::long(units::between(*since, time))
                    ),
                    Link::Waiting | Link::Up => format!("wgtraced {}", status.version),
                };
                node.link = Link::Up;
                events.push((Kind::Connected, text));
                events.extend(faults(node.status.as_ref(), &status));
                node.status = Some(status);
            }
            What::Status(status) => {
                let changed: Vec<_> = faults(node.status.as_ref(), &status).collect();
                news = u64::try_from(changed.len()).unwrap_or(0);
                events.extend(changed);
                node.status = Some(status);
            }
            What::Gone(reason) => {
                let since = match &node.link {
                    Link::Gone { since, .. } => *since,
                    Link::Waiting | Link::Up => time,
                };
                let is_known = matches!(&node.link, Link::Gone { reason: known, .. } if *known == reason);
                if !is_known {
                    events.push((Kind::Gone, reason.clone()));
                }
                node.link = Link::Gone { since, reason };
            }
            What::Flows(reply) => {
                news = u64::try_from(reply.flows.len().saturating_add(reply.removed.len())).unwrap_or(0);
                node.missed.take_flows(reply.missed);
                node.evicted = reply.evicted;
                self.flows.take(told_by, &reply, filter, &mut self.names);
            }
            What::Packets(reply) => news = self.take_packets(&from, time, &reply.into(), filter),
            What::Drops(drops) => {
                news = u64::from(node.drops.as_ref() != Some(&drops));
                events.extend(leaks(node.drops.as_ref(), &drops));
                node.drops = Some(drops);
            }
            What::Session(session) => events.push((Kind::Session, line(&session))),
            What::Ledger(ledger) => {
                let before = node.ledger.as_ref().map(|ledger| &ledger.rows);
                news = u64::from(before != Some(&ledger.rows));
                node.take_ledger(ledger);
            }
            What::Peers(peers) => {
                news = u64::from(node.peers.1 != peers.peers);
                node.peers = (time, peers.peers);
            }
            What::Interfaces(interfaces) => {
                news = u64::from(node.interfaces != interfaces.interfaces);
                node.interfaces = interfaces.interfaces;
            }
            What::Nodes(nodes) => {
                news = u64::from(node.roster != nodes.nodes);
                node.roster = nodes.nodes;
            }
            What::Refused(Refused { stream, reason }) => {
                events.push((Kind::Refused, format!("{stream}: {reason}")));
            }
        }
        if !events.is_empty() {
            let node = self.names.name(&from);
            for (kind, text) in events {
                self.events.push(Event { time, node: node.clone(), kind, text: text.into() });
            }
        }
        news
    }

    /// Takes packets; how many they are.
    pub(crate) fn take_packets(&mut self, from: &str, time: i64, reply: &Packed, filter: &Filter) -> u64 {
        let told_by = self.nodes.number(from);
        let Some(node) = self.nodes.node_mut(told_by) else { return 0 };
        let news = u64::try_from(reply.packets.len()).unwrap_or(0);
        node.missed.take_packets(reply.missed);
        node.take_seen(time, reply.seen);
        self.packets.take(&reply.packets, filter);
        news
    }
}

/// What is wrong that was not, and the other way round.
fn faults(before: Option<&StatusReply>, now: &StatusReply) -> impl Iterator<Item = (Kind, String)> {
    let before = before.map(|status| status.faults.as_slice()).unwrap_or_default();
    let new = now.faults.iter().filter(|fault| !before.contains(fault));
    let mended = before.iter().filter(|fault| !now.faults.contains(fault));
    let new = new.map(|fault| (Kind::Fault, fault.clone()));
    let mended = mended.map(|fault| (Kind::Mended, fault.clone()));
    new.chain(mended).collect::<Vec<_>>().into_iter()
}

fn leaks(before: Option<&DropsReply>, now: &DropsReply) -> Option<(Kind, String)> {
    let more = now.leaks.saturating_sub(before.map_or(0, |drops| drops.leaks));
    let text = || format!("{more} packets left in the clear that have to be encrypted");
    (more > 0).then(|| (Kind::Leak, text()))
}

fn line(session: &SessionsReply) -> String {
    let SessionsReply { event, peer, peer_node, endpoint, initiator, local_index, remote_index, .. } =
        session;
    let name = if peer_node.is_empty() { peer } else { peer_node };
    let mut text = format!("{event} with {name}");
    if !endpoint.is_empty() {
        text.push_str(" at ");
        text.push_str(endpoint);
    }
    if *local_index != 0 || *remote_index != 0 {
        let role = if *initiator { "initiator" } else { "responder" };
        text.extend([format!(", {role}, receives as 0x{local_index:08x}, sends to 0x{remote_index:08x}")]);
    }
    text
}
