use hashbrown::HashTable;
use wgtrace_abi::hook::Attachment;
use wgtrace_abi::{Hook, PacketEvent};

/// A hook of one interface, and as what a flow's packets passed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Inode of the network namespace.
    pub netns: u32,
    /// The interface, within the namespace.
    pub ifindex: u32,
    /// The hook.
    pub hook: Hook,
    /// As what.
    pub guise: Guise,
}

/// As what a packet passes a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Guise {
    /// As itself.
    #[default]
    Plain,
    /// Inside of WireGuard's ciphertext.
    Sealed,
    /// As itself, where it had to be encrypted.
    Leaked,
}

impl Place {
    /// Where the program of `event` is, which is at `hook`.
    pub fn of(event: &PacketEvent, hook: Hook, guise: Guise) -> Self {
        Self { netns: event.netns, ifindex: event.ifindex, hook, guise }
    }

    /// Whether both directions of a flow pass here and there one after the other: the two hooks of one
    /// interface, both in tc or both on its tap.
    pub(super) fn pairs_with(&self, other: &Self) -> bool {
        let tap = |place: &Self| place.hook.attachment() == Attachment::Socket;
        (self.netns, self.ifindex, tap(self)) == (other.netns, other.ifindex, tap(other))
    }
}

/// Places by short number, for as long as a flow has one.
#[derive(Debug, Default)]
pub(super) struct Places {
    held: Vec<Held>,
    index: HashTable<u16>,
    free: Vec<u16>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    place: Place,
    flows: u32,
}

impl Places {
    pub(super) fn get(&self, number: u16) -> Option<&Place> {
        self.held.get(usize::from(number)).map(|held| &held.place)
    }

    /// The number of a place that is held.
    #[inline]
    pub(super) fn find(&self, place: &Place) -> Option<u16> {
        let is_it = |number: &u16| self.get(*number) == Some(place);
        self.index.find(hash(place), is_it).copied()
    }

    /// Holds a place for one flow more; `None` when no number is left.
    pub(super) fn hold(&mut self, place: &Place) -> Option<u16> {
        let number = match self.find(place) {
            Some(number) => number,
            None => self.insert(*place)?,
        };
        let held = self.held.get_mut(usize::from(number))?;
        held.flows = held.flows.saturating_add(1);
        Some(number)
    }

    pub(super) fn release(&mut self, number: u16) {
        let Some(held) = self.held.get_mut(usize::from(number)) else { return };
        held.flows = held.flows.saturating_sub(1);
        if held.flows == 0 {
            let place = held.place;
            if let Ok(found) = self.index.find_entry(hash(&place), |other| *other == number) {
                found.remove();
            }
            self.free.push(number);
        }
    }

    pub(super) fn memory(&self) -> usize {
        let places = self.held.capacity().saturating_mul(size_of::<Held>());
        let free = self.free.capacity().saturating_mul(size_of::<u16>());
        places.saturating_add(free).saturating_add(self.index.allocation_size())
    }

    fn insert(&mut self, place: Place) -> Option<u16> {
        let held = Held { place, flows: 0 };
        let number = if let Some(number) = self.free.pop() {
            *self.held.get_mut(usize::from(number))? = held;
            number
        } else {
            let number = u16::try_from(self.held.len()).ok()?;
            self.held.push(held);
            number
        };
        let all = &self.held;
        self.index.insert_unique(hash(&place), number, |other| {
            all.get(usize::from(*other)).map_or(0, |held| hash(&held.place))
        });
        Some(number)
    }
}

/// The kernel numbers namespaces and interfaces: spreading them is enough.
fn hash(place: &Place) -> u64 {
    let number = u64::from(place.netns) << 32 | u64::from(place.ifindex) << 6;
    let hook = u64::from(place.hook.number()) << 2;
    (number ^ hook ^ place.guise as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
