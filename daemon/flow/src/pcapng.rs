//! Packets to a pcapng file.
//!
//! Everything is laid out into the caller's buffer. Each hook of each interface is an interface of the file;
//! verdict, drop reason and mark are in the packet's comment, its direction in the flags. A VLAN tag that the
//! kernel keeps beside the packet is put back into it. A super-frame of UDP is written as the packets it stands
//! for, one of TCP as it is.

mod block;
mod segment;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wgtrace_abi::hook::Attachment;
use wgtrace_abi::{PacketType, Verdict};

use crate::packet::{Link, Packet};
use crate::table::{Guise, Place};
use crate::time::WallOffset;
use block::PacketBlock;
use segment::Super;

/// What is written, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Turns event times into the file's.
    pub wall: WallOffset,
    /// Super-frames of UDP stay as they were seen.
    pub raw_frames: bool,
}

/// What an interface is called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name {
    /// The interface.
    pub name: String,
    /// What else there is to say, its namespace for one; may be empty.
    pub description: String,
}

/// Writes one section of a pcapng file.
#[derive(Debug, Clone)]
pub struct Writer {
    options: Options,
    interfaces: BTreeMap<(Place, u16), u32>,
    comment: String,
    frame: Vec<u8>,
}

impl Writer {
    /// A writer that has written nothing.
    pub fn new(options: Options) -> Self {
        Self { options, interfaces: BTreeMap::new(), comment: String::new(), frame: Vec::new() }
    }

    /// Appends the section's header, which comes first.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        self.interfaces.clear();
        block::section(out, concat!("wgtrace ", env!("CARGO_PKG_VERSION")));
    }

    /// Appends a packet; before it the description of its interface, if it is new to the file: then `name` is
    /// asked.
    pub fn write(&mut self, packet: &Packet<'_>, name: impl FnOnce() -> Name, out: &mut Vec<u8>) {
        let interface = self.interface(packet, name, out);
        let event = &packet.event;
        let mut block = PacketBlock {
            interface,
            time: u64::try_from(self.options.wall.wall(event.time)).unwrap_or(0),
            flags: flags(packet),
            original: event.len,
        };
        let super_frame = if self.options.raw_frames { None } else { Super::of(packet) };
        let Some(super_frame) = super_frame else {
            self.comment(packet, |comment| match packet.segments() {
                0 | 1 => Ok(()),
                segments => write!(comment, ", super-frame of {segments} segments"),
            });
            let tag = tag(packet, &mut block.original);
            return block.write(out, packet.bytes, tag, &self.comment);
        };
        for number in 0..super_frame.segments() {
            block.original = super_frame.segment(number, &mut self.frame);
            let tag = tag(packet, &mut block.original);
            self.comment(packet, |comment| {
                write!(comment, ", segment {} of {}", number.saturating_add(1), super_frame.segments())
            });
            block.write(out, &self.frame, tag, &self.comment);
        }
    }

    fn interface(&mut self, packet: &Packet<'_>, name: impl FnOnce() -> Name, out: &mut Vec<u8>) -> u32 {
        let event = &packet.event;
        let place = Place::of(event, packet.hook, Guise::Plain);
        let link = match packet.link {
            Link::Ethernet(_) | Link::Unread(_) => EN10MB,
            Link::None => RAW,
            Link::Unknown => USER0,
        };
        if let Some(number) = self.interfaces.get(&(place, link)) {
            return *number;
        }
        let number = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
        let Name { name, description } = name();
        let separator = if description.is_empty() { "" } else { ", " };
        let description = format!("{}{separator}{description}", packet.hook.name());
        block::interface(out, link, &name, &description);
        self.interfaces.insert((place, link), number);
        number
    }

    fn comment(&mut self, packet: &Packet<'_>, more: impl FnOnce(&mut String) -> std::fmt::Result) {
        let event = &packet.event;
        let verdict = event.verdict().map_or("unknown", Verdict::name);
        let comment = &mut self.comment;
        comment.clear();
        // A string takes everything.
        let _ = write!(comment, "{}, verdict {verdict}, mark {:?}", packet.hook.name(), event.mark());
        if let Some(reason) = event.drop_reason() {
            let _ = write!(comment, ", drop reason {reason:?}");
        }
        let _ = more(comment);
    }
}

/// The bytes of the tag that belongs behind the addresses; the packet is longer by them.
fn tag(packet: &Packet<'_>, original: &mut u32) -> Option<[u8; 4]> {
    let vlan = packet.vlans.metadata.filter(|_| matches!(packet.link, Link::Ethernet(_)))?;
    *original = original.saturating_add(4);
    let [a, b] = vlan.protocol.0.to_be_bytes();
    let [c, d] = vlan.control.to_be_bytes();
    Some([a, b, c, d])
}

/// Direction in bits 0 and 1, whom it was for in bits 2 to 4 (pcapng draft, 4.3.1).
fn flags(packet: &Packet<'_>) -> u32 {
    use wgtrace_abi::Hook;
    let direction = match (packet.hook, packet.hook.attachment()) {
        (Hook::TapOut, _) | (_, Attachment::Egress) => 2,
        (_, Attachment::Ingress | Attachment::Socket) => 1,
    };
    let reception = match packet.event.packet_type() {
        Some(PacketType::Host) => 1,
        Some(PacketType::Multicast) => 2,
        Some(PacketType::Broadcast) => 3,
        Some(PacketType::OtherHost) => 4,
        Some(PacketType::Outgoing | PacketType::Loopback) | None => 0,
    };
    direction | reception << 2
}

const EN10MB: u16 = 1;
const RAW: u16 = 101;
/// For private use: nobody takes it for what it may not be.
const USER0: u16 = 147;
