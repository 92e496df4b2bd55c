//! What a node is to be: the input of everything else.

use std::net::IpAddr;

use wgtrace_tunnel::Prefix;

use crate::wireguard::DeviceName;

/// A node, its neighbours and its pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The device that leads to the other nodes.
    pub device: DeviceName,
    /// Its MTU, in bytes.
    pub device_mtu: u32,
    /// The node's own address, on that device.
    pub node: IpAddr,
    /// The address of the pods' gateway, on `cilium_host`.
    pub router: IpAddr,
    /// The networks that the node's pods have their addresses from.
    pub pod_cidrs: Vec<Prefix>,
    /// Whether traffic between nodes is encrypted.
    pub encryption: bool,
    /// What encryption adds to a packet at most, in bytes.
    pub overhead: u32,
    /// Whether the pods of other nodes are routed to those nodes.
    pub direct_node_routes: bool,
    /// The other nodes.
    pub remotes: Vec<Remote>,
    /// The pods on this node whose programs are attached: their devices are set up.
    pub pods: Vec<PodDevice>,
}

impl Intent {
    /// What WireGuard adds at most: 32 bytes of its own, 8 of UDP, 40 of IPv6.
    pub const WIREGUARD_OVERHEAD: u32 = 80;

    /// The MTU of traffic to other nodes, in bytes.
    pub fn tunnel_mtu(&self) -> u32 {
        self.device_mtu.saturating_sub(if self.encryption { self.overhead } else { 0 })
    }
}

/// Another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Its name.
    pub name: String,
    /// Its addresses; for each family the first counts.
    pub addresses: Vec<IpAddr>,
    /// The networks of its pods.
    pub pod_cidrs: Vec<Prefix>,
}

/// A pod's device on the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodDevice {
    /// Its name.
    pub name: DeviceName,
    /// Its index, if it is known: another device of that name is another pod's.
    pub index: Option<u32>,
}
