//! A packet as a line, the way tcpdump writes them.

mod hexdump;

use wgtrace_flow::put::Put;
use wgtrace_flow::{Packet, summary};

use super::clock::Clock;
use super::names::Names;

pub(super) use self::hexdump::hexdump;

/// Writes one line, its end included.
pub(super) fn line(packet: &Packet<'_>, names: &Names, clock: &mut Clock, out: &mut Vec<u8>) {
    clock.time_of_day(packet.event.time, out);
    out.push(b' ');
    interface(packet, names, out);
    out.push(b' ');
    out.text(packet.hook.name());
    out.push(b' ');
    summary::summary(packet, out);
    out.push(b'\n');
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

#[cfg(test)]
mod tests;
