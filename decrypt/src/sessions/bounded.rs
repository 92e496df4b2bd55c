//! A bounded store of handshake messages, found by session index.

use std::collections::{HashMap, VecDeque};

use wgtrace_wire::wireguard::SessionIndex;

/// Messages kept in all; a busy node sees one handshake per peer every two minutes.
const CAPACITY: usize = 16_384;
/// Messages kept under one index: peers behind different hosts may share one, floods may try to.
const PER_INDEX: usize = 32;

/// The newest messages; the oldest make room and are counted.
#[derive(Debug)]
pub(crate) struct Bounded<T> {
    items: VecDeque<(SessionIndex, T)>,
    /// Position of the oldest item in the whole sequence.
    first: usize,
    by_index: HashMap<SessionIndex, VecDeque<usize>>,
    evicted: u64,
}

impl<T> Bounded<T> {
    pub(crate) fn new() -> Self {
        Self { items: VecDeque::new(), first: 0, by_index: HashMap::new(), evicted: 0 }
    }

    /// Adds `item` and returns its position.
    pub(crate) fn push(&mut self, index: SessionIndex, item: T) -> usize {
        if self.items.len() == CAPACITY {
            self.evict_oldest();
        }
        let position = self.first + self.items.len();
        self.items.push_back((index, item));
        let same = self.by_index.entry(index).or_default();
        if same.len() == PER_INDEX {
            same.pop_front();
            self.evicted += 1;
        }
        same.push_back(position);
        position
    }

    fn evict_oldest(&mut self) {
        let Some((index, _)) = self.items.pop_front() else { return };
        if let Some(same) = self.by_index.get_mut(&index) {
            // Absent when the per-index bound already dropped and counted it.
            if same.front() == Some(&self.first) {
                same.pop_front();
                self.evicted += 1;
            }
            if same.is_empty() {
                self.by_index.remove(&index);
            }
        }
        self.first += 1;
    }

    pub(crate) fn at(&self, position: usize) -> Option<&T> {
        self.items.get(position.checked_sub(self.first)?).map(|(_, item)| item)
    }

    pub(crate) fn at_mut(&mut self, position: usize) -> Option<&mut T> {
        self.items.get_mut(position.checked_sub(self.first)?).map(|(_, item)| item)
    }

    /// Positions of the items under `index`, newest first.
    pub(crate) fn positions(&self, index: SessionIndex) -> impl Iterator<Item = usize> + use<T> {
        let positions: Vec<usize> =
            self.by_index.get(&index).map(|same| same.iter().rev().copied().collect()).unwrap_or_default();
        positions.into_iter()
    }

    /// The items under `index`, newest first.
    pub(crate) fn under(&self, index: SessionIndex) -> impl Iterator<Item = &T> {
        self.by_index
            .get(&index)
            .into_iter()
            .flat_map(|same| same.iter().rev())
            .filter_map(|&position| self.at(position))
    }

    /// Positions of all items, oldest first.
    pub(crate) fn all(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.items.len()
    }

    /// The last `count` items, newest first.
    pub(crate) fn newest(&self, count: usize) -> impl Iterator<Item = &T> {
        self.items.iter().rev().take(count).map(|(_, item)| item)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter().map(|(_, item)| item)
    }

    /// Items that had to make room.
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_an_index_come_first_and_are_bounded() {
        let mut store = Bounded::new();
        for n in 0..40 {
            store.push(SessionIndex(7), n);
        }
        assert_eq!(
            store.under(SessionIndex(7)).copied().collect::<Vec<_>>(),
            (8..40).rev().collect::<Vec<_>>()
        );
        assert_eq!(store.evicted(), 8);
    }

    #[test]
    fn the_oldest_make_room_and_each_is_counted_once() {
        let mut store = Bounded::new();
        for n in 0..u32::try_from(CAPACITY).unwrap() + 5 {
            store.push(SessionIndex(n % 1000), n);
        }
        let kept: usize = (0..1000).map(|n| store.under(SessionIndex(n)).count()).sum();
        assert_eq!(kept as u64 + store.evicted(), CAPACITY as u64 + 5);
        assert!(store.at(4).is_none() && store.at(5).is_some());
    }
}
