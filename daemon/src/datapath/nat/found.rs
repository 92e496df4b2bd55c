//! A table as the kernel has it.

use std::fmt;

use super::expression::{Expression, uapi};
use super::ruleset::{ChainKind, Hook, HookPoint, Set};

/// A table as the kernel has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundTable {
    /// It is switched off.
    pub dormant: bool,
    /// Its sets.
    pub sets: Vec<FoundSet>,
    /// Its chains.
    pub chains: Vec<FoundChain>,
}

/// A set as the kernel has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSet {
    /// Name and addresses; other elements are left out.
    pub set: Set,
    /// Whether it is what [`Set`] means: addresses one by one, for ever.
    pub plain: bool,
}

/// A chain as the kernel has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundChain {
    /// Its name.
    pub name: String,
    /// Where packets enter it.
    pub hook: Option<FoundHook>,
    /// Its rules, in order.
    pub rules: Vec<FoundRule>,
}

/// Where packets enter a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundHook {
    /// As [`Hook`] means it.
    Known(Hook),
    /// Otherwise: another kind or place, or a policy that drops.
    Other {
        /// `filter`, `nat`, `route`.
        kind: String,
        /// The hook's number.
        point: u32,
        /// Before greater ones.
        priority: i32,
        /// What no rule decides is dropped.
        drops: bool,
    },
}

/// A rule as the kernel has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRule {
    /// The number by which `nft` deletes it.
    pub handle: u64,
    /// What it does.
    pub expressions: Vec<Expression>,
    /// Its comment.
    pub comment: Option<String>,
    /// What its counter shows, if it has one.
    pub counts: Option<Counts>,
}

/// What a rule counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Packets; in a chain that translates, connections.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl FoundTable {
    /// The first rule of a chain with this comment.
    pub fn rule(&self, chain: &str, comment: &str) -> Option<&FoundRule> {
        let chain = self.chains.iter().find(|found| found.name == chain)?;
        chain.rules.iter().find(|rule| rule.comment.as_deref() == Some(comment))
    }
}

impl FoundHook {
    pub(super) fn new(kind: String, point: u32, priority: i32, drops: bool) -> Self {
        let known = match kind.as_str() {
            "filter" => Some(ChainKind::Filter),
            "nat" => Some(ChainKind::Nat),
            _ => None,
        };
        let at = match point {
            uapi::NF_INET_PRE_ROUTING => Some(HookPoint::Prerouting),
            uapi::NF_INET_LOCAL_IN => Some(HookPoint::Input),
            uapi::NF_INET_FORWARD => Some(HookPoint::Forward),
            uapi::NF_INET_LOCAL_OUT => Some(HookPoint::Output),
            uapi::NF_INET_POST_ROUTING => Some(HookPoint::Postrouting),
            _ => None,
        };
        match (known, at) {
            (Some(kind), Some(point)) if !drops => Self::Known(Hook { kind, point, priority }),
            _ => Self::Other { kind, point, priority, drops },
        }
    }
}

impl fmt::Display for FoundHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(hook) => hook.fmt(f),
            Self::Other { kind, point, priority, drops } => {
                let policy = if *drops { "drop" } else { "accept" };
                write!(f, "type {kind} hook {point} priority {priority}; policy {policy};")
            }
        }
    }
}
