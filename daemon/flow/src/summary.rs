//! A packet in one line, the way tcpdump writes them.

mod icmp;
mod network;
mod transport;

use wgtrace_abi::Verdict;

use crate::packet::{Fault, Link, Packet};
use crate::put::Put;

/// Writes what there is to say of the packet itself: neither its time nor where it was seen.
pub fn summary(packet: &Packet<'_>, out: &mut Vec<u8>) {
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
