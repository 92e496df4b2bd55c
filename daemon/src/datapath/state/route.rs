use std::fmt;
use std::net::IpAddr;

use wgtrace_tunnel::Prefix;

use super::MAIN;
use crate::wireguard::DeviceName;

/// A route of one table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Route {
    /// The table.
    pub table: u32,
    /// Where to.
    pub destination: Prefix,
    /// How.
    pub hop: Hop,
    /// Of several to the same destination the least counts.
    pub metric: u32,
    /// Largest packet on this way, in bytes, if it is not the device's.
    pub mtu: Option<u32>,
}

/// What a route does with packets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Hop {
    /// An error for the sender.
    Unreachable,
    /// Out by a device.
    Device {
        /// The device.
        device: DeviceName,
        /// Whom to hand it to, if that is not the destination itself.
        gateway: Option<IpAddr>,
        /// The sender's address, if it has not chosen one.
        source: Option<IpAddr>,
        /// How far the destination is.
        scope: Scope,
    },
    /// Something that we never make.
    Other,
}

/// How far something is; also of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Anywhere.
    Global,
    /// On the device's own link.
    Link,
    /// This host.
    Host,
    /// The kernel's number.
    Other(u8),
}

impl Route {
    /// What of a table's routes there is one of, for one [`PROTOCOL`](super::PROTOCOL) or all.
    pub fn key(&self) -> (u32, Prefix, u32) {
        (self.table, self.destination, self.metric)
    }

    /// The device that it leads out by.
    pub fn device(&self) -> Option<&DeviceName> {
        match &self.hop {
            Hop::Device { device, .. } => Some(device),
            Hop::Unreachable | Hop::Other => None,
        }
    }

    /// As `ip route show` prints it, with this protocol.
    pub fn shown(&self, protocol: u8) -> impl fmt::Display + use<'_> {
        fmt::from_fn(move |f| self.write(f, protocol, Scope::Global))
    }

    /// As `ip route add` takes it, with this protocol.
    pub fn command(&self, protocol: u8) -> impl fmt::Display + use<'_> {
        // What `ip` takes for meant where no scope is said.
        let usual = match &self.hop {
            Hop::Device { gateway: None, .. } => Scope::Link,
            Hop::Device { .. } | Hop::Unreachable | Hop::Other => Scope::Global,
        };
        fmt::from_fn(move |f| {
            self.write(f, protocol, usual)?;
            if self.table == MAIN { Ok(()) } else { write!(f, " table {}", self.table) }
        })
    }

    /// In the order of iproute2 (ip/iproute.c, `print_route`), with its scope if that is not the usual one.
    fn write(&self, f: &mut fmt::Formatter<'_>, protocol: u8, usual: Scope) -> fmt::Result {
        if self.hop == Hop::Unreachable {
            f.write_str("unreachable ")?;
        }
        write_destination(f, self.destination)?;
        if let Hop::Device { device, gateway, .. } = &self.hop {
            if let Some(gateway) = gateway {
                write!(f, " via {gateway}")?;
            }
            write!(f, " dev {device}")?;
        }
        write!(f, " proto {protocol}")?;
        if let Hop::Device { source, scope, .. } = &self.hop {
            if *scope != usual {
                write!(f, " scope {scope}")?;
            }
            if let Some(source) = source {
                write!(f, " src {source}")?;
            }
        }
        if self.metric != 0 {
            write!(f, " metric {}", self.metric)?;
        }
        self.mtu.map_or(Ok(()), |mtu| write!(f, " mtu {mtu}"))
    }
}

fn write_destination(f: &mut fmt::Formatter<'_>, destination: Prefix) -> fmt::Result {
    let longest = if destination.addr().is_ipv4() { 32 } else { 128 };
    match destination.len() {
        0 => f.write_str("default"),
        len if len == longest => write!(f, "{}", destination.addr()),
        _ => write!(f, "{destination}"),
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => f.write_str("global"),
            Self::Link => f.write_str("link"),
            Self::Host => f.write_str("host"),
            Self::Other(number) => write!(f, "{number}"),
        }
    }
}

// linux: include/uapi/linux/rtnetlink.h, enum rt_scope_t
impl From<u8> for Scope {
    fn from(number: u8) -> Self {
        match number {
            0 => Self::Global,
            253 => Self::Link,
            254 => Self::Host,
            number => Self::Other(number),
        }
    }
}

impl From<Scope> for u8 {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Global => 0,
            Scope::Link => 253,
            Scope::Host => 254,
            Scope::Other(number) => number,
        }
    }
}
