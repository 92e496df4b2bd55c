//! From a word and its value to a condition.

use super::super::error::Fault;
use super::super::pattern::Pattern;
use super::super::term::{Side, Term};
use super::super::value::{self, Network, Ports};
use super::super::words::Key;

/// `Err(None)` for a value that is empty.
pub(super) fn term(key: Key, side: Side, text: &str) -> Result<Term, Option<Fault>> {
    if text.is_empty() {
        return Err(None);
    }
    Ok(match key {
        Key::Ip => Term::Address(side, Network::read(text)?),
        Key::Port => Term::Port(side, Ports::read(text)?),
        Key::Pod => Term::Pod(side, name(text)?),
        Key::Node => match side {
            Side::Either => Term::Node(name(text)?),
            Side::One(which) => Term::NodeOf(which, name(text)?),
        },
        Key::Peer => Term::Peer(name(text.trim_end_matches(['.', '…']))?),
        Key::Interface => Term::Interface(name(text)?),
        Key::Protocol => Term::Protocol(value::protocol(text)?),
        Key::Hook => Term::Hook(value::hook(text)?),
        Key::DropReason => Term::Reason(value::reason(text)?),
        Key::Verdict => Term::Verdict(value::verdict(text)?),
        Key::State => Term::State(value::state(text)?),
        Key::Message => Term::Message(value::message(text)?),
    })
}

fn name(text: &str) -> Result<Pattern, Option<Fault>> {
    if text.is_empty() {
        return Err(None);
    }
    if text.contains(char::is_control) {
        return Err(Some(Fault::value(text, "a name: it has control characters")));
    }
    Ok(Pattern(text.into()))
}
