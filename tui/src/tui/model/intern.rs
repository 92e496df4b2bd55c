//! One copy of each name that many rows have.

use std::collections::HashSet;
use std::rc::Rc;

use crate::tui::text;

/// Names, each kept once and free of what could speak to a terminal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interner {
    names: HashSet<Rc<str>>,
    /// So many are looked through for those that nobody has any more.
    sweep_at: usize,
}

impl Interner {
    /// The copy of this name.
    pub(crate) fn name(&mut self, name: &str) -> Rc<str> {
        if let Some(known) = self.names.get(name) {
            return Rc::clone(known);
        }
        let clean: Rc<str> = text::clean(name).into();
        if let Some(known) = self.names.get(&clean) {
            return Rc::clone(known);
        }
        if self.names.len() >= self.sweep_at.max(SWEEP) {
            self.names.retain(|name| Rc::strong_count(name) > 1);
            self.sweep_at = self.names.len() * 2;
        }
        self.names.insert(Rc::clone(&clean));
        clean
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
        assert!(Rc::ptr_eq(&one, &same));
        for number in 0..10 * SWEEP {
            names.name(&format!("lxc{number}"));
        }
        assert!(names.names.len() <= SWEEP && names.names.contains("eth0"));
        assert_eq!(&*names.name("a\u{1b}b"), "a\u{fffd}b");
    }
}
