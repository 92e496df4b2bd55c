//! The links that are known, and the difference that news makes.

use std::collections::BTreeMap;

use super::Link;

/// Links by index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkTable {
    links: BTreeMap<u32, Link>,
}

/// What became of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEvent {
    /// It is new here.
    Appeared(Link),
    /// Something about it changed, its name perhaps.
    Changed {
        /// As it was.
        before: Link,
        /// As it is.
        now: Link,
    },
    /// It is gone, or in another namespace.
    Vanished(Link),
}

impl LinkTable {
    /// The link with this index.
    pub fn link(&self, index: u32) -> Option<&Link> {
        self.links.get(&index)
    }

    /// The link with this name.
    pub fn named(&self, name: &str) -> Option<&Link> {
        self.iter().find(|link| link.name == name)
    }

    /// Every link, by index.
    pub fn iter(&self) -> impl Iterator<Item = &Link> {
        self.links.values()
    }

    /// Takes in what is said of a link.
    pub(super) fn set(&mut self, now: Link) -> Option<LinkEvent> {
        match self.links.insert(now.index, now.clone()) {
            None => Some(LinkEvent::Appeared(now)),
            Some(before) if before == now => None,
            Some(before) => Some(LinkEvent::Changed { before, now }),
        }
    }

    /// Takes in that a link is gone.
    pub(super) fn remove(&mut self, index: u32) -> Option<LinkEvent> {
        self.links.remove(&index).map(LinkEvent::Vanished)
    }

    /// Takes in all links there are: those not among them are gone, and that is told first.
    pub(super) fn replace(&mut self, now: impl Iterator<Item = Link>) -> Vec<LinkEvent> {
        let now: BTreeMap<u32, Link> = now.map(|link| (link.index, link)).collect();
        let gone: Vec<u32> = self.links.keys().filter(|index| !now.contains_key(index)).copied().collect();
        let mut events: Vec<LinkEvent> = gone.into_iter().filter_map(|index| self.remove(index)).collect();
        events.extend(now.into_values().filter_map(|link| self.set(link)));
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::links::LinkKind;

    fn link(index: u32, name: &str) -> Link {
        Link { index, name: name.into(), kind: LinkKind::Veth, hardware: 1, up: true, master: None }
    }

    #[test]
    fn only_differences_are_told() {
        let mut table = LinkTable::default();
        assert_eq!(table.set(link(3, "lxc1")), Some(LinkEvent::Appeared(link(3, "lxc1"))));
        assert_eq!(table.set(link(3, "lxc1")), None);
        let renamed = LinkEvent::Changed { before: link(3, "lxc1"), now: link(3, "lxc2") };
        assert_eq!(table.set(link(3, "lxc2")), Some(renamed));
        assert_eq!(table.named("lxc1"), None);
        assert_eq!(table.remove(3), Some(LinkEvent::Vanished(link(3, "lxc2"))));
        assert_eq!(table.remove(3), None);
    }

    #[test]
    fn a_resync_tells_what_was_missed() {
        let mut table = LinkTable::default();
        for known in [link(1, "lo"), link(2, "eth0"), link(3, "lxc1")] {
            table.set(known);
        }
        let events = table.replace([link(1, "lo"), link(2, "net0"), link(4, "lxc1")].into_iter());
        let expected = [
            LinkEvent::Vanished(link(3, "lxc1")),
            LinkEvent::Changed { before: link(2, "eth0"), now: link(2, "net0") },
            LinkEvent::Appeared(link(4, "lxc1")),
        ];
        assert_eq!(events, expected);
        assert_eq!(table.iter().count(), 3);
    }
}
