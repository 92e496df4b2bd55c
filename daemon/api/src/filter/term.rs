//! Conditions.

use wgtrace_abi::{DropReason, Hook, Verdict};

use super::pattern::Pattern;
use super::subject::{End, Header, Subject};
use super::value::{Network, Ports};
use crate::v1::EncryptionState;

/// A single condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    Flag(Flag),
    Protocol(u8),
    Address(Side, Network),
    Port(Side, Ports),
    Pod(Side, Pattern),
    /// The node that an end is on.
    NodeOf(Which, Pattern),
    /// The node that saw it.
    Node(Pattern),
    /// The start of a key, or a node.
    Peer(Pattern),
    Interface(Pattern),
    Hook(Hook),
    Reason(DropReason),
    Verdict(Verdict),
    State(&'static str),
    Message(&'static str),
}

/// A condition without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    Encrypted,
    Clear,
    Leak,
    Drop,
    WireGuard,
    IPv4,
    IPv6,
}

/// At which end something is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Either,
    One(Which),
}

/// One end of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Source,
    Destination,
}

impl Which {
    fn of<'a>(self, header: &Header<'a>) -> End<'a> {
        match self {
            Self::Source => header.source,
            Self::Destination => header.destination,
        }
    }
}

impl Term {
    pub(super) fn holds(&self, subject: &impl Subject) -> bool {
        match self {
            Self::Flag(flag) => flag.holds(subject),
            Self::Protocol(protocol) => in_header(subject, |header| header.protocol == u32::from(*protocol)),
            Self::Address(side, network) => {
                at_end(subject, *side, |end| end.address.ip().is_some_and(|ip| network.contains(ip)))
            }
            Self::Port(side, ports) => at_end(subject, *side, |end| ports.contains(end.port)),
            Self::Pod(side, pattern) => at_end(subject, *side, |end| pattern.is_pod(end.pod)),
            Self::NodeOf(end, pattern) => at_end(subject, Side::One(*end), |end| pattern.is_node(end.node)),
            Self::Node(pattern) => pattern.is_node(subject.node()),
            Self::Peer(pattern) => {
                let peer = subject.peer();
                pattern.is_key(peer.key) || pattern.is_node(peer.node)
            }
            Self::Interface(pattern) => subject.places().any(|place| pattern.is_name(place.interface)),
            Self::Hook(hook) => subject.places().any(|place| place.hook == hook.name()),
            Self::Reason(reason) => subject.drop_reasons().any(|number| number == u32::from(reason.0)),
            Self::Verdict(verdict) => subject.has_verdict(*verdict),
            Self::State(state) => subject.tcp_state() == *state,
            Self::Message(kind) => subject.wireguard() == Some(kind),
        }
    }
}

impl Flag {
    fn holds(self, subject: &impl Subject) -> bool {
        let is_ipv6 = |ipv6: bool| {
            in_header(subject, |header| {
                [header.source, header.destination].iter().any(|end| end.address.is_ipv6() == Some(ipv6))
            })
        };
        match self {
            Self::Encrypted => subject.encryption() == EncryptionState::Encrypted,
            Self::Clear => {
                matches!(subject.encryption(), EncryptionState::Clear | EncryptionState::Leak)
            }
            Self::Leak => subject.encryption() == EncryptionState::Leak,
            Self::Drop => subject.has_verdict(Verdict::Dropped),
            Self::WireGuard => subject.wireguard().is_some(),
            Self::IPv4 => is_ipv6(false),
            Self::IPv6 => is_ipv6(true),
        }
    }
}

fn in_header(subject: &impl Subject, holds: impl Fn(&Header<'_>) -> bool) -> bool {
    holds(&subject.header()) || subject.inner().is_some_and(|inner| holds(&inner))
}

fn at_end(subject: &impl Subject, side: Side, holds: impl Fn(End<'_>) -> bool) -> bool {
    in_header(subject, |header| match side {
        Side::Either => holds(header.source) || holds(header.destination),
        Side::One(end) => holds(end.of(header)),
    })
}
