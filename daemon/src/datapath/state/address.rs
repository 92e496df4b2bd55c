use std::fmt;
use std::net::IpAddr;

use super::Scope;
use crate::wireguard::DeviceName;

/// An address of a device.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// The address.
    pub addr: IpAddr,
    /// The length of its network's prefix, in bits.
    pub len: u8,
    /// How far it is valid.
    pub scope: Scope,
    /// The device.
    pub device: DeviceName,
}

impl Address {
    /// Whether the kernel gave it to the device by itself.
    pub fn is_automatic(&self) -> bool {
        matches!(self.addr, IpAddr::V6(addr) if addr.is_unicast_link_local()) || self.addr.is_loopback()
    }
}

/// As `ip address add` takes it.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.len)?;
        if self.scope != Scope::Global {
            write!(f, " scope {}", self.scope)?;
        }
        write!(f, " dev {}", self.device)
    }
}
