//! Flows and packets in words.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use wgtrace_abi::DropReason;
use wgtrace_api::v1::{EncryptionState, Flow, Packet, Party};

use super::flows::Event;
use super::printer::Detail;
use super::table::Row;

/// `2024-07-06T08:50:28.123Z [worker]: default/net:41000 -> 10.0.2.194:32000 lxc.. -> eth0 ENCRYPTED FORWARDED (..)`
pub(super) fn flow(event: Event, flow: &Flow) -> String {
    let [time, node, source, destination, path, encryption, verdict, more] = flow_row(event, flow);
    let encryption = if encryption.is_empty() { encryption } else { format!(" {encryption}") };
    format!("{time} [{node}]: {source} -> {destination} {path}{encryption} {verdict} ({more})")
}

pub(super) fn flow_row(event: Event, flow: &Flow) -> Row {
    let (forward, backward) = packets(flow);
    let mut more = format!("{}, {forward}/{backward} packets", protocol(flow.protocol));
    // A string takes everything.
    if !flow.tcp_state.is_empty() {
        let _ = write!(more, ", {}", flow.tcp_state);
    }
    if flow.rtt != 0 {
        let _ = write!(more, ", rtt {:.3?}", Duration::from_nanos(flow.rtt));
    }
    if flow.retransmissions != 0 {
        let _ = write!(more, ", {} retransmissions", flow.retransmissions);
    }
    for drop in &flow.drops {
        let _ = write!(more, ", {} dropped at {}: {}", drop.packets, drop.hook, reason(drop.reason));
    }
    if !flow.peer_node.is_empty() {
        let _ = write!(more, ", peer {}", flow.peer_node);
    }
    if event != Event::Known {
        let _ = write!(more, ", {}", event.name());
    }
    let encryption = match flow.encryption() {
        EncryptionState::None => "",
        EncryptionState::Encrypted => "ENCRYPTED",
        EncryptionState::Clear => "CLEAR",
        EncryptionState::Leak => "LEAK",
    };
    [
        time(flow.last, 3),
        flow.node.clone(),
        party(flow.source.as_ref()),
        party(flow.destination.as_ref()),
        path(flow).join(" -> "),
        encryption.to_owned(),
        if flow.drops.is_empty() { "FORWARDED" } else { "DROPPED" }.to_owned(),
        more,
    ]
}

/// Interfaces in the order in which they were passed.
pub(super) fn path(flow: &Flow) -> Vec<&str> {
    let mut names: Vec<&str> = flow.hops.iter().map(|hop| hop.interface.as_str()).collect();
    names.dedup();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    names
}

/// Where it was seen most, in each direction.
pub(super) fn packets(flow: &Flow) -> (u64, u64) {
    let of = |count: &Option<wgtrace_api::v1::Count>| count.as_ref().map_or(0, |count| count.packets);
    let most = |counts: Vec<u64>| counts.into_iter().max().unwrap_or(0);
    let forward = flow.hops.iter().map(|hop| of(&hop.forward)).collect();
    (most(forward), most(flow.hops.iter().map(|hop| of(&hop.backward)).collect()))
}

/// `2024-07-06T08:50:28.123456Z [worker]: lxc12ab from-container REDIRECTED IP 10.0.1.203 > 10.0.2.194: ..`
pub(super) fn packet(packet: &Packet, detail: Detail) -> String {
    let [time, node, source, destination, place, _, verdict, more] = packet_row(packet, detail);
    format!("{time} [{node}]: {source} -> {destination} {place} {verdict} ({more})")
}

pub(super) fn packet_row(packet: &Packet, detail: Detail) -> Row {
    let mut more = packet.summary.clone();
    if let Some(message) = packet.wireguard.as_ref().filter(|message| !message.peer_node.is_empty()) {
        let _ = write!(more, ", peer {}", message.peer_node);
    }
    if packet.inner_source.is_some() || packet.inner_destination.is_some() {
        let (source, destination) = (packet.inner_source.as_ref(), packet.inner_destination.as_ref());
        let protocol = protocol(packet.inner_protocol);
        let _ = write!(more, ", inside {protocol} {} -> {}", party(source), party(destination));
    }
    if detail.is_verbose {
        let _ = write!(
            more,
            ", cpu {}, mark {:#x}, ttl {}, length {}, segments {}, sequence {}, identity {:016x}",
            packet.cpu,
            packet.mark,
            packet.ttl,
            packet.length,
            packet.segments,
            packet.sequence,
            packet.identity
        );
    }
    if detail.is_hex {
        let _ = write!(more, ", {}", hex(&packet.bytes));
    }
    let verdict = packet.verdict.to_uppercase();
    [
        time(packet.time, 6),
        packet.node.clone(),
        party(packet.source.as_ref()),
        party(packet.destination.as_ref()),
        format!("{} {}", packet.interface, packet.hook),
        String::new(),
        if packet.drop_reason == 0 { verdict } else { format!("{verdict}: {}", reason(packet.drop_reason)) },
        more,
    ]
}

/// A pod by its name, anything else by its address; with its port.
fn party(party: Option<&Party>) -> String {
    let Some(party) = party else { return "-".to_owned() };
    let name = if party.pod.is_empty() { &party.address } else { &party.pod };
    match party.port {
        0 => name.clone(),
        port if name.contains(':') => format!("[{name}]:{port}"),
        port => format!("{name}:{port}"),
    }
}

pub(super) fn reason(number: u32) -> String {
    u8::try_from(number).map_or_else(|_| format!("reason {number}"), |number| DropReason(number).to_string())
}

pub(super) fn protocol(number: u32) -> String {
    let name = match number {
        1 => "ICMP",
        6 => "TCP",
        17 => "UDP",
        58 => "ICMPv6",
        132 => "SCTP",
        _ => return format!("protocol {number}"),
    };
    name.to_owned()
}

/// UTC, with so many digits behind the second.
pub(super) fn time(nanoseconds: i64, digits: usize) -> String {
    let since = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0));
    let time = SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH);
    let text = humantime::format_rfc3339_nanos(time).to_string();
    let (seconds, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{seconds}.{}Z", fraction.get(..digits).unwrap_or_default())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
