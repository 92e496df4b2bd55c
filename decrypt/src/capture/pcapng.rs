//! Pcapng: sections of blocks; each block frames itself with its length at both ends.

mod block;
mod interface;

use super::frame::{Frame, Interface, Timestamp};
use super::order::Order;
use super::resync::{Findings, Format, Look, Record, Sight};
use super::secrets::SecretsBlock;

use self::block::{Block, Cut, Packet, cut, kind};
use self::interface::{Clock, Description};

pub(super) use self::block::section_order;

/// Interfaces kept of one file, over all sections.
const MAX_INTERFACES: usize = 16_384;

/// A pcapng file, from its first block on.
#[derive(Debug)]
pub(super) struct Pcapng {
    order: Order,
    /// This section's interfaces by number; `None` keeps the place of one that cannot be used.
    interfaces: Vec<Option<Local>>,
}

/// An interface, as its section's packets need it.
#[derive(Debug, Clone, Copy)]
struct Local {
    /// Place in [`Findings::interfaces`].
    number: usize,
    snaplen: u32,
    clock: Clock,
}

impl Pcapng {
    pub(super) fn new(order: Order) -> Self {
        Self { order, interfaces: Vec::new() }
    }

    fn enter_section(&mut self, order: Order) {
        self.order = order;
        self.interfaces.clear();
    }

    fn describe(&mut self, block: &Block<'_>, offset: u64, found: &mut Findings) {
        if self.interfaces.len() >= MAX_INTERFACES || found.interfaces.len() >= MAX_INTERFACES {
            found.notes.refused_interfaces.add(offset);
            self.keep_place();
            return;
        }
        let Some(Description { link, snaplen, name, text: description, clock, sound }) =
            Description::parse(block)
        else {
            found.notes.damaged.add(offset);
            self.keep_place();
            return;
        };
        if !sound {
            found.notes.invalid_fields.add(offset);
        }
        let number = found.interfaces.len();
        found.interfaces.push(Interface { link, name, description, order: block.order });
        self.interfaces.push(Some(Local { number, snaplen, clock }));
    }

    fn keep_place(&mut self) {
        if self.interfaces.len() < MAX_INTERFACES {
            self.interfaces.push(None);
        }
    }

    fn packet(
        &self,
        packet: Option<Packet>,
        record: Record<'_>,
        frames: &mut Vec<Frame>,
        found: &mut Findings,
    ) {
        found.packets = found.packets.saturating_add(1);
        let Some(packet) = packet else {
            found.notes.damaged.add(record.offset);
            return;
        };
        let local = usize::try_from(packet.interface).ok().and_then(|id| *self.interfaces.get(id)?);
        let Some((local, interface)) = local.and_then(|l| Some((l, found.interfaces.get(l.number)?))) else {
            found.notes.without_interface.add(record.offset);
            return;
        };
        let captured = packet.captured(local.snaplen);
        let room = record.bytes.len().saturating_sub(packet.start).saturating_sub(block::TRAILER_LEN);
        let held = usize::try_from(captured).unwrap_or(usize::MAX).min(room);
        if u32::try_from(held).is_ok_and(|held| held < captured) {
            found.notes.clamped.add(record.offset);
        } else if captured > packet.original {
            found.notes.invalid_fields.add(record.offset);
        }
        if packet.ticks.is_none() {
            found.notes.untimed.add(record.offset);
        }
        let start = record.at.saturating_add(packet.start);
        let options = if packet.ticks.is_none() { 0 } else { room.saturating_sub(held.next_multiple_of(4)) };
        frames.push(Frame {
            number: found.packets,
            time: packet.ticks.map_or(Timestamp(0), |ticks| local.clock.time(ticks)),
            interface: u32::try_from(local.number).unwrap_or(u32::MAX),
            link: interface.link,
            data: start..start.saturating_add(held),
            original_len: packet.original.max(u32::try_from(held).unwrap_or(u32::MAX)),
            options: u32::try_from(options).unwrap_or(0),
        });
    }
}

