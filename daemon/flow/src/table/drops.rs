use hashbrown::HashTable;
use wgtrace_abi::{DropReason, Hook};

/// Packets of one flow that were dropped at one hook for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowDrop {
    /// Why.
    pub reason: DropReason,
    /// Where.
    pub hook: Hook,
    /// How many, a super-frame as the segments it stands for.
    pub packets: u64,
}

/// Drops of the few flows that have any.
#[derive(Debug, Default)]
pub(super) struct Drops {
    table: HashTable<Dropped>,
}

#[derive(Debug)]
struct Dropped {
    flow: u32,
    drops: Vec<FlowDrop>,
}

impl Drops {
    pub(super) fn get(&self, flow: u32) -> &[FlowDrop] {
        if self.table.is_empty() {
            return &[];
        }
        let found = self.table.find(hash(flow), |dropped| dropped.flow == flow);
        found.map(|dropped| dropped.drops.as_slice()).unwrap_or_default()
    }

    /// Whether there was room for it.
    #[cold]
    pub(super) fn add(&mut self, flow: u32, reason: DropReason, hook: Hook, packets: u32) -> bool {
        let drops = &mut self
            .table
            .entry(hash(flow), |dropped| dropped.flow == flow, |dropped| hash(dropped.flow))
            .or_insert_with(|| Dropped { flow, drops: Vec::with_capacity(1) })
            .into_mut()
            .drops;
        let packets = u64::from(packets);
        if let Some(known) = drops.iter_mut().find(|drop| (drop.reason, drop.hook) == (reason, hook)) {
            known.packets = known.packets.saturating_add(packets);
        } else if drops.len() < MOST {
            drops.reserve_exact(1);
            drops.push(FlowDrop { reason, hook, packets });
        } else {
            return false;
        }
        true
    }

    pub(super) fn remove(&mut self, flow: u32) {
        if !self.table.is_empty()
            && let Ok(found) = self.table.find_entry(hash(flow), |dropped| dropped.flow == flow)
        {
            found.remove();
        }
    }

    pub(super) fn memory(&self) -> usize {
        let drops = self.table.iter().map(|dropped| dropped.drops.capacity());
        let drops = drops.fold(0, usize::saturating_add).saturating_mul(size_of::<FlowDrop>());
        drops.saturating_add(self.table.allocation_size())
    }
}

/// Nobody chooses an entry's place: spreading it is enough.
fn hash(flow: u32) -> u64 {
    u64::from(flow).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Reasons and hooks of one flow.
const MOST: usize = 16;
