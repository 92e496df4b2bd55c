//! What a flow's packets say to each other: state, round trips, retransmissions.
//!
//! A packet passes several hooks. Each direction is followed at one of them, its meter: the hook where it was
//! seen first, until another has packets while that one has none for a second.

mod echo;
mod tcp;

use std::time::Duration;

use wgtrace_wire::tcp::Flags;

use super::entry::{Entry, SLOTS, Slot};
use super::places::{Place, Places};
use super::spill::Spill;
use crate::key::Direction;
use crate::packet::{Packet, Transport};

/// A packet of the flow at one of its hooks.
pub(super) struct Sight<'a> {
    pub(super) place: &'a Place,
    /// The flow's slot of that hook; a hook for which there was no room is no meter.
    pub(super) slot: Option<usize>,
    pub(super) direction: Direction,
    pub(super) time: u64,
    pub(super) places: &'a Places,
    /// With the flow's number there.
    pub(super) spilled: (&'a Spill, u32),
}

impl Sight<'_> {
    /// The slot where a direction is followed.
    fn meter<'e>(&'e self, entry: &'e Entry, direction: Direction) -> Option<&'e Slot> {
        let number = entry.followed(direction).meter()?;
        let (spill, flow) = self.spilled;
        number
            .checked_sub(SLOTS)
            .map_or_else(|| entry.slots().get(number), |number| spill.get(flow).get(number))
    }

    /// Whether this hook is the direction's meter; makes it the meter where there is none that is in use.
    fn is_metered(&self, entry: &mut Entry) -> bool {
        let Some(slot) = self.slot else { return false };
        if entry.followed(self.direction).meter() == Some(slot) {
            return true;
        }
        let meter = self.meter(entry, self.direction);
        if meter.is_some_and(|meter| self.time.saturating_sub(meter.last()) < METER_PATIENCE) {
            return false;
        }
        entry.followed_mut(self.direction).set_meter(Some(slot));
        true
    }

    /// Whether a packet that was metered in the other direction comes back here: at the same interface.
    fn answers(&self, entry: &Entry) -> bool {
        let asked = self.meter(entry, self.direction.reverse());
        let place = asked.and_then(|slot| self.places.get(slot.place()));
        place.is_some_and(|place| place.pairs_with(self.place))
    }
}

/// Who began a new flow.
pub(super) fn begin(entry: &mut Entry, direction: Direction, packet: &Packet<'_>) {
    let answers = if let Transport::Tcp(segment) = &packet.transport {
        segment.tcp.flags().contains(Flags(Flags::SYN.0 | Flags::ACK.0))
    } else {
        packet.transport.echo().is_some_and(|(is_reply, _)| is_reply)
    };
    entry.bits.set_forward(if answers { direction.reverse() } else { direction });
    if let Transport::Tcp(segment) = &packet.transport {
        entry.bits.set_state(tcp::first_state(segment.tcp.flags()));
    }
}

/// Lets a flow's newest packet tell.
pub(super) fn follow(entry: &mut Entry, sight: &Sight<'_>, packet: &Packet<'_>) {
    if let Transport::Tcp(segment) = &packet.transport {
        tcp::follow(entry, sight, segment, packet.segments());
    } else if let Transport::Udp(datagram) = &packet.transport {
        if datagram.wireguard.is_some() {
            entry.bits.set_wireguard();
        }
    } else if let Some((is_reply, echo)) = packet.transport.echo() {
        echo::follow(entry, sight, is_reply, echo);
    }
}

/// A moment, for differences of less than four minutes: units of 64 ns.
fn stamp(time: u64) -> u32 {
    let [a, b, c, d, ..] = (time >> STAMP_SHIFT).to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// From one stamp to a later one; at least one unit, as 0 is none.
fn elapsed(from: u32, to: u32) -> u32 {
    to.wrapping_sub(from).max(1)
}

/// The time of so many units.
pub(super) fn duration(units: u32) -> Duration {
    Duration::from_nanos(u64::from(units) << STAMP_SHIFT)
}

const STAMP_SHIFT: u32 = 6;
/// Nanoseconds.
const METER_PATIENCE: u64 = 1_000_000_000;
