//! Every word of the language.

use super::term::{Flag, Which};

/// A word that takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Key {
    /// An address or a network.
    Ip,
    /// A port or a range.
    Port,
    /// A pod.
    Pod,
    /// A node.
    Node,
    /// A protocol.
    Protocol,
    /// A WireGuard peer.
    Peer,
    /// An interface.
    Interface,
    /// A hook.
    Hook,
    /// Why it was dropped.
    DropReason,
    /// What was decided.
    Verdict,
    /// The state of a TCP connection.
    State,
    /// The kind of a WireGuard message.
    Message,
}

/// What a word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    And,
    Or,
    Not,
    At(Which),
    Key(Key),
    Flag(Flag),
    Protocol(u8),
}

/// A word, and what is said about it where it is offered; other names of the same are not offered.
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) word: Word,
    pub(super) about: Option<&'static str>,
}

impl Word {
    pub(super) fn of(name: &str) -> Option<Self> {
        WORDS.iter().find(|entry| name.eq_ignore_ascii_case(entry.name)).map(|entry| entry.word)
    }

    /// The name it is written with.
    pub(super) fn name(self) -> &'static str {
        WORDS.iter().find(|entry| entry.word == self).map_or("", |entry| entry.name)
    }
}

impl Key {
    /// What has to stand behind it.
    pub(super) fn takes(self) -> &'static str {
        match self {
            Self::Ip => "an address or a network such as 10.0.2.0/24",
            Self::Port => "a port or a range such as 8000-8080",
            Self::Pod => "the name of a pod",
            Self::Node => "the name of a node",
            Self::Protocol => "a protocol",
            Self::Peer => "the start of a key or the name of a node",
            Self::Interface => "the name of an interface",
            Self::Hook => "the name of a hook",
            Self::DropReason => "a number or words such as \"Invalid source ip\"",
            Self::Verdict => "a verdict",
            Self::State => "the state of a connection",
            Self::Message => "the kind of a WireGuard message",
        }
    }

    /// Whether `src` and `dst` may stand before it.
    pub(super) fn has_ends(self) -> bool {
        matches!(self, Self::Ip | Self::Port | Self::Pod | Self::Node)
    }

    pub(super) fn name(self) -> &'static str {
        Word::Key(self).name()
    }
}

pub(super) const WORDS: [Entry; 40] = [
    known("pod", Word::Key(Key::Pod), "a pod at either end, by name or workload"),
    known("ip", Word::Key(Key::Ip), "an address or network at either end"),
    known("port", Word::Key(Key::Port), "a port at either end, or a range"),
    known("src", Word::At(Which::Source), "ip, port, pod or node of who sends"),
    known("dst", Word::At(Which::Destination), "ip, port, pod or node of who gets it"),
    known("node", Word::Key(Key::Node), "the node that saw it"),
    known("proto", Word::Key(Key::Protocol), "a protocol by name or number"),
    known("tcp", Word::Protocol(6), "TCP"),
    known("udp", Word::Protocol(17), "UDP"),
    known("icmp", Word::Protocol(1), "ICMP of IPv4"),
    known("icmp6", Word::Protocol(58), "ICMP of IPv6"),
    known("encrypted", Word::Flag(Flag::Encrypted), "at a native device as ciphertext only"),
    known("clear", Word::Flag(Flag::Clear), "at a native device in the clear"),
    known("leak", Word::Flag(Flag::Leak), "in the clear though it has to be encrypted"),
    known("peer", Word::Key(Key::Peer), "a WireGuard peer, by the start of its key or its node"),
    known("iface", Word::Key(Key::Interface), "seen at this interface"),
    known("hook", Word::Key(Key::Hook), "seen at this hook"),
    known("drop", Word::Flag(Flag::Drop), "dropped"),
    known("drop_reason", Word::Key(Key::DropReason), "dropped for this, by number or words"),
    known("verdict", Word::Key(Key::Verdict), "what a hook decided"),
    known("state", Word::Key(Key::State), "state of a TCP connection"),
    known("wireguard", Word::Flag(Flag::WireGuard), "WireGuard's own messages"),
    known("message", Word::Key(Key::Message), "one kind of WireGuard message"),
    known("ipv4", Word::Flag(Flag::IPv4), "IPv4"),
    known("ipv6", Word::Flag(Flag::IPv6), "IPv6"),
    known("not", Word::Not, "the opposite of what follows"),
    known("and", Word::And, "both"),
    known("or", Word::Or, "one of both"),
    alias("host", Word::Key(Key::Ip)),
    alias("net", Word::Key(Key::Ip)),
    alias("source", Word::At(Which::Source)),
    alias("destination", Word::At(Which::Destination)),
    alias("protocol", Word::Key(Key::Protocol)),
    alias("interface", Word::Key(Key::Interface)),
    alias("dev", Word::Key(Key::Interface)),
    alias("dropped", Word::Flag(Flag::Drop)),
    alias("drop-reason", Word::Key(Key::DropReason)),
    alias("reason", Word::Key(Key::DropReason)),
    alias("wg", Word::Flag(Flag::WireGuard)),
    alias("ip6", Word::Flag(Flag::IPv6)),
];

const fn known(name: &'static str, word: Word, about: &'static str) -> Entry {
    Entry { name, word, about: Some(about) }
}

const fn alias(name: &'static str, word: Word) -> Entry {
    Entry { name, word, about: None }
}
