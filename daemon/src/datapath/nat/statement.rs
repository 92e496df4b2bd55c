//! What rules say, in the words of nft(8).

mod lower;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use wgtrace_tunnel::Prefix;

use super::expression::Verdict;
use crate::datapath::nfnetlink::Family;

pub(super) use self::lower::lower;

/// One part of a rule: it holds or ends the rule, or it does something.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Statement {
    /// The source is within a network, or is not.
    Source(Is, Prefix),
    /// The destination is within a network, or is not.
    Destination(Is, Prefix),
    /// The destination is an element of a set of the table.
    DestinationIn(Family, String),
    /// The destination is an address of this node.
    DestinationIsLocal,
    /// It came in by this device, or by another one.
    Input(Is, Device),
    /// It goes out by this device, or by another one.
    Output(Is, Device),
    /// The transport protocol.
    Protocol(Transport),
    /// The destination port of a transport protocol.
    DestinationPort(Transport, u16),
    /// The mark, as far as the mask goes.
    Mark {
        /// Equal or not.
        is: Is,
        /// The bits that count.
        mask: u32,
        /// Their value.
        value: u32,
    },
    /// The connection's destination was translated.
    DestinationTranslated,
    /// Conntrack has no place for the packet.
    StateInvalid,
    /// It belongs to a connection, or has to do with one.
    StateEstablished,
    /// Chance: holds once in so many times.
    OnceIn(u32),
    /// Counts packets and bytes.
    Counter,
    /// Sets bits of the mark.
    SetMark(u32),
    /// Flips bits of the mark.
    FlipMark(u32),
    /// Ends the rule.
    Verdict(Verdict),
    /// Translates the source to the outgoing device's address.
    Masquerade {
        /// With a port that cannot be guessed, instead of keeping it where possible.
        fully_random: bool,
    },
    /// Translates the source, and keeps the port where possible.
    SourceTo(IpAddr),
    /// Translates the destination.
    DestinationTo(SocketAddr),
}

/// Whether a comparison has to hold or to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    /// It has to hold.
    Equal,
    /// It has to fail.
    Not,
}

/// Devices by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Device {
    /// The one of this name.
    Named(String),
    /// All whose names begin so.
    Prefixed(String),
}

/// A transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// 6.
    Tcp,
    /// 17.
    Udp,
}

impl Transport {
    /// Its number in IP headers.
    pub const fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
        }
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(is, prefix) => write!(f, "{} saddr {is}{}", ip(prefix.addr()), Network(*prefix)),
            Self::Destination(is, prefix) => {
                write!(f, "{} daddr {is}{}", ip(prefix.addr()), Network(*prefix))
            }
            Self::DestinationIn(family, set) => write!(f, "{family} daddr @{set}"),
            Self::DestinationIsLocal => f.write_str("fib daddr type local"),
            Self::Input(is, device) => write!(f, "iifname {is}{device}"),
            Self::Output(is, device) => write!(f, "oifname {is}{device}"),
            Self::Protocol(transport) => write!(f, "meta l4proto {transport}"),
            Self::DestinationPort(transport, port) => write!(f, "{transport} dport {port}"),
            Self::Mark { is, mask, value } => {
                let is = if *is == Is::Equal { "==" } else { "!=" };
                write!(f, "meta mark & {mask:#010x} {is} {value:#010x}")
            }
            Self::DestinationTranslated => f.write_str("ct status dnat"),
            Self::StateInvalid => f.write_str("ct state invalid"),
            Self::StateEstablished => f.write_str("ct state established,related"),
            Self::OnceIn(times) => write!(f, "numgen random mod {times} 0"),
            Self::Counter => f.write_str("counter"),
            Self::SetMark(bits) => write!(f, "meta mark set meta mark | {bits:#010x}"),
            Self::FlipMark(bits) => write!(f, "meta mark set meta mark ^ {bits:#010x}"),
            Self::Verdict(verdict) => verdict.fmt(f),
            Self::Masquerade { fully_random: false } => f.write_str("masquerade"),
            Self::Masquerade { fully_random: true } => f.write_str("masquerade fully-random"),
            Self::SourceTo(address) => write!(f, "snat to {address}"),
            Self::DestinationTo(address) => write!(f, "dnat to {address}"),
        }
    }
}

fn ip(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "ip" } else { "ip6" }
}

/// A network; of a single address only that.
struct Network(Prefix);

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == Prefix::host(self.0.addr()) { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

impl fmt::Display for Is {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Equal { "" } else { "!= " })
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => write!(f, "\"{name}\""),
            Self::Prefixed(start) => write!(f, "\"{start}*\""),
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}
