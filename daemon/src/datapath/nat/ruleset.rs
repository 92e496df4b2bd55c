//! A table as it is meant to be.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use super::expression::Expression;
use super::statement::{Statement, lower};
use crate::datapath::nfnetlink::Family;

/// A table: sets, chains and rules that are replaced together.
///
/// It shows itself as `nft -s list table` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Whose packets pass it.
    pub family: Family,
    /// Its name among those of its family.
    pub name: String,
    /// Sets that its rules look into.
    pub sets: Vec<Set>,
    /// Its chains; those that are jumped to may stand anywhere.
    pub chains: Vec<Chain>,
}

/// A named set of addresses of the table's family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Its name in the table.
    pub name: String,
    /// What is in it.
    pub addresses: BTreeSet<IpAddr>,
}

/// A list of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Its name in the table.
    pub name: String,
    /// Where packets enter it; nowhere if it is only jumped to.
    pub hook: Option<Hook>,
    /// Its rules, in order.
    pub rules: Vec<Rule>,
}

/// Where packets enter a chain. What no rule decides is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hook {
    /// What its rules may do.
    pub kind: ChainKind,
    /// Where on a packet's way.
    pub point: HookPoint,
    /// Before greater ones.
    pub priority: i32,
}

/// What a chain's rules may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainKind {
    /// Anything but translate; they see every packet.
    Filter,
    /// Translate; they see the first packet of a connection.
    Nat,
}

/// Where on a packet's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookPoint {
    /// It came in.
    Prerouting,
    /// It is for this node.
    Input,
    /// It goes through this node.
    Forward,
    /// This node sends it.
    Output,
    /// It goes out.
    Postrouting,
}

/// A rule: statements, one after the other until one does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its statements.
    pub statements: Vec<Statement>,
    comment: Option<String>,
}

impl Rule {
    /// A rule without a comment.
    pub fn new(statements: impl Into<Vec<Statement>>) -> Self {
        Self { statements: statements.into(), comment: None }
    }

    /// The same with a comment, of at most 127 bytes as `nft` has it; the rest is cut off.
    #[must_use]
    pub fn comment(mut self, text: &str) -> Self {
        let fits = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= COMMENT);
        let end = fits.last().unwrap_or_default();
        self.comment = text.get(..end).map(str::to_owned);
        self
    }

    /// Its comment.
    pub fn commented(&self) -> Option<&str> {
        self.comment.as_deref()
    }

    /// What it is in the kernel.
    pub fn expressions(&self) -> Vec<Expression> {
        let mut expressions = Vec::new();
        for statement in &self.statements {
            lower(statement, &mut expressions);
        }
        expressions
    }
}

/// libnftnl: `NFTNL_UDATA_COMMENT_MAXLEN`, with the zero at its end.
const COMMENT: usize = 127;

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "table {} {} {{", self.family, self.name)?;
        let mut first = true;
        let mut apart = |f: &mut fmt::Formatter<'_>| {
            if std::mem::take(&mut first) { Ok(()) } else { writeln!(f) }
        };
        for set in &self.sets {
            apart(f)?;
            writeln!(f, "\tset {} {{", set.name)?;
            let (kind, a_line) =
                if self.family == Family::IPV4 { ("ipv4_addr", 2) } else { ("ipv6_addr", 1) };
            writeln!(f, "\t\ttype {kind}")?;
            for (index, address) in set.addresses.iter().enumerate() {
                f.write_str(match index {
                    0 => "\t\telements = { ",
                    index if index % a_line == 0 => ",\n\t\t\t     ",
                    _ => ", ",
                })?;
                write!(f, "{address}")?;
            }
            writeln!(f, "{}\t}}", if set.addresses.is_empty() { "" } else { " }\n" })?;
        }
        for chain in &self.chains {
            apart(f)?;
            writeln!(f, "\tchain {} {{", chain.name)?;
            if let Some(hook) = chain.hook {
                writeln!(f, "\t\t{hook} policy accept;")?;
            }
            chain.rules.iter().try_for_each(|rule| writeln!(f, "\t\t{rule}"))?;
            writeln!(f, "\t}}")?;
        }
        writeln!(f, "}}")
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, statement) in self.statements.iter().enumerate() {
            write!(f, "{}{statement}", if index == 0 { "" } else { " " })?;
        }
        self.comment.iter().try_for_each(|comment| write!(f, " comment \"{comment}\""))
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ChainKind::Filter => "filter",
            ChainKind::Nat => "nat",
        };
        write!(f, "type {kind} hook {} priority {};", self.point, Priority(self.point, self.priority))
    }
}

impl fmt::Display for HookPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prerouting => "prerouting",
            Self::Input => "input",
            Self::Forward => "forward",
            Self::Output => "output",
            Self::Postrouting => "postrouting",
        })
    }
}

/// A priority by its name, where it has one or is near one.
struct Priority(HookPoint, i32);

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // nft: src/rule.c, std_prios
        let names = [("mangle", -150), ("filter", 0)];
        let own = match self.0 {
            HookPoint::Prerouting => Some(("dstnat", -100)),
            HookPoint::Postrouting => Some(("srcnat", 100)),
            HookPoint::Input | HookPoint::Forward | HookPoint::Output => None,
        };
        let near = names.into_iter().chain(own).find(|(_, at)| (self.1 - at).abs() <= NEAR);
        match near.map(|(name, at)| (name, self.1 - at)) {
            Some((name, 0)) => f.write_str(name),
            Some((name, above @ 1..)) => write!(f, "{name} + {above}"),
            Some((name, below)) => write!(f, "{name} - {}", below.abs()),
            None => self.1.fmt(f),
        }
    }
}

/// How far from a named priority one is still told by that name.
const NEAR: i32 = 10;
