//! A list of secrets without repeats.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash};

/// Items in order of insertion, found again by a keyed digest of their name.
///
/// The name itself, which may be a private key, is not kept a second time.
#[derive(Clone)]
pub(super) struct Distinct<T> {
    items: Vec<T>,
    by_digest: HashMap<u64, usize>,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self { items: Vec::new(), by_digest: HashMap::new() }
    }
}

impl<T: Clone> Distinct<T> {
    /// All items, oldest first.
    pub(super) fn as_slice(&self) -> &[T] {
        &self.items
    }

    /// The item at a position that [`Self::push`] or [`Self::find`] gave.
    pub(super) fn at_mut(&mut self, at: usize) -> Option<&mut T> {
        self.items.get_mut(at)
    }

    /// Position of the item pushed under `name`, if it is the `same`: digests may collide.
    pub(super) fn find<K: Hash>(&self, name: &K, same: impl Fn(&T) -> bool) -> Option<usize> {
        let at = *self.by_digest.get(&self.digest(name))?;
        self.items.get(at).is_some_and(same).then_some(at)
    }

    /// Appends an item that [`Self::find`] does not know.
    pub(super) fn push<K: Hash>(&mut self, name: &K, item: T) -> usize {
        let at = self.items.len();
        self.by_digest.insert(self.digest(name), at);
        push_wiping(&mut self.items, item);
        at
    }

    fn digest<K: Hash>(&self, name: &K) -> u64 {
        self.by_digest.hasher().hash_one(name)
    }
}

/// Pushes so that a move to a larger allocation drops, and by that wipes, the items left behind.
pub(super) fn push_wiping<T: Clone>(items: &mut Vec<T>, item: T) {
    if items.len() == items.capacity() {
        let mut larger = Vec::with_capacity((items.len() * 2).max(4));
        larger.extend_from_slice(items);
        *items = larger;
    }
    items.push(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_found_by_name_and_kept_in_order() {
        let mut list = Distinct::default();
        for n in 0..100_u32 {
            assert_eq!(list.find(&n, |item| *item == n), None);
            list.push(&n, n);
        }
        assert_eq!(list.as_slice(), (0..100).collect::<Vec<_>>());
        assert_eq!(list.find(&42_u32, |item| *item == 42), Some(42));
    }

    #[test]
    fn a_colliding_digest_is_no_match() {
        let mut list = Distinct::default();
        list.push(&1, "one");
        assert_eq!(list.find(&1, |item| *item == "two"), None);
    }
}
