use wgtrace_wire::Protocol;

use super::bits::Bits;
use super::lists::Class;
use super::view::TcpState;
use crate::key::{Direction, FlowKey};

/// A flow as it lies in the slab. What every packet needs comes first.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(super) struct Entry {
    /// Neighbours in the list of its class; of a free entry, the next free one.
    pub(super) older: u32,
    pub(super) newer: u32,
    /// Of the newest packet.
    pub(super) generation: u32,
    /// Counts the flows that had this place.
    pub(super) version: u32,
    pub(super) bits: Bits,
    /// By direction: the next sequence number of TCP; the sequence number of the last echo request.
    pub(super) next: [u32; 2],
    /// By direction.
    followed: [Followed; 2],
    /// Round-trip times or the moments they are counted from; see `meter`.
    pub(super) clocks: [u32; 2],
    pub(super) key: FlowKey,
    slots: [Slot; SLOTS],
}

const _: () = assert!(size_of::<Entry>() == 244);

/// Hooks that an entry has room for.
pub(super) const SLOTS: usize = 3;

/// Where one direction's packets are followed, and what came of it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Followed {
    /// 1 and up is a slot, those beyond [`SLOTS`] being spilled ones; 0 none.
    meter: u8,
    /// Segments that went back behind `next`: 24 bits.
    retransmitted: [u8; 3],
}

impl Followed {
    /// The slot of the hook that is its meter.
    pub(super) fn meter(self) -> Option<usize> {
        usize::from(self.meter).checked_sub(1)
    }

    pub(super) fn set_meter(&mut self, slot: Option<usize>) {
        let number = slot.and_then(|slot| u8::try_from(slot.saturating_add(1)).ok());
        self.meter = number.unwrap_or(0);
    }

    /// Segments that were sent again; they stay at the most that is counted.
    pub(super) fn retransmitted(self) -> u32 {
        let [a, b, c] = self.retransmitted;
        u32::from_le_bytes([a, b, c, 0])
    }

    pub(super) fn add_retransmitted(&mut self, segments: u32) {
        let sum = self.retransmitted().saturating_add(segments).min(MOST_RETRANSMITTED);
        let [a, b, c, _] = sum.to_le_bytes();
        self.retransmitted = [a, b, c];
    }
}

const MOST_RETRANSMITTED: u32 = (1 << 24) - 1;

/// Counters of a flow at one hook of one interface, packed to 54 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    place: u16,
    counts: [Packed; 2],
    /// Microseconds.
    first: [u8; 6],
    last: [u8; 6],
}

#[derive(Debug, Clone, Copy)]
struct Packed {
    bytes: [u8; 8],
    packets: [u8; 6],
    frames: [u8; 6],
}

/// What was counted of one direction at one hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Packets, a super-frame as the segments it stands for.
    pub packets: u64,
    /// Packets as the hook saw them: a super-frame is one.
    pub frames: u64,
    /// Bytes of those frames, link-layer headers included where the device has them.
    pub bytes: u64,
}

impl Entry {
    pub(super) fn new(key: FlowKey) -> Self {
        Self {
            older: NONE,
            newer: NONE,
            generation: 0,
            version: 0,
            bits: Bits::default(),
            next: [0; 2],
            followed: [Followed::default(); 2],
            clocks: [0; 2],
            key,
            slots: [Slot::EMPTY; SLOTS],
        }
    }

    pub(super) fn slots(&self) -> &[Slot] {
        self.slots.get(..self.bits.slots()).unwrap_or_default()
    }

    pub(super) fn slot_mut(&mut self, at: usize) -> Option<&mut Slot> {
        self.slots.get_mut(at)
    }

    /// How a direction's packets are followed.
    pub(super) fn followed(&self, direction: Direction) -> Followed {
        let [up, down] = self.followed;
        match direction {
            Direction::Up => up,
            Direction::Down => down,
        }
    }

    pub(super) fn followed_mut(&mut self, direction: Direction) -> &mut Followed {
        let [up, down] = &mut self.followed;
        match direction {
            Direction::Up => up,
            Direction::Down => down,
        }
    }

    /// Which of the inline slots belongs to `place`.
    pub(super) fn position(&self, place: u16) -> Option<usize> {
        self.slots().iter().position(|slot| slot.place == place)
    }

    pub(super) fn class(&self) -> Class {
        match (self.key.protocol(), self.bits.state()) {
            (_, Some(TcpState::SynSent | TcpState::SynReceived)) => Class::Opening,
            (_, Some(TcpState::Established)) => Class::Tcp,
            (_, Some(TcpState::Closing)) => Class::Closing,
            (_, Some(TcpState::Closed | TcpState::Reset)) => Class::Closed,
            (Protocol::ICMP | Protocol::ICMPV6, None) => Class::Icmp,
            (_, None) => Class::Datagram,
        }
    }
}

impl Slot {
    pub(super) const EMPTY: Self = Self {
        place: 0,
        counts: [Packed { bytes: [0; 8], packets: [0; 6], frames: [0; 6] }; 2],
        first: [0xff; 6],
        last: [0; 6],
    };

    pub(super) fn new(place: u16) -> Self {
        Self { place, ..Self::EMPTY }
    }

    pub(super) fn place(&self) -> u16 {
        self.place
    }

    /// Nanoseconds since boot, whole microseconds.
    pub(super) fn first(&self) -> u64 {
        unpack(self.first).saturating_mul(1000)
    }

    pub(super) fn last(&self) -> u64 {
        unpack(self.last).saturating_mul(1000)
    }

    pub(super) fn count(&self, direction: Direction) -> Count {
        let [up, down] = &self.counts;
        let packed = match direction {
            Direction::Up => up,
            Direction::Down => down,
        };
        Count {
            packets: unpack(packed.packets),
            frames: unpack(packed.frames),
            bytes: u64::from_le_bytes(packed.bytes),
        }
    }

    pub(super) fn add(&mut self, direction: Direction, segments: u32, bytes: u32, time: u64) {
        let [up, down] = &mut self.counts;
        let packed = match direction {
            Direction::Up => up,
            Direction::Down => down,
        };
        packed.packets = pack(unpack(packed.packets).saturating_add(segments.into()));
        packed.frames = pack(unpack(packed.frames).saturating_add(1));
        packed.bytes = u64::from_le_bytes(packed.bytes).saturating_add(bytes.into()).to_le_bytes();
        let micros = time / 1000;
        self.first = pack(unpack(self.first).min(micros));
        self.last = pack(unpack(self.last).max(micros));
    }
}

/// 48 bits hold 325 days of ten million packets a second, and nine years of microseconds; they end at the top.
fn pack(value: u64) -> [u8; 6] {
    let [low @ .., _, _] = value.min(MAX_48).to_le_bytes();
    low
}

fn unpack(low: [u8; 6]) -> u64 {
    let mut bytes = [0; 8];
    let [place @ .., _, _] = &mut bytes;
    *place = low;
    u64::from_le_bytes(bytes)
}

const MAX_48: u64 = (1 << 48) - 1;

/// No entry.
pub(super) const NONE: u32 = u32::MAX;
