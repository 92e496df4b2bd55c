use std::fmt;
use std::net::IpAddr;

/// A rule that sends packets with a mark to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Whose packets.
    pub family: Family,
    /// Rules are asked from the least on.
    pub priority: u32,
    /// The mark.
    pub mark: u32,
    /// The bits of it that count.
    pub mask: u32,
    /// The table.
    pub table: u32,
}

/// A family of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of an address.
    pub fn of(addr: IpAddr) -> Self {
        if addr.is_ipv4() { Self::V4 } else { Self::V6 }
    }
}

impl Rule {
    /// As `ip rule show` prints it, with this protocol.
    pub fn shown(&self, protocol: u8) -> impl fmt::Display + use<> {
        let Self { priority, mark, mask, table, .. } = *self;
        fmt::from_fn(move |f| {
            write!(f, "{priority}:\tfrom all fwmark {mark:#x}/{mask:#x} lookup {table} proto {protocol}")
        })
    }

    /// As `ip rule add` takes it, with this protocol.
    pub fn command(&self, protocol: u8) -> impl fmt::Display + use<> {
        let Self { priority, mark, mask, table, .. } = *self;
        fmt::from_fn(move |f| {
            write!(f, "priority {priority} fwmark {mark:#x}/{mask:#x} lookup {table} protocol {protocol}")
        })
    }
}
