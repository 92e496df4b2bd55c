//! A packet as a line, the way tcpdump writes them.

mod hexdump;
mod icmp;
mod network;
mod transport;

use wgtrace_abi::Verdict;
use wgtrace_flow::{Fault, Link, Packet};

use super::clock::Clock;
use super::names::Names;
use super::put::Put;

pub(super) use self::hexdump::hexdump;

/// Writes one line, its end included.
pub(super) fn line(packet: &Packet<'_>, names: &Names, clock: &mut Clock, out: &mut Vec<u8>) {
    clock.time_of_day(packet.event.time, out);
    out.push(b' ');
    interface(packet, names, out);
    out.push(b' ');
    out.text(packet.hook.name());
    out.push(b' ');
    summary(packet, out);
    out.push(b'\n');
}

/// Writes what a line says of the packet itself: neither its time nor where it was seen.
pub(crate) fn summary(packet: &Packet<'_>, out: &mut Vec<u8>) {
    for vlan in packet.vlans.iter() {
        out.text("vlan ");
        out.number(vlan.id());
        out.push(b' ');
    }
    match packet.link {
        Link::Ethernet(_) | Link::None => network::network(packet, out),
        Link::Unknown => {
            out.text("unknown kind of device, length ");
            out.number(packet.event.len);
        }
        Link::Unread(reason) => {
            out.text("ethernet ");
            fault(reason, out);
            out.text(", length ");
            out.number(packet.event.len);
        }
    }
    rest(packet, out);
}

fn interface(packet: &Packet<'_>, names: &Names, out: &mut Vec<u8>) {
    let event = &packet.event;
    if names.are_many() {
        match names.namespace(event.netns) {
            Some(name) => out.text(name),
            None => out.number(event.netns),
        }
        out.push(b'/');
    }
    if let Some(name) = names.interface(event.netns, event.ifindex) {
        out.text(name);
    } else {
        out.text("if");
        out.number(event.ifindex);
    }
}

/// What the kernel knows beside the bytes, where it is worth saying.
fn rest(packet: &Packet<'_>, out: &mut Vec<u8>) {
    if packet.event.gso_size != 0 {
        out.text(", gso ");
        out.number(packet.event.gso_size);
        out.push(b'x');
        out.number(packet.segments());
    }
    if packet.event.mark != 0 {
        out.text(", mark ");
        out.hex(packet.event.mark, 0);
    }
    if let Some(verdict) = packet.event.verdict().filter(|verdict| *verdict != Verdict::Unknown) {
        out.text(", ");
        out.text(verdict.name());
    }
    if let Some(reason) = packet.event.drop_reason() {
        out.text(" (");
        out.display(reason);
        out.push(b')');
    }
}

/// Why a header is not there.
fn fault(fault: Fault, out: &mut Vec<u8>) {
    match fault {
        Fault::Cut => out.text("[cut]"),
        Fault::Malformed(error) => {
            out.text("[malformed: ");
            out.display(error);
            out.push(b']');
        }
    }
}

#[cfg(test)]
mod tests;
