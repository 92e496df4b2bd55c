//! Rows of the flow table.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use serde_json::{Map, Value, json};
use wgtrace_flow::put::Put;
use wgtrace_flow::table::{Count, Generation, HookCount};
use wgtrace_flow::{Flow, FlowTable, Limits, Packet};
use wgtrace_wire::Protocol;

use super::clock::Clock;
use super::names::Names;

/// The flows of a trace, told from time to time.
pub(super) struct Flows {
    table: FlowTable,
    told: Generation,
    interval: Duration,
    as_json: bool,
    latest: u64,
}

impl Flows {
    /// Told at this interval.
    pub(super) fn new(interval: Duration, as_json: bool) -> Self {
        // who sends the packets must not choose which flows collide
        let seed = RandomState::new().hash_one(0_u8);
        let table = FlowTable::new(Limits::default(), seed);
        Self { table, told: Generation::default(), interval, as_json, latest: 0 }
    }

    /// Time between two rows of a flow.
    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    /// Counts a packet.
    pub(super) fn update(&mut self, packet: &Packet<'_>) {
        self.table.update(packet);
        self.latest = self.latest.max(packet.event.time);
    }

    /// Writes the flows with packets since the last time.
    pub(super) fn rows(&mut self, names: &Names, clock: &mut Clock, out: &mut Vec<u8>) {
        let mark = self.table.mark();
        for flow in self.table.changed_since(self.told) {
            if self.as_json {
                out.display(object(&flow, names, clock));
            } else {
                row(&flow, names, clock, out);
            }
            out.push(b'\n');
        }
        self.told = mark;
        self.table.expire(self.latest);
    }
}

fn row(flow: &Flow<'_>, names: &Names, clock: &mut Clock, out: &mut Vec<u8>) {
    clock.time_of_day(flow.last_seen(), out);
    out.push(b' ');
    match protocol(flow) {
        Some(name) => out.text(name),
        None => out.display(format_args!("proto {}", flow.protocol().0)),
    }
    let (from, to) = flow.addresses();
    let ports = flow.ports();
    out.push(b' ');
    out.address(from);
    if let Some((port, _)) = ports {
        out.display(format_args!(".{port}"));
    }
    out.text(" > ");
    out.address(to);
    if let Some((_, port)) = ports {
        out.display(format_args!(".{port}"));
    }
    if let Some(id) = flow.key().echo_id() {
        out.display(format_args!(" id {id}"));
    }
    if let Some(state) = flow.tcp_state() {
        out.push(b' ');
        out.text(state.name());
    }
    if let Some(rtt) = flow.rtt() {
        let rtt = rtt.total().unwrap_or(rtt.responder);
        out.display(format_args!(" rtt {rtt:.1?}"));
    }
    let again = retransmissions(flow);
    if again != 0 {
        out.display(format_args!(" retransmitted {again}"));
    }
    for hook in flow.hooks() {
        let (forward, backward) = (hook.forward, hook.backward);
        out.text(" | ");
        out.text(&place(&hook, names));
        out.display(format_args!(
            " {}/{} packets {}/{} bytes",
            forward.packets, backward.packets, forward.bytes, backward.bytes
        ));
    }
}

fn object(flow: &Flow<'_>, names: &Names, clock: &mut Clock) -> Value {
    let mut time = |boot| {
        let mut out = Vec::new();
        clock.rfc3339(boot, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    };
    let (src, dst) = flow.addresses();
    let mut inner = Map::new();
    let mut set = |key: &str, value: Value| inner.insert(key.to_owned(), value);
    set("first", time(flow.first_seen()).into());
    set("last", time(flow.last_seen()).into());
    set("protocol", flow.protocol().0.into());
    set("src", src.to_string().into());
    set("dst", dst.to_string().into());
    if let Some((src_port, dst_port)) = flow.ports() {
        set("src_port", src_port.into());
        set("dst_port", dst_port.into());
    }
    if let Some(id) = flow.key().echo_id() {
        set("echo_id", id.into());
    }
    if let Some(state) = flow.tcp_state() {
        set("tcp_state", state.name().into());
        set("retransmissions", retransmissions(flow).into());
    }
    if let Some(rtt) = flow.rtt() {
        let nanoseconds = rtt.total().unwrap_or(rtt.responder).as_nanos();
        set("rtt_ns", u64::try_from(nanoseconds).unwrap_or(u64::MAX).into());
    }
    set("wireguard", flow.is_wireguard().into());
    let count =
        |count: Count| json!({"packets": count.packets, "frames": count.frames, "bytes": count.bytes});
    let hooks = flow.hooks().map(|hook| {
        json!({
            "netns": names.namespace(hook.place.netns),
            "iface": names.interface(hook.place.netns, hook.place.ifindex),
            "ifindex": hook.place.ifindex,
            "hook": hook.place.hook.name(),
            "forward": count(hook.forward),
            "backward": count(hook.backward),
        })
    });
    set("hooks", hooks.collect());
    json!({"flow": inner})
}

fn place(hook: &HookCount, names: &Names) -> String {
    let interface = match names.interface(hook.place.netns, hook.place.ifindex) {
        Some(name) => name.to_owned(),
        None => format!("if{}", hook.place.ifindex),
    };
    let netns = names.namespace(hook.place.netns).filter(|_| names.are_many());
    let netns = netns.map(|name| format!("{name}/")).unwrap_or_default();
    format!("{netns}{interface} {}", hook.place.hook.name())
}

fn retransmissions(flow: &Flow<'_>) -> u64 {
    let forward = flow.forward();
    [forward, forward.reverse()].map(|way| u64::from(flow.retransmissions(way))).into_iter().sum()
}

fn protocol(flow: &Flow<'_>) -> Option<&'static str> {
    match flow.protocol() {
        _ if flow.is_wireguard() => Some("wireguard"),
        Protocol::TCP => Some("tcp"),
        Protocol::UDP => Some("udp"),
        Protocol::ICMP => Some("icmp"),
        Protocol::ICMPV6 => Some("icmp6"),
        _ => None,
    }
}
