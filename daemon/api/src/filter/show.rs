//! Expressions as text that is read as the same again.

use std::borrow::Cow;
use std::fmt;

use super::Filter;
use super::expression::Expression;
use super::pattern::Pattern;
use super::term::{Flag, Side, Term, Which};
use super::value::{Network, PROTOCOLS, Ports};
use super::words::{Key, Word};

/// Text as a value of the language: in quotes if it has to be.
pub fn quoted(text: &str) -> Cow<'_, str> {
    let is_plain = |character: char| {
        character.is_alphanumeric()
            || matches!(character, '_' | '-' | '.' | '/' | '*' | '+' | ':' | '…' | '=')
    };
    if !text.is_empty() && text.chars().all(is_plain) && !text.starts_with('=') {
        return text.into();
    }
    let mut quoted = String::with_capacity(text.len().saturating_add(2));
    quoted.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted.into()
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expression.as_ref().map_or(Ok(()), |expression| expression.fmt(f))
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Term(term) => term.fmt(f),
            Self::Not(inner) => match **inner {
                Self::Term(_) => write!(f, "not {inner}"),
                Self::Not(_) | Self::All(_) | Self::Any(_) => write!(f, "not ({inner})"),
            },
            Self::All(parts) => joined(f, parts, " and ", |part| matches!(part, Self::Any(_))),
            Self::Any(parts) => joined(f, parts, " or ", |_| false),
        }
    }
}

fn joined(
    f: &mut fmt::Formatter<'_>,
    parts: &[Expression],
    joint: &str,
    is_loose: impl Fn(&Expression) -> bool,
) -> fmt::Result {
    for (number, part) in parts.iter().enumerate() {
        if number != 0 {
            f.write_str(joint)?;
        }
        if is_loose(part) {
            write!(f, "({part})")?;
        } else {
            write!(f, "{part}")?;
        }
    }
    Ok(())
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let valued = |f: &mut fmt::Formatter<'_>, key: Key, pattern: &Pattern| {
            write!(f, "{}={}", key.name(), quoted(&pattern.0))
        };
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Protocol(number) => {
                let name = Word::Protocol(*number).name();
                match (name, PROTOCOLS.iter().find(|(_, known)| known == number)) {
                    ("", None) => write!(f, "proto={number}"),
                    ("", Some((name, _))) => write!(f, "proto={name}"),
                    (name, _) => f.write_str(name),
                }
            }
            Self::Address(side, network) => write!(f, "{side}ip={network}"),
            Self::Port(side, ports) => write!(f, "{side}port={ports}"),
            Self::Pod(side, pattern) => {
                side.fmt(f)?;
                valued(f, Key::Pod, pattern)
            }
            Self::NodeOf(which, pattern) => {
                Side::One(*which).fmt(f)?;
                valued(f, Key::Node, pattern)
            }
            Self::Node(pattern) => valued(f, Key::Node, pattern),
            Self::Peer(pattern) => valued(f, Key::Peer, pattern),
            Self::Interface(pattern) => valued(f, Key::Interface, pattern),
            Self::Hook(hook) => write!(f, "hook={}", hook.name()),
            Self::Reason(reason) => write!(f, "drop_reason={}", reason.0),
            Self::Verdict(verdict) => write!(f, "verdict={}", verdict.name()),
            Self::State(state) => write!(f, "state={state}"),
            Self::Message(kind) => write!(f, "message={kind}"),
        }
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Word::Flag(*self).name())
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Either => Ok(()),
            Self::One(Which::Source) => f.write_str("src "),
            Self::One(Which::Destination) => f.write_str("dst "),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = if self.address.is_ipv4() { 32 } else { 128 };
        if self.length == most { self.address.fmt(f) } else { write!(f, "{}/{}", self.address, self.length) }
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { self.first.fmt(f) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}
