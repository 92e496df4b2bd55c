//! A packet as a JSON object on one line. Keys are never renamed; what is not known is not there.

mod network;
mod transport;

use wgtrace_abi::Verdict;
use wgtrace_flow::put::Put;
use wgtrace_flow::{Fault, Link, Packet};

use super::clock::Clock;
use super::names::Names;

/// Writes one object, the end of its line included.
pub(super) fn json(packet: &Packet<'_>, cpu: u32, names: &Names, clock: &mut Clock, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    clock.rfc3339(packet.event.time, object.string_key("time"));
    object.end_string();
    object.number("boot_ns", packet.event.time);
    place(packet, names, &mut object);
    object.number("len", packet.event.len);
    object.number("captured", packet.event.captured);
    if packet.event.gso_size != 0 {
        let mut gso = Object::open(object.key("gso"));
        gso.number("size", packet.event.gso_size);
        gso.number("segments", packet.segments());
        gso.close();
    }
    tags(packet, &mut object);
    link(packet, &mut object);
    network::network(packet, &mut object);
    transport::transport(packet, &mut object);
    decision(packet, &mut object);
    object.number("mark", packet.event.mark);
    object.number("cpu", cpu);
    object.number("sequence", packet.event.sequence);
    object.close();
    out.push(b'\n');
}

/// Where it was seen.
fn place(packet: &Packet<'_>, names: &Names, object: &mut Object<'_>) {
    let event = &packet.event;
    match names.namespace(event.netns) {
        Some(name) => object.text("netns", name),
        None => object.number("netns", event.netns),
    }
    if let Some(name) = names.interface(event.netns, event.ifindex) {
        object.text("iface", name);
    }
    object.number("ifindex", event.ifindex);
    object.text("hook", packet.hook.name());
    object.text("point", packet.hook.point().name());
    if let Some(kind) = event.packet_type() {
        object.text("packet_type", kind.name());
    }
    if event.ingress_ifindex != 0 {
        object.number("ingress_ifindex", event.ingress_ifindex);
    }
    if event.sampling > 1 {
        object.number("sampling", event.sampling);
    }
}

fn tags(packet: &Packet<'_>, object: &mut Object<'_>) {
    if packet.vlans.is_empty() {
        return;
    }
    let out = object.key("vlan");
    for (at, vlan) in packet.vlans.iter().enumerate() {
        out.push(if at == 0 { b'[' } else { b',' });
        let mut tag = Object::open(out);
        tag.number("id", vlan.id());
        tag.number("priority", vlan.priority());
        tag.hex("protocol", vlan.protocol.0, 4);
        tag.close();
    }
    out.push(b']');
}

fn link(packet: &Packet<'_>, object: &mut Object<'_>) {
    match packet.link {
        Link::Ethernet(frame) => {
            let mut eth = Object::open(object.key("eth"));
            eth.string_key("src").mac(frame.src());
            eth.end_string();
            eth.string_key("dst").mac(frame.dst());
            eth.end_string();
            eth.hex("type", frame.ethertype().0, 4);
            eth.close();
        }
        Link::None => {}
        Link::Unknown => object.text("fault", "unknown kind of device"),
        Link::Unread(reason) => fault(object, reason),
    }
}

fn decision(packet: &Packet<'_>, object: &mut Object<'_>) {
    match packet.event.verdict() {
        Some(Verdict::Unknown) | None => {}
        Some(verdict) => object.text("verdict", verdict.name()),
    }
    if let Some(reason) = packet.event.drop_reason() {
        object.number("drop_reason", reason.0);
        object.string_key("drop_words").display(reason);
        object.end_string();
    }
}

/// Why a header is not there; errors of the parsers have no characters that JSON escapes.
fn fault(object: &mut Object<'_>, fault: Fault) {
    match fault {
        Fault::Cut => object.text("fault", "cut"),
        Fault::Malformed(error) => {
            object.string_key("fault").display(error);
            object.end_string();
        }
    }
}

/// An object that is being written.
struct Object<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

impl<'a> Object<'a> {
    fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, is_empty: true }
    }

    /// A key; its value is written next.
    fn key(&mut self, name: &str) -> &mut Vec<u8> {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        self.out.push(b'"');
        self.out.text(name);
        self.out.text("\":");
        self.out
    }

    /// A key whose value is a string without anything to escape; [`end_string`](Self::end_string) ends it.
    fn string_key(&mut self, name: &str) -> &mut Vec<u8> {
        let out = self.key(name);
        out.push(b'"');
        out
    }

    fn end_string(&mut self) {
        self.out.push(b'"');
    }

    fn text(&mut self, name: &str, value: &str) {
        self.key(name).quoted(value);
    }

    fn number(&mut self, name: &str, value: impl itoa::Integer) {
        self.key(name).number(value);
    }

    fn flag(&mut self, name: &str, value: bool) {
        self.key(name).text(if value { "true" } else { "false" });
    }

    fn hex(&mut self, name: &str, value: impl Into<u64>, digits: usize) {
        self.string_key(name).hex(value, digits);
        self.end_string();
    }

    fn close(self) {
        self.out.push(b'}');
    }
}

#[cfg(test)]
mod tests;
