//! The filter language: which packets and flows a person wants, the same in the TUI, in `observe` and over the API.
//!
//! ```
//! use wgtrace_api::{filter::Filter, v1};
//!
//! let filter: Filter = "pod=net and port 32000 and not icmp".parse().unwrap();
//! let mut packet = v1::Packet { protocol: 6, ..Default::default() };
//! packet.source = Some(v1::Party { pod: "default/net".into(), port: 32000, ..Default::default() });
//! assert!(filter.matches(&packet));
//! assert_eq!(filter.to_string().parse(), Ok(filter));
//!
//! let error = "tcp prot 80".parse::<Filter>().unwrap_err();
//! assert_eq!(error.to_string(), "column 5: no such word \"prot\"; did you mean \"port\"?");
//! ```
//!
//! # The language
//!
//! An expression is made of conditions. `not` (or `!`) binds closest, then `and` (`&&`, or nothing between two
//! conditions), then `or` (`||`); parentheses go first. Words are the same in capitals. An empty expression wants
//! everything.
//!
//! A condition is a word alone or a word and a value: `key=value`, `key value`, or `key!=value` for its opposite.
//! A value in quotes may have spaces; `\"` and `\\` stand for the characters themselves.
//!
//! | condition | wants |
//! |---|---|
//! | `ip 10.0.2.0/24`, `10.0.2.7` | an address at either end; also `host`, `net` |
//! | `port 32000`, `port 8000-8080` | a port at either end |
//! | `pod=net`, `pod=kube-system/dns-*` | a pod: its name, the workload it is named after, or a pattern |
//! | `src ..`, `dst ..` before `ip`, `port`, `pod`, `node` | that end only |
//! | `proto tcp`, `tcp`, `udp`, `icmp`, `icmp6`, `proto 47` | a protocol; `ipv4`, `ipv6` |
//! | `node=worker2` | what that node saw: its name, or the last part of it |
//! | `iface cilium_wg0`, `hook from-container` | what was seen there |
//! | `encrypted`, `clear`, `leak` | how it left or entered the node; a leak is clear, too |
//! | `peer=IKwg`, `peer=worker2` | a WireGuard peer, by the start of its key or by its node |
//! | `wireguard`, `message=initiation` | WireGuard's own messages |
//! | `drop`, `drop_reason=132`, `verdict=forwarded` | what became of it |
//! | `state=established` | the state of a TCP connection |
//!
//! Where a packet has another inside that could be read, conditions about addresses, ports, pods and protocols want
//! either of them.

mod complete;
mod edit;
mod error;
mod expression;
mod flow;
mod packet;
mod parse;
mod pattern;
mod scan;
mod show;
mod subject;
mod term;
#[cfg(test)]
mod tests;
mod value;
mod words;

use std::str::FromStr;

use self::expression::Expression;

pub use self::complete::{Suggestion, complete, complete_with};
pub use self::error::{Fault, FilterError};
pub use self::show::quoted;
pub use self::subject::{Address, End, Header, Peer, Place, Subject};
pub use self::words::Key;

/// What a person wants to see; the default wants everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    expression: Option<Expression>,
}

impl Filter {
    /// Longest expression that is looked at, in bytes.
    pub const LONGEST: usize = 64 << 10;
    /// Most conditions in an expression.
    pub const MOST_CONDITIONS: usize = 128;
    /// Most parentheses within each other.
    pub const DEEPEST: usize = 32;

    /// Whether this is wanted.
    pub fn matches(&self, subject: &impl Subject) -> bool {
        self.expression.as_ref().is_none_or(|expression| expression.holds(subject))
    }

    /// Whether everything is wanted.
    pub fn is_empty(&self) -> bool {
        self.expression.is_none()
    }

    /// What all of these want; everything if there are none.
    pub fn all(filters: impl IntoIterator<Item = Self>) -> Self {
        let expressions = filters.into_iter().filter_map(|filter| filter.expression);
        Self { expression: Expression::all(expressions.collect()) }
    }

    /// What one of these wants; everything if there are none, or if one wants everything.
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Self {
        let expressions: Option<Vec<_>> = filters.into_iter().map(|filter| filter.expression).collect();
        Self { expression: expressions.and_then(Expression::any) }
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Ok(Self { expression: parse::expression(text)? })
    }
}
