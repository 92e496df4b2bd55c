//! What interfaces and namespaces are called, as the reader of events knows it.

use std::collections::HashMap;

/// Names by namespace and index.
#[derive(Debug, Default)]
pub(super) struct Names {
    namespaces: Vec<(u32, Box<str>)>,
    interfaces: HashMap<(u32, u32), Box<str>>,
}

/// An interface got a name. Of one that vanished events may still be in the ring: names are kept.
#[derive(Debug, Clone)]
pub(super) struct Naming {
    /// Inode of its namespace.
    pub(super) netns: u32,
    /// Its index there.
    pub(super) ifindex: u32,
    /// Its name.
    pub(super) name: String,
}

impl Names {
    /// For these namespaces: inode and name.
    pub(super) fn new<'a>(namespaces: impl Iterator<Item = (u32, &'a str)>) -> Self {
        let namespaces = namespaces.map(|(inode, name)| (inode, printable(name))).collect();
        Self { namespaces, interfaces: HashMap::new() }
    }

    /// Takes in a name.
    pub(super) fn learn(&mut self, naming: &Naming) {
        self.interfaces.insert((naming.netns, naming.ifindex), printable(&naming.name));
    }

    /// The name of an interface, where it is known.
    pub(super) fn interface(&self, netns: u32, ifindex: u32) -> Option<&str> {
        self.interfaces.get(&(netns, ifindex)).map(AsRef::as_ref)
    }

    /// The name of a namespace, where it is known.
    pub(super) fn namespace(&self, netns: u32) -> Option<&str> {
        self.namespaces.iter().find(|(inode, _)| *inode == netns).map(|(_, name)| name.as_ref())
    }

    /// Whether the name of an interface alone can mean two.
    pub(super) fn are_many(&self) -> bool {
        self.namespaces.len() > 1
    }
}

/// Control characters in a name would speak to the terminal.
fn printable(name: &str) -> Box<str> {
    name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_index_in_two_namespaces_is_two_interfaces() {
        let mut names = Names::new([(7, "host"), (8, "pod")].into_iter());
        names.learn(&Naming { netns: 7, ifindex: 2, name: "eth0".into() });
        names.learn(&Naming { netns: 8, ifindex: 2, name: "net\u{1b}".into() });
        assert_eq!(names.interface(7, 2), Some("eth0"));
        assert_eq!(names.interface(8, 2), Some("net\u{fffd}"));
        assert_eq!((names.interface(7, 3), names.namespace(8)), (None, Some("pod")));
        assert!(names.are_many());
    }
}
