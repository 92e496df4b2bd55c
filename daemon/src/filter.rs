//! Filter expressions for the kernel: a part of tcpdump's language, compiled to [`wgtrace_abi::Filter`].
//!
//! ```
//! use wgtraced::filter;
//!
//! let filter = filter::compile("host 10.0.1.203 and tcp port 80 or arp").unwrap();
//! assert_eq!(filter.count, 3);
//! ```

mod condition;
mod parse;

use std::str::FromStr;

use thiserror::Error;
use wgtrace_abi::{Filter, Hook, filter::MAX_RULES};

/// Compiles an expression; an empty one wants every packet.
///
/// # Errors
/// Names the column of what cannot be understood, or cannot be done in the kernel.
pub fn compile(expression: &str) -> Result<Filter, FilterError> {
    let mut filter = Filter::default();
    let rules = parse::rules(expression)?;
    if rules.len() > MAX_RULES {
        return Err(FilterError { column: 1, fault: Fault::TooManyRules { have: rules.len() } });
    }
    for (slot, rule) in filter.rules.iter_mut().zip(&rules) {
        *slot = *rule;
        filter.count = filter.count.saturating_add(1);
    }
    Ok(filter)
}

/// What one `--filter` takes: `EXPR` for every hook or `HOOK:EXPR` for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookFilter {
    hook: Option<Hook>,
    filter: Filter,
}

impl FromStr for HookFilter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        // an address has digits or starts with a colon, a hook's name does not
        let prefix = text.split_once(':').filter(|(name, _)| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        });
        let Some((name, expression)) = prefix else {
            return Ok(Self { hook: None, filter: compile(text)? });
        };
        let hook = Hook::ALL.into_iter().find(|hook| hook.name() == name);
        let hook = hook.ok_or_else(|| FilterError { column: 1, fault: Fault::NoHook(name.into()) })?;
        let filter = compile(expression).map_err(|error| FilterError {
            column: error.column.saturating_add(name.chars().count()).saturating_add(1),
            ..error
        })?;
        Ok(Self { hook: Some(hook), filter })
    }
}

/// The filter of every hook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    common: Filter,
    own: Vec<(Hook, Filter)>,
}

impl Filters {
    /// All that was asked for; of two for the same hooks, the later holds.
    pub fn new(given: &[HookFilter]) -> Self {
        let mut filters = Self::default();
        for HookFilter { hook, filter } in given {
            match hook {
                None => filters.common = *filter,
                Some(hook) => filters.own.push((*hook, *filter)),
            }
        }
        filters
    }

    /// What is wanted at a hook.
    pub fn of(&self, hook: Hook) -> &Filter {
        self.own.iter().rev().find(|(own, _)| *own == hook).map_or(&self.common, |(_, filter)| filter)
    }
}

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("column {column}: {fault}")]
pub struct FilterError {
    /// Counted in characters from 1.
    pub column: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// What can be wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// A word that means nothing here.
    #[error(
        "`{0}` is no condition: expected host, net, port, portrange (each after src or dst perhaps), \
         proto, tcp, udp, icmp, icmp6, arp, ip, ip6 or wireguard"
    )]
    NoCondition(String),
    /// A condition should be here and is not.
    #[error("the expression ends where a condition should be")]
    Ends,
    /// `src` or `dst` before something without direction.
    #[error("`{0}` has no direction: expected host, net, port or portrange after src or dst")]
    NoDirection(String),
    /// Something between two conditions that does not join them.
    #[error("expected `and` or `or` before `{0}`")]
    NotJoined(String),
    /// What the kernel's rules cannot say.
    #[error(
        "`{0}` is not possible here: the kernel knows alternatives (or) of conditions that hold together (and)"
    )]
    NotPossible(String),
    /// No value behind a word that takes one.
    #[error("`{0}` needs {1} behind it")]
    NoValue(String, &'static str),
    /// Not a value of this kind.
    #[error("`{0}` is not {1}")]
    Value(String, &'static str),
    /// Host bits set in a network.
    #[error("`{0}` has bits beyond its prefix length: did you mean {1}?")]
    HostBits(String, String),
    /// Conditions that exclude each other.
    #[error("no packet can match: these conditions exclude each other")]
    Never,
    /// More than the kernel takes.
    #[error("{have} alternatives, and {MAX_RULES} are possible: say src or dst where you can")]
    TooManyRules {
        /// How many the expression has.
        have: usize,
    },
    /// A prefix that is no hook.
    #[error("`{0}` is no hook: expected one of {hooks}", hooks = hooks())]
    NoHook(String),
}

fn hooks() -> String {
    Hook::ALL.map(Hook::name).join(", ")
}

#[cfg(test)]
mod tests;
