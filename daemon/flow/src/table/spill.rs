use hashbrown::HashTable;

use super::entry::Slot;

/// Slots of the few flows that are seen at more hooks than an entry has room for.
#[derive(Debug, Default)]
pub(super) struct Spill {
    table: HashTable<Spilled>,
}

#[derive(Debug)]
struct Spilled {
    flow: u32,
    slots: Vec<Slot>,
}

impl Spill {
    pub(super) fn get(&self, flow: u32) -> &[Slot] {
        let found = self.table.find(hash(flow), |spilled| spilled.flow == flow);
        found.map(|spilled| spilled.slots.as_slice()).unwrap_or_default()
    }

    /// The slot of a place, and which one it is.
    pub(super) fn find(&mut self, flow: u32, place: u16) -> Option<(usize, &mut Slot)> {
        let found = self.table.find_mut(hash(flow), |spilled| spilled.flow == flow)?;
        found.slots.iter_mut().enumerate().find(|(_, slot)| slot.place() == place)
    }

    /// A further slot, and which one it is; `None` when the flow has as many as it may.
    pub(super) fn add(&mut self, flow: u32, slot: Slot) -> Option<(usize, &mut Slot)> {
        let spilled = self
            .table
            .entry(hash(flow), |spilled| spilled.flow == flow, |spilled| hash(spilled.flow))
            .or_insert_with(|| Spilled { flow, slots: Vec::with_capacity(1) })
            .into_mut();
        let number = spilled.slots.len();
        if number == MAX_SPILLED {
            return None;
        }
        spilled.slots.reserve_exact(1);
        spilled.slots.push(slot);
        Some((number, spilled.slots.last_mut()?))
    }

    pub(super) fn remove(&mut self, flow: u32) {
        if let Ok(found) = self.table.find_entry(hash(flow), |spilled| spilled.flow == flow) {
            found.remove();
        }
    }

    pub(super) fn memory(&self) -> usize {
        let slots =
            self.table.iter().map(|spilled| spilled.slots.capacity().saturating_mul(size_of::<Slot>()));
        slots.sum::<usize>().saturating_add(self.table.allocation_size())
    }
}

/// Nobody chooses an entry's place: spreading it is enough.
fn hash(flow: u32) -> u64 {
    u64::from(flow).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Hooks of one flow beside those in its entry.
const MAX_SPILLED: usize = 61;
