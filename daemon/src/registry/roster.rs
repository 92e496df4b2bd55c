//! Which entries are believed: pure, whatever they come from.

use std::collections::BTreeMap;

use wgtrace_tunnel::Prefix;

use super::{Entry, Event, Name, Refusal};
use crate::datapath::intent::Remote;

/// The nodes that are believed to be there, this one not among them.
#[derive(Debug, Clone)]
pub struct Roster {
    policy: Policy,
    own: Entry,
    nodes: BTreeMap<Name, Entry>,
    refused: BTreeMap<String, Refusal>,
}

/// What holds for every node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// Where pods' networks lie.
    pub pool: Vec<Prefix>,
    /// Whether nodes may have addresses of it.
    pub nodes_in_pool: bool,
}

/// What was found under a name.
pub type Found = Result<Entry, Refusal>;

impl Roster {
    /// Nobody but this node.
    pub fn new(policy: Policy, own: Entry) -> Self {
        Self { policy, own, nodes: BTreeMap::new(), refused: BTreeMap::new() }
    }

    /// The other nodes, by name.
    pub fn nodes(&self) -> &BTreeMap<Name, Entry> {
        &self.nodes
    }

    /// The other nodes, as the datapath knows them.
    pub fn remotes(&self) -> Vec<Remote> {
        let remote = |entry: &Entry| Remote {
            name: entry.name.to_string(),
            addresses: entry.addresses.clone(),
            pod_cidrs: entry.pod_cidrs.clone(),
        };
        self.nodes.values().map(remote).collect()
    }

    /// What is not believed, and why.
    pub fn refused(&self) -> &BTreeMap<String, Refusal> {
        &self.refused
    }

    /// This node.
    pub fn own(&self) -> &Entry {
        &self.own
    }

    /// This node says something else of itself from now on.
    pub fn set_own(&mut self, own: Entry) {
        self.own = own;
    }

    /// Takes in all that there is, and tells what became of whom.
    ///
    /// Nodes that stay as they were come first, so that nobody takes from them what they have; a node whose entry
    /// cannot be believed any more, but is still there, stays as it was.
    pub fn replace(
        &mut self,
        found: BTreeMap<Name, Found>,
        mut refused: BTreeMap<String, Refusal>,
    ) -> Vec<Event> {
        let (mut settled, mut open) = (Vec::new(), Vec::new());
        for (name, found) in found {
            let known = self.nodes.get(&name);
            match found.and_then(|entry| self.alone(entry)) {
                Ok(entry) if name == self.own.name => {
                    if !self.is_own(&entry) {
                        refused.insert(name.to_string(), Refusal::OurName);
                    }
                }
                Ok(entry) if known == Some(&entry) => settled.push(entry),
                Ok(entry) => open.push(entry),
                Err(refusal) => {
                    settled.extend(known.cloned());
                    refused.insert(name.to_string(), refusal);
                }
            }
        }
        let mut nodes = BTreeMap::new();
        let mut disappointed = Vec::new();
        for entry in settled.into_iter().chain(open) {
            match self.contradiction(&nodes, &entry) {
                None => {
                    nodes.insert(entry.name.clone(), entry);
                }
                Some(refusal) => {
                    disappointed.extend(self.nodes.get(&entry.name).cloned());
                    refused.insert(entry.name.to_string(), refusal);
                }
            }
        }
        for before in disappointed {
            if self.contradiction(&nodes, &before).is_none() {
                nodes.insert(before.name.clone(), before);
            }
        }
        let events = self.events(&nodes, &refused);
        (self.nodes, self.refused) = (nodes, refused);
        events
    }

