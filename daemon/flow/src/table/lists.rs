use super::entry::{Entry, NONE};
use super::slab::Slab;

/// Flows that may be silent for equally long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Closed,
    Opening,
    Closing,
    Icmp,
    Datagram,
    Tcp,
}

impl Class {
    pub(super) const ALL: [Self; 6] =
        [Self::Closed, Self::Opening, Self::Closing, Self::Icmp, Self::Datagram, Self::Tcp];
}

/// A list of flows for each class, by generation; linked through the entries.
#[derive(Debug, Default)]
pub(super) struct Lists {
    closed: Ends,
    opening: Ends,
    closing: Ends,
    icmp: Ends,
    datagram: Ends,
    tcp: Ends,
}

#[derive(Debug, Clone, Copy)]
struct Ends {
    oldest: u32,
    newest: u32,
}

impl Default for Ends {
    fn default() -> Self {
        Self { oldest: NONE, newest: NONE }
    }
}

impl Lists {
    pub(super) fn oldest(&self, class: Class) -> Option<u32> {
        Some(self.ends(class).oldest).filter(|at| *at != NONE)
    }

    pub(super) fn latest_first<'a>(
        &self,
        class: Class,
        slab: &'a Slab,
    ) -> impl Iterator<Item = (u32, &'a Entry)> + use<'a> {
        let mut at = self.ends(class).newest;
        std::iter::from_fn(move || {
            let entry = slab.get(at)?;
            let here = at;
            at = entry.older;
            Some((here, entry))
        })
    }

    /// Which flow goes when room is needed.
    pub(super) fn victim(&self, slab: &Slab) -> Option<u32> {
        self.oldest(Class::Closed).or_else(|| {
            let heads = Class::ALL.into_iter().filter_map(|class| self.oldest(class));
            heads.min_by_key(|at| slab.get(*at).map(|entry| entry.generation))
        })
    }

    pub(super) fn push(&mut self, class: Class, at: u32, slab: &mut Slab) {
        let ends = self.ends_mut(class);
        let older = ends.newest;
        ends.newest = at;
        if older == NONE {
            ends.oldest = at;
        }
        if let Some(entry) = slab.get_mut(older) {
            entry.newer = at;
        }
        if let Some(entry) = slab.get_mut(at) {
            entry.older = older;
            entry.newer = NONE;
        }
    }

    pub(super) fn unlink(&mut self, class: Class, at: u32, slab: &mut Slab) {
        let Some(entry) = slab.get(at) else { return };
        let (older, newer) = (entry.older, entry.newer);
        let ends = self.ends_mut(class);
        match slab.get_mut(older) {
            Some(entry) => entry.newer = newer,
            None => ends.oldest = newer,
        }
        match slab.get_mut(newer) {
            Some(entry) => entry.older = older,
            None => ends.newest = older,
        }
    }

    fn ends(&self, class: Class) -> &Ends {
        match class {
            Class::Closed => &self.closed,
            Class::Opening => &self.opening,
            Class::Closing => &self.closing,
            Class::Icmp => &self.icmp,
            Class::Datagram => &self.datagram,
            Class::Tcp => &self.tcp,
        }
    }

    fn ends_mut(&mut self, class: Class) -> &mut Ends {
        match class {
            Class::Closed => &mut self.closed,
            Class::Opening => &mut self.opening,
            Class::Closing => &mut self.closing,
            Class::Icmp => &mut self.icmp,
            Class::Datagram => &mut self.datagram,
            Class::Tcp => &mut self.tcp,
        }
    }
}
