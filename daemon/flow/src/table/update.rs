use super::entry::{Entry, SLOTS, Slot};
use super::meter::{self, Sight};
use super::places::{Guise, Place};
use super::removed::Cause;
use super::{FlowId, FlowTable};
use crate::key::{Direction, FlowKey};
use crate::packet::Packet;

impl FlowTable {
    /// Counts a packet in its flow, which is made when there is none; `None` for what belongs to no flow.
    pub fn update(&mut self, packet: &Packet<'_>) -> Option<FlowId> {
        self.update_as(packet, packet, Guise::Plain)
    }

    /// The same for a packet that passed where it must not.
    pub fn update_leaked(&mut self, packet: &Packet<'_>) -> Option<FlowId> {
        self.update_as(packet, packet, Guise::Leaked)
    }

    /// The same for a packet that passed inside of another, whose bytes count.
    ///
    /// It is counted only: of a super-frame of ciphertext no more than the first packet is known, which stands for all of
    /// them, so that nothing is to be learnt from it of state, round trips or retransmissions.
    pub fn update_sealed(&mut self, packet: &Packet<'_>, outer: &Packet<'_>) -> Option<FlowId> {
        self.update_as(packet, outer, Guise::Sealed)
    }

    fn update_as(&mut self, packet: &Packet<'_>, outer: &Packet<'_>, guise: Guise) -> Option<FlowId> {
        let Some((key, direction)) = FlowKey::of(packet) else {
            self.counts.without_flow = self.counts.without_flow.saturating_add(1);
            return None;
        };
        self.tick(packet.event.time);
        let hash = self.hash.of(&key);
        let is_it = |at: &u32| self.slab.get(*at).is_some_and(|entry| entry.key == key);
        let at = match self.index.find(hash, is_it) {
            Some(at) => *at,
            None => self.create(hash, key, direction, packet),
        };
        self.counts.packets = self.counts.packets.saturating_add(1);
        let place = Place::of(&packet.event, packet.hook, guise);
        let slot = self.count(at, &place, direction, outer);
        if let Some(reason) = packet.event.drop_reason()
            && !self.drops.add(at, reason, packet.hook, packet.segments())
        {
            self.counts.hooks_full = self.counts.hooks_full.saturating_add(1);
        }
        let generation = self.generation;
        let entry = self.slab.get_mut(at)?;
        let class = entry.class();
        if guise != Guise::Sealed {
            let (places, spilled) = (&self.places, (&self.spill, at));
            let sight = Sight { place: &place, slot, direction, time: packet.event.time, places, spilled };
            meter::follow(entry, &sight, packet);
        }
        let id = FlowId { index: at, version: entry.version };
        let class_now = entry.class();
        if entry.generation != generation || class != class_now {
            entry.generation = generation;
            self.lists.unlink(class, at, &mut self.slab);
            self.lists.push(class_now, at, &mut self.slab);
        }
        Some(id)
    }

    /// Lets event time end generations.
    fn tick(&mut self, time: u64) {
        self.now = self.now.max(time);
        if self.now >= self.next_tick {
            self.next_tick = self.now.saturating_add(TICK);
            self.generation = self.generation.saturating_add(1);
        }
    }

    #[cold]
    fn create(&mut self, hash: u64, key: FlowKey, direction: Direction, packet: &Packet<'_>) -> u32 {
        if self.index.len() >= usize::try_from(self.limits.flows).unwrap_or(usize::MAX)
            && let Some(victim) = self.lists.victim(&self.slab)
        {
            self.remove(victim, Cause::Evicted);
        }
        let mut entry = Entry::new(key);
        meter::begin(&mut entry, direction, packet);
        entry.generation = self.generation;
        let class = entry.class();
        let at = self.slab.insert(entry);
        let (slab, hasher) = (&self.slab, &self.hash);
        self.index.insert_unique(hash, at, |at| slab.get(*at).map_or(0, |entry| hasher.of(&entry.key)));
        self.lists.push(class, at, &mut self.slab);
        self.counts.created = self.counts.created.saturating_add(1);
        at
    }

    /// Counts a packet at its hook; the slot that it was counted in, a spilled one beyond [`SLOTS`].
    fn count(&mut self, at: u32, place: &Place, direction: Direction, packet: &Packet<'_>) -> Option<usize> {
        let (segments, bytes, time) = (packet.segments(), packet.event.len, packet.event.time);
        let number = self.places.find(place);
        let entry = self.slab.get_mut(at)?;
        if let Some(number) = number {
            if let Some(position) = entry.position(number) {
                entry.slot_mut(position)?.add(direction, segments, bytes, time);
                return Some(position);
            }
            if entry.bits.is_spilled()
                && let Some((spilled, slot)) = self.spill.find(at, number)
            {
                slot.add(direction, segments, bytes, time);
                return Some(SLOTS.saturating_add(spilled));
            }
        }
        self.count_first(at, place, |slot| slot.add(direction, segments, bytes, time))
    }

    #[cold]
    fn count_first(&mut self, at: u32, place: &Place, add: impl FnOnce(&mut Slot)) -> Option<usize> {
        let Some(number) = self.places.hold(place) else {
            self.counts.hooks_full = self.counts.hooks_full.saturating_add(1);
            return None;
        };
        let entry = self.slab.get_mut(at)?;
        let used = entry.bits.slots();
        if used < SLOTS {
            let slot = entry.slot_mut(used)?;
            *slot = Slot::new(number);
            add(slot);
            entry.bits.set_slots(used.saturating_add(1));
            return Some(used);
        }
        entry.bits.set_spilled();
        let Some((spilled, slot)) = self.spill.add(at, Slot::new(number)) else {
            self.places.release(number);
            self.counts.hooks_full = self.counts.hooks_full.saturating_add(1);
            return None;
        };
        add(slot);
        Some(SLOTS.saturating_add(spilled))
    }
}

/// Longest generation, in nanoseconds of event time.
const TICK: u64 = 1_000_000_000;