    /// The difference between what was and what is.
    fn events(&self, nodes: &BTreeMap<Name, Entry>, refused: &BTreeMap<String, Refusal>) -> Vec<Event> {
        let gone = self.nodes.values().filter(|node| !nodes.contains_key(&node.name));
        let mut events: Vec<Event> = gone.cloned().map(Event::Removed).collect();
        let (mut changed, mut added) = (Vec::new(), Vec::new());
        for now in nodes.values() {
            match self.nodes.get(&now.name) {
                None => added.push(Event::Added(now.clone())),
                Some(before) if before == now => {}
                Some(before) => changed.push(Event::Changed { before: before.clone(), now: now.clone() }),
            }
        }
        let news = refused.iter().filter(|(entry, refusal)| self.refused.get(*entry) != Some(refusal));
        let news =
            news.map(|(entry, refusal)| Event::Refused { entry: entry.clone(), refusal: refusal.clone() });
        let told: Vec<&str> =
            changed.iter().chain(&added).filter_map(now).map(|now| now.name.as_str()).collect();
        let entries = self.refused.keys().filter(|entry| !refused.contains_key(*entry));
        let silent = entries.filter(|entry| !told.contains(&entry.as_str()));
        let withdrawn: Vec<_> = silent.cloned().map(|entry| Event::Withdrawn { entry }).collect();
        events.extend(changed);
        events.extend(added);
        events.extend(news);
        events.extend(withdrawn);
        events
    }

    /// What an entry says, if it could be true whoever else there is.
    fn alone(&self, entry: Entry) -> Found {
        let Policy { pool, nodes_in_pool } = &self.policy;
        for cidr in &entry.pod_cidrs {
            if cidr.len() == 0 {
                return Err(Refusal::Everything(*cidr));
            }
            if !pool.iter().any(|pool| holds(*pool, *cidr)) {
                return Err(Refusal::OutsidePool(*cidr));
            }
        }
        let mut addresses = entry.addresses.iter();
        let in_pool = addresses.find(|addr| pool.iter().any(|pool| pool.contains(**addr)));
        match in_pool {
            Some(addr) if !nodes_in_pool => Err(Refusal::InPool(*addr)),
            _ => covered(&entry, &entry).map_or(Ok(entry), Err),
        }
    }

    /// Whether an entry says what this node says of itself, which may not know its key yet.
    fn is_own(&self, entry: &Entry) -> bool {
        let mut own = self.own.clone();
        if own.public_key.is_none() {
            (own.public_key, own.port) = (entry.public_key, entry.port);
        }
        *entry == own
    }

    /// Why an entry and what is believed already cannot both be true.
    fn contradiction(&self, nodes: &BTreeMap<Name, Entry>, entry: &Entry) -> Option<Refusal> {
        if nodes.len() >= MOST_NODES {
            return Some(Refusal::TooManyNodes(MOST_NODES));
        }
        std::iter::once(&self.own).chain(nodes.values()).find_map(|other| {
            let of = || other.name.clone();
            if entry.public_key.is_some() && entry.public_key == other.public_key {
                return Some(Refusal::Key(of()));
            }
            if let Some(addr) = entry.addresses.iter().find(|addr| other.addresses.contains(addr)) {
                return Some(Refusal::Address { addr: *addr, of: of() });
            }
            overlap(entry, other).or_else(|| covered(entry, other)).or_else(|| covered(other, entry))
        })
    }
}

/// The node that is told of.
fn now(event: &Event) -> Option<&Entry> {
    match event {
        Event::Added(now) | Event::Changed { now, .. } => Some(now),
        Event::Removed(_) | Event::Refused { .. } | Event::Withdrawn { .. } => None,
    }
}

/// Two nodes' pods in one place.
fn overlap(entry: &Entry, other: &Entry) -> Option<Refusal> {
    entry.pod_cidrs.iter().find_map(|cidr| {
        let mut theirs = other.pod_cidrs.iter();
        let theirs = theirs.find(|theirs| holds(**theirs, *cidr) || holds(*cidr, **theirs))?;
        Some(Refusal::Overlap { cidr: *cidr, theirs: *theirs, of: other.name.clone() })
    })
}

/// A node where pods of another, or its own, are to be.
fn covered(pods_of: &Entry, node: &Entry) -> Option<Refusal> {
    pods_of.pod_cidrs.iter().find_map(|cidr| {
        let addr = node.addresses.iter().find(|addr| cidr.contains(**addr))?;
        Some(Refusal::CoversNode { cidr: *cidr, addr: *addr, of: node.name.clone() })
    })
}

/// Whether all of `inner` lies in `outer`.
fn holds(outer: Prefix, inner: Prefix) -> bool {
    outer.len() <= inner.len() && outer.contains(inner.addr())
}

/// As many as Kubernetes promises to manage.
const MOST_NODES: usize = 5000;
