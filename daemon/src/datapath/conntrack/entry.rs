//! One tracked connection.

use std::fmt;

use super::{Flow, State};
use crate::datapath::nfnetlink::Family;

/// A tracked connection; it shows itself as `conntrack -L` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As the first packet came.
    pub original: Flow,
    /// As answers come: other addresses than the original ones turned around mean translation.
    pub reply: Flow,
    /// What happened to it.
    pub status: Status,
    /// Seconds until it is forgotten; none while hardware forwards it.
    pub timeout: Option<u32>,
    /// Where it stands, if its protocol has states.
    pub state: Option<State>,
    /// Its mark, if the kernel has them.
    pub mark: Option<u32>,
    /// Its zone, where it is not the usual one.
    pub zone: Option<u16>,
    /// How many hold it.
    pub uses: u32,
    /// The kernel's number for it.
    pub id: u32,
    /// Counted in the original direction, with `nf_conntrack_acct` on.
    pub original_counters: Option<Counters>,
    /// Counted in the other direction.
    pub reply_counters: Option<Counters>,
}

/// What was counted in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Packets.
    pub packets: u64,
    /// Their bytes, from the IP header on.
    pub bytes: u64,
}

/// What happened to a connection, one bit each (linux: `enum ip_conntrack_status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status(pub u32);

impl Status {
    /// It was answered.
    pub const SEEN_REPLY: Self = Self(1 << 1);
    /// It is worth keeping when the table is full.
    pub const ASSURED: Self = Self(1 << 2);
    /// Its source is translated.
    pub const SOURCE_NAT: Self = Self(1 << 4);
    /// Its destination is translated.
    pub const DESTINATION_NAT: Self = Self(1 << 5);
    /// A flow table forwards it.
    pub const OFFLOAD: Self = Self(1 << 14);
    /// Hardware forwards it.
    pub const HARDWARE_OFFLOAD: Self = Self(1 << 15);

    /// Whether all bits of another are in it.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl Entry {
    /// The address family of its original direction.
    pub(super) fn family(&self) -> Family {
        if self.original.source.is_ipv4() { Family::IPV4 } else { Family::IPV6 }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // libnetfilter_conntrack: src/conntrack/snprintf_default.c
        let protocol = self.original.protocol;
        write!(f, "{protocol:8} {} ", protocol.0)?;
        self.timeout.iter().try_for_each(|timeout| write!(f, "{timeout} "))?;
        self.state.iter().try_for_each(|state| write!(f, "{state} "))?;
        write!(f, "{} ", self.original)?;
        self.original_counters.iter().try_for_each(|counters| write!(f, "{counters} "))?;
        if !self.status.contains(Status::SEEN_REPLY) {
            f.write_str("[UNREPLIED] ")?;
        }
        write!(f, "{} ", self.reply)?;
        self.reply_counters.iter().try_for_each(|counters| write!(f, "{counters} "))?;
        if self.status.contains(Status::HARDWARE_OFFLOAD) {
            f.write_str("[HW_OFFLOAD] ")?;
        } else if self.status.contains(Status::OFFLOAD) {
            f.write_str("[OFFLOAD] ")?;
        } else if self.status.contains(Status::ASSURED) {
            f.write_str("[ASSURED] ")?;
        }
        self.mark.iter().try_for_each(|mark| write!(f, "mark={mark} "))?;
        self.zone.iter().try_for_each(|zone| write!(f, "zone={zone} "))?;
        write!(f, "use={}", self.uses)
    }
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "packets={} bytes={}", self.packets, self.bytes)
    }
}
