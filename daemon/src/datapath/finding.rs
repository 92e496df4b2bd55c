//! What is off and not ours to change.

use std::fmt;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::desired::{HOST, Origin, TUNNEL};
use super::state::{Address, MAIN, Route};
use crate::probe::links::LinkKind;
use crate::wireguard::DeviceName;

/// Something that is off, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A device that somebody else makes is not there.
    Missing {
        /// The device.
        device: DeviceName,
        /// Who makes it.
        origin: Origin,
    },
    /// A device of that name is there, and is something else.
    OtherKind {
        /// The device.
        device: DeviceName,
        /// What it is.
        have: LinkKind,
    },
    /// A pod's device has another index: it is another pod's.
    OtherDevice {
        /// The device.
        device: DeviceName,
        /// The index it has.
        have: u32,
        /// The index it was made with.
        need: u32,
    },
    /// The node's device is down.
    Down(DeviceName),
    /// The node's address is not on its device.
    NotOurAddress {
        /// The address.
        addr: IpAddr,
        /// The device.
        device: DeviceName,
    },
    /// An address that we need is somewhere else.
    AddressTaken(Address),
    /// A node is not on the link of the device that leads to it.
    NotReachable {
        /// The node.
        node: String,
        /// Its address.
        addr: IpAddr,
        /// The device.
        device: DeviceName,
        /// The pods' networks that are not routed for that.
        route: Route,
    },
    /// Somebody else's route stands where ours is to be.
    RouteTaken {
        /// What is to be.
        want: Route,
        /// What there is.
        have: Route,
        /// Its protocol.
        protocol: u8,
    },
    /// Somebody else's route goes before ours for some of the addresses.
    Shadowed {
        /// The route of ours.
        want: Route,
        /// The other.
        have: Route,
        /// Its protocol.
        protocol: u8,
    },
    /// Somebody else's route is in our table, where it may lead around the tunnel.
    InOurTable {
        /// The route.
        have: Route,
        /// Its protocol.
        protocol: u8,
    },
}

impl Finding {
    /// What kind of thing it is, for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "device-missing",
            Self::OtherKind { .. } => "device-of-another-kind",
            Self::OtherDevice { .. } => "device-of-another-pod",
            Self::Down(_) => "device-down",
            Self::NotOurAddress { .. } => "node-address-missing",
            Self::AddressTaken(_) => "address-taken",
            Self::NotReachable { .. } => "node-not-reachable",
            Self::RouteTaken { .. } => "route-taken",
            Self::Shadowed { .. } => "route-shadowed",
            Self::InOurTable { .. } => "route-in-our-table",
        }
    }

    /// One object.
    pub fn value(&self) -> Value {
        json!({"finding": self.name(), "text": self.to_string()})
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { device, origin } => {
                write!(f, "there is no device {device}: ")?;
                f.write_str(match origin {
                    Origin::VethWith(_) | Origin::PeerOf(_) => "`wgtraced datapath apply` makes it",
                    Origin::Tunnel => "packets for other nodes are unreachable until WireGuard runs",
                    Origin::Pod { .. } => "delete the pod and make it again",
                    Origin::Native => "name the device that leads to the other nodes as `device`",
                })
            }
            Self::OtherKind { device, have } => {
                let have = if have.name().is_empty() { "device" } else { have.name() };
                write!(f, "{device} is a {have}, made by somebody else: `ip link delete {device}`")
            }
            Self::OtherDevice { device, have, need } => {
                write!(f, "{device} has index {have}, the pod's had {need}: delete the pod and make it again")
            }
            Self::Down(device) => write!(f, "{device} is down: `ip link set dev {device} up`"),
            Self::NotOurAddress { addr, device } => {
                write!(f, "{addr} is not an address of {device}: check `node-ip` and `device`")
            }
            Self::AddressTaken(Address { addr, device, .. }) => write!(
                f,
                "{addr} is an address of {device}, and has to be one of {HOST}: take it off, or set another `router-ip`"
            ),
            Self::NotReachable { node, addr, device, route } => write!(
                f,
                "node {node} ({addr}) is not on the network of {device}, so {} has no route: nodes have to share a \
                 network, or set `auto-direct-node-routes = false` and route between them",
                route.destination
            ),
            Self::RouteTaken { want, have, protocol } => write!(
                f,
                "route `{}` is somebody else's, and has to be `{}`: `ip route delete {}`",
                have.shown(*protocol),
                want.command(super::state::PROTOCOL),
                have.command(*protocol)
            ),
            Self::Shadowed { want, have, protocol } => write!(
                f,
                "route `{}` is somebody else's and goes before {}: remove it, or choose other pod networks",
                have.shown(*protocol),
                want.destination
            ),
            Self::InOurTable { have, protocol } => {
                let table = have.table;
                debug_assert_ne!(table, MAIN, "the main table is everybody's");
                write!(
                    f,
                    "route `{}` is somebody else's, in table {table}, which is for {TUNNEL} alone: `ip route delete {}`",
                    have.shown(*protocol),
                    have.command(*protocol)
                )
            }
        }
    }
}
