//! One step from what there is to what there is to be.

use std::fmt;

use serde_json::{Value, json};

use super::state::{Address, PROTOCOL, Route, Rule, Setting, Sysctl};
use crate::wireguard::DeviceName;

/// One step, as one request to the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A veth pair of this namespace, both ends with random addresses of their own, so that nobody else chooses them.
    AddVeth {
        /// One end.
        name: DeviceName,
        /// The other.
        peer: DeviceName,
    },
    /// A device of ours that cannot be mended, with its other end.
    DeleteLink(DeviceName),
    /// A device is made like that.
    SetLink(DeviceName, Setting),
    /// A new address.
    AddAddress(Address),
    /// An address of our devices that is none of theirs.
    DeleteAddress(Address),
    /// A new route.
    AddRoute(Route),
    /// The route of the same destination and metric becomes this one, with no moment between.
    ReplaceRoute(Route),
    /// A route of ours that is not wanted.
    DeleteRoute(Route),
    /// A new rule.
    AddRule(Rule),
    /// A rule of ours that is not wanted.
    DeleteRule(Rule),
    /// A setting gets a value.
    SetSysctl(Sysctl, i64),
}

impl Change {
    /// What kind of step it is, for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AddVeth { .. } => "link-add",
            Self::DeleteLink(_) => "link-delete",
            Self::SetLink(..) => "link-set",
            Self::AddAddress(_) => "address-add",
            Self::DeleteAddress(_) => "address-delete",
            Self::AddRoute(_) => "route-add",
            Self::ReplaceRoute(_) => "route-replace",
            Self::DeleteRoute(_) => "route-delete",
            Self::AddRule(_) => "rule-add",
            Self::DeleteRule(_) => "rule-delete",
            Self::SetSysctl(..) => "sysctl",
        }
    }

    /// The device it is about, if it is about one.
    pub fn device(&self) -> Option<&DeviceName> {
        match self {
            Self::AddVeth { name, .. } | Self::DeleteLink(name) | Self::SetLink(name, _) => Some(name),
            Self::AddAddress(address) | Self::DeleteAddress(address) => Some(&address.device),
            Self::AddRoute(route) | Self::ReplaceRoute(route) | Self::DeleteRoute(route) => route.device(),
            Self::AddRule(..) | Self::DeleteRule(_) => None,
            Self::SetSysctl(sysctl, _) => sysctl.device(),
        }
    }

    /// One object.
    pub fn value(&self) -> Value {
        let device = self.device().map(DeviceName::as_str);
        json!({"change": self.name(), "device": device, "command": self.to_string()})
    }
}

/// The command that would do the same.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddVeth { name, peer } => write!(f, "ip link add {name} type veth peer name {peer}"),
            Self::DeleteLink(name) => write!(f, "ip link delete {name}"),
            Self::SetLink(name, setting) => write!(f, "ip link set dev {name} {setting}"),
            Self::AddAddress(address) => write!(f, "ip address add {address}"),
            Self::DeleteAddress(address) => {
                write!(f, "ip address delete {}/{} dev {}", address.addr, address.len, address.device)
            }
            Self::AddRoute(route) => write!(f, "ip route add {}", route.command(PROTOCOL)),
            Self::ReplaceRoute(route) => write!(f, "ip route replace {}", route.command(PROTOCOL)),
            Self::DeleteRoute(route) => write!(f, "ip route delete {}", route.command(PROTOCOL)),
            Self::AddRule(rule) => write!(f, "ip rule add {}", rule.command(PROTOCOL)),
            Self::DeleteRule(rule) => write!(f, "ip rule delete {}", rule.command(PROTOCOL)),
            Self::SetSysctl(sysctl, value) => write!(f, "sysctl -w {sysctl}={value}"),
        }
    }
}