impl Format for Pcapng {
    type Mark = Order;

    #[inline]
    fn look(&self, rest: &[u8], end: bool, found: &Findings) -> Look {
        match cut(rest, self.order, |kind| limit(kind, found.secrets.room())) {
            Cut::Block(block) => Look::Record(block.len),
            Cut::Short(need) if !end => Look::More(need),
            Cut::Short(_) if rest.is_empty() => Look::End,
            Cut::Short(need) => Look::Torn { missing: need.saturating_sub(rest.len()) },
            Cut::TooLong { kind, len } => Look::Oversized { len: len.into(), packet: block::is_packet(kind) },
            Cut::Broken => Look::Damaged,
        }
    }

    #[inline]
    fn take(&mut self, record: Record<'_>, frames: &mut Vec<Frame>, found: &mut Findings) {
        let Cut::Block(block) = cut(record.bytes, self.order, |_| usize::MAX) else { return };
        match block.kind {
            kind::ENHANCED_PACKET => self.packet(Packet::enhanced(&block), record, frames, found),
            kind::PACKET => self.packet(Packet::obsolete(&block), record, frames, found),
            kind::SIMPLE_PACKET => self.packet(Packet::simple(&block), record, frames, found),
            kind::SECTION_HEADER => self.enter_section(block.order),
            kind::INTERFACE_DESCRIPTION => self.describe(&block, record.offset, found),
            kind::DECRYPTION_SECRETS => secrets(&block, record.offset, found),
            _ => found.notes.skipped_blocks = found.notes.skipped_blocks.saturating_add(1),
        }
    }

    fn give_up(&mut self, rest: &[u8], _: &mut Findings) {
        if let Some(order) = section_order(rest) {
            self.enter_section(order);
        } else if block::kind_of(rest, self.order) == Some(kind::INTERFACE_DESCRIPTION) {
            self.keep_place();
        }
    }

    fn sight(&self, rest: &[u8], before: Option<Order>) -> Sight<Order> {
        let order = before.unwrap_or(self.order);
        match block::kind_of(rest, order) {
            Some(kind) if !kind::KNOWN.contains(&kind) => return Sight::Unlikely,
            Some(_) | None => {}
        }
        match cut(rest, order, |_| block::MAX_LEN) {
            Cut::Block(block) if block.len >= kind::least_len(block.kind) => {
                Sight::Likely { len: block.len, mark: block.order }
            }
            Cut::Short(need) => Sight::More(need),
            Cut::Block(_) | Cut::TooLong { .. } | Cut::Broken => Sight::Unlikely,
        }
    }

    fn proof(&self, _: Order) -> usize {
        3
    }
}

/// Longest block that is held, in bytes: secrets are, as long as there is room for them.
fn limit(kind: u32, secrets_room: usize) -> usize {
    if kind == kind::DECRYPTION_SECRETS { block::MAX_LEN.max(secrets_room) } else { block::MAX_LEN }
}

fn secrets(block: &Block<'_>, offset: u64, found: &mut Findings) {
    let Some((head, rest)) = block.body.split_first_chunk::<8>() else {
        found.notes.damaged.add(offset);
        return;
    };
    let [k0, k1, k2, k3, l0, l1, l2, l3] = *head;
    if block.order.u32([k0, k1, k2, k3]) != SecretsBlock::WIREGUARD {
        found.notes.foreign_secrets = found.notes.foreign_secrets.saturating_add(1);
        return;
    }
    let len = usize::try_from(block.order.u32([l0, l1, l2, l3])).unwrap_or(usize::MAX);
    if len > rest.len() {
        found.notes.clamped.add(offset);
    }
    if !found.secrets.keep(rest.get(..len).unwrap_or(rest), offset) {
        found.notes.refused_secrets.add(offset);
    }
}
