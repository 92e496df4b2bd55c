//! Flows and packets for programs; what is not known is null.

use serde_json::{Value, json};
use wgtrace_api::v1::{Count, EncryptionState, Flow, Hop, Packet, Party};

use super::flows::Event;
use super::line;
use super::printer::Detail;

pub(super) fn flow(event: Event, flow: &Flow) -> Value {
    let (forward, backward) = line::packets(flow);
    let drops = flow.drops.iter().map(|drop| {
        json!({"reason": drop.reason, "words": line::reason(drop.reason), "hook": drop.hook, "packets": drop.packets})
    });
    json!({
        "type": "flow",
        "event": event.name(),
        "time": line::time(flow.last, 9),
        "first": line::time(flow.first, 9),
        "node": flow.node,
        "id": format!("{:016x}", flow.id),
        "source": party(flow.source.as_ref()),
        "destination": party(flow.destination.as_ref()),
        "protocol": line::protocol(flow.protocol),
        "tcp-state": text(&flow.tcp_state),
        "rtt-ns": number(flow.rtt),
        "retransmissions": flow.retransmissions,
        "path": line::path(flow),
        "packets": {"forward": forward, "backward": backward},
        "hops": flow.hops.iter().map(hop).collect::<Vec<_>>(),
        "encryption": encryption(flow.encryption()),
        "peer": text(&flow.peer),
        "peer-node": text(&flow.peer_node),
        "wireguard": flow.wireguard,
        "verdict": if flow.drops.is_empty() { "forwarded" } else { "dropped" },
        "drops": drops.collect::<Vec<_>>(),
    })
}

fn hop(hop: &Hop) -> Value {
    let count = |count: Option<&Count>| {
        let count = count.copied().unwrap_or_default();
        json!({"packets": count.packets, "bytes": count.bytes})
    };
    json!({
        "interface": hop.interface,
        "hook": hop.hook,
        "sealed": hop.sealed,
        "forward": count(hop.forward.as_ref()),
        "backward": count(hop.backward.as_ref()),
    })
}

pub(super) fn packet(packet: &Packet, detail: Detail) -> Value {
    let wireguard = packet.wireguard.as_ref().map(|message| {
        json!({
            "kind": message.kind,
            "sender": number(message.sender.into()),
            "receiver": number(message.receiver.into()),
            "counter": message.counter,
            "peer": text(&message.peer),
            "peer-node": text(&message.peer_node),
        })
    });
    let inner = (packet.inner_source.is_some() || packet.inner_destination.is_some()).then(|| {
        json!({
            "source": party(packet.inner_source.as_ref()),
            "destination": party(packet.inner_destination.as_ref()),
            "protocol": line::protocol(packet.inner_protocol),
        })
    });
    json!({
        "type": "packet",
        "time": line::time(packet.time, 9),
        "node": packet.node,
        "interface": packet.interface,
        "hook": packet.hook,
        "cpu": packet.cpu,
        "sequence": packet.sequence,
        "mark": packet.mark,
        "length": packet.length,
        "segments": packet.segments,
        "source": party(packet.source.as_ref()),
        "destination": party(packet.destination.as_ref()),
        "protocol": line::protocol(packet.protocol),
        "ttl": packet.ttl,
        "identity": (packet.identity != 0).then(|| format!("{:016x}", packet.identity)),
        "encryption": encryption(packet.encryption()),
        "verdict": packet.verdict,
        "drop-reason": (packet.drop_reason != 0).then_some(packet.drop_reason),
        "drop-words": (packet.drop_reason != 0).then(|| line::reason(packet.drop_reason)),
        "wireguard": wireguard,
        "inner": inner,
        "summary": packet.summary,
        "bytes": detail.is_hex.then(|| line::hex(&packet.bytes)),
    })
}

fn party(party: Option<&Party>) -> Value {
    party.map_or(Value::Null, |party| {
        json!({
            "address": party.address,
            "port": number(party.port.into()),
            "pod": text(&party.pod),
            "node": text(&party.node),
        })
    })
}

fn encryption(state: EncryptionState) -> Option<&'static str> {
    match state {
        EncryptionState::None => None,
        EncryptionState::Encrypted => Some("encrypted"),
        EncryptionState::Clear => Some("clear"),
        EncryptionState::Leak => Some("leak"),
    }
}

fn text(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn number(number: u64) -> Option<u64> {
    Some(number).filter(|number| *number != 0)
}
