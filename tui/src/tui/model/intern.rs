//! One copy of each name, and of each way, that many rows have.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

use wgtrace_api::v1::Hop;

use super::flow::Place;
use crate::tui::text;

/// A name, no larger than a pointer; free of what could speak to a terminal.
#[derive(Clone)]
pub(crate) struct Name(Rc<Interned>);

struct Interned {
    /// Its number among those of its [`Interner`].
    number: u32,
    text: Box<str>,
}

impl Name {
    /// Its number among those of its [`Interner`]: less than [`Interner::numbers`].
    pub(crate) fn number(&self) -> u32 {
        self.0.number
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.text
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0) || **self == **other
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, out)
    }
}

/// Names and ways, each kept once for as long as somebody has it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interner {
    names: HashSet<Name>,
    ways: HashSet<Rc<[Place]>>,
    /// Room for a way that may be known.
    places: Vec<Place>,
    /// So many are looked through for those that nobody has any more.
    sweep_at: usize,
    /// Numbers that were given, and of these the ones that are free again.
    numbers: u32,
    free: Vec<u32>,
    /// Raised when a name comes.
    changes: u64,
}

impl Interner {
    /// The copy of this name.
    pub(crate) fn name(&mut self, name: &str) -> Name {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let clean = text::clean(name);
        if let Some(known) = self.names.get(&*clean) {
            return known.clone();
        }
        self.sweep();
        self.changes += 1;
        let number = self.free.pop().unwrap_or_else(|| {
            self.numbers += 1;
            self.numbers - 1
        });
        let name = Name(Rc::new(Interned { number, text: clean.into() }));
        self.names.insert(name.clone());
        name
    }

    /// The copy of this way.
    pub(crate) fn way(&mut self, hops: &[Hop]) -> Rc<[Place]> {
        let mut places = std::mem::take(&mut self.places);
        places.extend(hops.iter().map(|hop| Place {
            interface: self.name(&hop.interface),
            hook: self.name(&hop.hook),
            is_sealed: hop.sealed,
        }));
        let known = self.ways.get(&*places).cloned();
        let way = known.unwrap_or_else(|| {
            self.sweep();
            let way: Rc<[Place]> = places.as_slice().into();
            self.ways.insert(Rc::clone(&way));
            way
        });
        places.clear();
        self.places = places;
        way
    }

    /// For each name, by its number, which one it is in their order.
    pub(crate) fn ranks(&self) -> Vec<u32> {
        let mut sorted: Vec<&Name> = self.names.iter().collect();
        sorted.sort_unstable();
        let mut ranks = vec![0; usize::try_from(self.numbers).unwrap_or(0)];
        for (rank, name) in (0..).zip(sorted) {
            let slot = usize::try_from(name.number()).ok().and_then(|number| ranks.get_mut(number));
            if let Some(slot) = slot {
                *slot = rank;
            }
        }
        ranks
    }

    /// Another number when there is a name that was not there.
    pub(crate) fn revision(&self) -> u64 {
        self.changes
    }

    fn sweep(&mut self) {
        if self.names.len() + self.ways.len() < self.sweep_at.max(SWEEP) {
            return;
        }
        self.ways.retain(|way| Rc::strong_count(way) > 1);
        let free = &mut self.free;
        self.names.retain(|name| {
            let is_used = Rc::strong_count(&name.0) > 1;
            if !is_used {
                free.push(name.number());
            }
            is_used
        });
        self.sweep_at = (self.names.len() + self.ways.len()) * 2;
    }
}

/// Fewer are never looked through.
const SWEEP: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_and_only_while_somebody_has_it() {
        let mut names = Interner::default();
        let (one, same) = (names.name("eth0"), names.name("eth0"));
        assert!(Rc::ptr_eq(&one.0, &same.0));
        for number in 0..10 * SWEEP {
            names.name(&format!("lxc{number}"));
        }
        assert!(names.names.len() <= SWEEP && names.names.contains("eth0"));
        assert!(usize::try_from(names.numbers).unwrap() <= SWEEP, "numbers are used again");
        assert_eq!(&*names.name("a\u{1b}b"), "a\u{fffd}b");
    }

    #[test]
    fn a_way_is_kept_once_and_so_long_its_names_are() {
        let mut names = Interner::default();
        let way = |names: &mut Interner, interface: &str, sealed| {
            names.way(&[Hop {
                interface: interface.into(),
                hook: "tap-out".into(),
                sealed,
                ..Default::default()
            }])
        };
        let (one, same) = (way(&mut names, "eth0", true), way(&mut names, "eth0", true));
        assert!(Rc::ptr_eq(&one, &same));
        assert!(!Rc::ptr_eq(&one, &way(&mut names, "eth0", false)));
        for number in 0..10 * SWEEP {
            way(&mut names, &format!("lxc{number}"), false);
        }
        assert!(names.ways.len() <= SWEEP && names.names.contains("eth0"));
    }

    #[test]
    fn ranks_are_in_the_order_of_the_names() {
        let mut names = Interner::default();
        let [c, a, b] = ["c", "a", "b"].map(|name| names.name(name));
        let ranks = names.ranks();
        assert_eq!([a, b, c].map(|name| ranks[name.number() as usize]), [0, 1, 2]);
    }
}
