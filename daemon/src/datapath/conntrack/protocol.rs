//! Transport protocols, and the states of those that have connections.

use std::fmt;

/// A transport protocol, by its number in IP headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Protocol(pub u8);

impl Protocol {
    /// ICMP.
    pub const ICMP: Self = Self(1);
    /// TCP.
    pub const TCP: Self = Self(6);
    /// UDP.
    pub const UDP: Self = Self(17);
    /// GRE.
    pub const GRE: Self = Self(47);
    /// ICMP of IPv6.
    pub const ICMPV6: Self = Self(58);
    /// SCTP.
    pub const SCTP: Self = Self(132);
}

/// The name that conntrack(8) has for it.
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self.0 {
            1 => "icmp",
            6 => "tcp",
            17 => "udp",
            33 => "dccp",
            47 => "gre",
            58 => "icmpv6",
            132 => "sctp",
            136 => "udplite",
            _ => "unknown",
        })
    }
}

/// The state of a connection, as the kernel numbers it for its protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Of TCP.
    Tcp(u8),
    /// Of SCTP.
    Sctp(u8),
    /// Of DCCP.
    Dccp(u8),
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (names, number): (&[&str], u8) = match *self {
            Self::Tcp(number) => (&TCP, number),
            Self::Sctp(number) => (&SCTP, number),
            Self::Dccp(number) => (&DCCP, number),
        };
        match names.get(usize::from(number)) {
            Some(name) => f.write_str(name),
            None => write!(f, "STATE_{number}"),
        }
    }
}

/// linux: `uapi/linux/netfilter/nf_conntrack_tcp.h`
const TCP: [&str; 10] = [
    "NONE",
    "SYN_SENT",
    "SYN_RECV",
    "ESTABLISHED",
    "FIN_WAIT",
    "CLOSE_WAIT",
    "LAST_ACK",
    "TIME_WAIT",
    "CLOSE",
    "SYN_SENT2",
];

/// linux: `uapi/linux/netfilter/nf_conntrack_sctp.h`
const SCTP: [&str; 10] = [
    "NONE",
    "CLOSED",
    "COOKIE_WAIT",
    "COOKIE_ECHOED",
    "ESTABLISHED",
    "SHUTDOWN_SENT",
    "SHUTDOWN_RECD",
    "SHUTDOWN_ACK_SENT",
    "HEARTBEAT_SENT",
    "HEARTBEAT_ACKED",
];

/// linux: `uapi/linux/netfilter/nf_conntrack_dccp.h` (until 6.13)
const DCCP: [&str; 10] = [
    "NONE", "REQUEST", "RESPOND", "PARTOPEN", "OPEN", "CLOSEREQ", "CLOSING", "TIMEWAIT", "IGNORE", "INVALID",
];
