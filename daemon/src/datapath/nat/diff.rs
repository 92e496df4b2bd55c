//! What is off, between a table as it is meant and as it is.

use std::fmt;
use std::net::IpAddr;

use super::found::{FoundChain, FoundHook, FoundRule, FoundTable};
use super::ruleset::{Chain, Rule, Set, Table};
use crate::datapath::nfnetlink::Family;

/// One thing that is off in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The table's family.
    pub family: Family,
    /// Its name.
    pub table: String,
    /// What it is.
    pub what: What,
}

/// What is off.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// There is no such table.
    NoTable,
    /// The table is switched off.
    Dormant,
    /// There is no such set.
    NoSet(String),
    /// There is a set too many, or it is of another kind.
    StraySet(String),
    /// An address is missing in a set.
    NoElement(String, IpAddr),
    /// A set has an address too many.
    StrayElement(String, IpAddr),
    /// There is no such chain.
    NoChain(String),
    /// There is a chain too many.
    StrayChain(String),
    /// Packets enter a chain elsewhere.
    Hook {
        /// The chain.
        chain: String,
        /// Where they should.
        wanted: String,
        /// Where they do.
        found: String,
    },
    /// A rule is missing.
    NoRule {
        /// The chain.
        chain: String,
        /// The rule in the words of nft(8).
        rule: String,
    },
    /// There is a rule too many.
    StrayRule {
        /// The chain.
        chain: String,
        /// Its handle.
        handle: u64,
        /// The rule as expressions, with its comment.
        rule: String,
    },
    /// All rules are there, in another order.
    Order(String),
}

/// What has to change so that `found` is what `wanted` says; nothing if it is. Counters do not count.
pub fn diff(wanted: &Table, found: Option<&FoundTable>) -> Vec<Difference> {
    let mut differences = Vec::new();
    match found {
        None => differences.push(What::NoTable),
        Some(found) => {
            if found.dormant {
                differences.push(What::Dormant);
            }
            sets(&wanted.sets, found, &mut differences);
            chains(&wanted.chains, &found.chains, &mut differences);
        }
    }
    let in_table = |what| Difference { family: wanted.family, table: wanted.name.clone(), what };
    differences.into_iter().map(in_table).collect()
}

fn sets(wanted: &[Set], found: &FoundTable, differences: &mut Vec<What>) {
    for set in wanted {
        let Some(found) = found.sets.iter().find(|found| found.plain && found.set.name == set.name) else {
            differences.push(What::NoSet(set.name.clone()));
            continue;
        };
        let name = || set.name.clone();
        let missing = set.addresses.difference(&found.set.addresses);
        differences.extend(missing.map(|address| What::NoElement(name(), *address)));
        let stray = found.set.addresses.difference(&set.addresses);
        differences.extend(stray.map(|address| What::StrayElement(name(), *address)));
    }
    let stray =
        found.sets.iter().filter(|found| !found.plain || wanted.iter().all(|set| set.name != found.set.name));
    differences.extend(stray.map(|found| What::StraySet(found.set.name.clone())));
}

fn chains(wanted: &[Chain], found: &[FoundChain], differences: &mut Vec<What>) {
    for chain in wanted {
        let Some(found) = found.iter().find(|found| found.name == chain.name) else {
            differences.push(What::NoChain(chain.name.clone()));
            continue;
        };
        if chain.hook.map(FoundHook::Known) != found.hook {
            let none = || "nowhere".to_owned();
            differences.push(What::Hook {
                chain: chain.name.clone(),
                wanted: chain.hook.as_ref().map_or_else(none, ToString::to_string),
                found: found.hook.as_ref().map_or_else(none, ToString::to_string),
            });
        }
        rules(chain, &found.rules, differences);
    }
    let stray = found.iter().filter(|found| wanted.iter().all(|chain| chain.name != found.name));
    differences.extend(stray.map(|chain| What::StrayChain(chain.name.clone())));
}

fn rules(chain: &Chain, found: &[FoundRule], differences: &mut Vec<What>) {
    let mut left: Vec<_> = found.iter().enumerate().collect();
    let mut places = Vec::with_capacity(found.len());
    let before = differences.len();
    for rule in &chain.rules {
        match left.iter().position(|(_, found)| is_same(rule, found)) {
            Some(at) => places.push(left.remove(at).0),
            None => differences.push(What::NoRule { chain: chain.name.clone(), rule: rule.to_string() }),
        }
    }
    differences.extend(left.into_iter().map(|(_, found)| What::StrayRule {
        chain: chain.name.clone(),
        handle: found.handle,
        rule: found.to_string(),
    }));
    if differences.len() == before && !places.is_sorted() {
        differences.push(What::Order(chain.name.clone()));
    }
}

fn is_same(rule: &Rule, found: &FoundRule) -> bool {
    rule.commented() == found.comment.as_deref() && rule.expressions() == found.expressions
}

impl fmt::Display for FoundRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, expression) in self.expressions.iter().enumerate() {
            write!(f, "{}{expression}", if index == 0 { "" } else { " " })?;
        }
        self.comment.iter().try_for_each(|comment| write!(f, " comment \"{comment}\""))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {} {}: ", self.family, self.table)?;
        match &self.what {
            What::NoTable => f.write_str("missing"),
            What::Dormant => f.write_str("switched off (dormant)"),
            What::NoSet(set) => write!(f, "set {set}: missing"),
            What::StraySet(set) => write!(f, "set {set}: not ours"),
            What::NoElement(set, address) => write!(f, "set {set}: {address} missing"),
            What::StrayElement(set, address) => write!(f, "set {set}: {address} not ours"),
            What::NoChain(chain) => write!(f, "chain {chain}: missing"),
            What::StrayChain(chain) => write!(f, "chain {chain}: not ours"),
            What::Hook { chain, wanted, found } => {
                write!(f, "chain {chain}: entered at {found} instead of {wanted}")
            }
            What::NoRule { chain, rule } => write!(f, "chain {chain}: rule missing: {rule}"),
            What::StrayRule { chain, handle, rule } => {
                write!(f, "chain {chain}: rule with handle {handle} not ours: {rule}")
            }
            What::Order(chain) => write!(f, "chain {chain}: rules in another order"),
        }
    }
}
