//! `wgtraced.toml`: what a node is to be, with one key for each Helm value that a Cilium of this kind is set up by.
//!
//! ```toml
//! # Required.
//! node-name = "cilium-wireguard-worker"
//! node-ip = "172.18.0.3"
//! pod-cidr = "10.0.1.0/24"
//!
//! # The rest is what it would be if it were not there.
//! cluster-name = "default"                  # cluster.name
//! device = "eth0"                           # the one that leads to the other nodes
//! # device-mtu = 1500                       # that of the device
//! router-ip = "10.0.1.1"                    # the first address of pod-cidr
//! tunnel = "disabled"                       # tunnel; there is no other
//! auto-direct-node-routes = true            # autoDirectNodeRoutes
//! ipv4-native-routing-cidr = "10.0.0.0/8"   # ipv4NativeRoutingCIDR: no masquerading towards these
//! cleartext-cidr = []                       # of the pool: not encrypted all the same
//! service-cidr = ["10.96.0.0/12"]           # where services have their addresses, which kube-proxy translates
//! l7-proxy = false                          # l7Proxy; there is none
//! monitor-aggregation = "none"              # bpf.monitorAggregation; there is no other
//! state-directory = "/var/lib/wgtrace"      # the private key, addresses in use
//! run-directory = "/run/wgtrace"            # sockets
//!
//! [ipam]
//! mode = "cluster-pool"                     # ipam.mode; there is no other
//! cluster-pool = ["10.0.0.0/8"]             # ipam.operator.clusterPoolIPv4PodCIDRList: what has to be encrypted
//! nodes-in-pool = false                     # allow addresses of nodes in the pool
//!
//! [encryption]
//! enabled = true                            # encryption.enabled
//! type = "wireguard"                        # encryption.type; there is no other
//! listen-port = 51871
//! overhead = 80                             # bytes; 95 with IPv6 between the nodes
//! strict-mode = false                       # encryption.strictMode.enabled: drop at the device what was not marked
//!
//! [debug]
//! enabled = false                           # debug.enabled
//! # verbose = "datapath"                    # debug.verbose
//!
//! [registry]
//! directory = "/etc/wgtrace/nodes"          # who the other nodes are, a file each
//!
//! [trace]
//! payload = "root"                          # who sees more of packets than headers: root, or group (of the socket)
//! ```
//!
//! `k8sServiceHost` and `k8sServicePort` have no key: no API server is asked.

mod check;
pub mod command;
mod error;
mod file;
mod show;

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use wgtrace_decrypt::key::PublicKey;
use wgtrace_tunnel::Prefix;

pub use self::error::{ConfigError, LoadError};
pub(crate) use self::file::Network;
pub use self::file::{Payload, Verbose};
use crate::datapath::desired::HOST;
use crate::datapath::intent::{PodDevice, Remote};
use crate::datapath::{Intent, nat};
use crate::registry::{Entry, Name, Policy, Roster};
use crate::wireguard::DeviceName;

/// What a node is to be; every value makes sense with the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The cluster's name.
    pub cluster_name: Name,
    /// The node's name.
    pub node_name: Name,
    /// The node's address.
    pub node_ip: IpAddr,
    /// The device that leads to the other nodes.
    pub device: DeviceName,
    /// Its MTU, in bytes, if it is not to be read from the device.
    pub device_mtu: Option<u32>,
    /// The node's pods' network.
    pub pod_cidr: Prefix,
    /// The pods' gateway.
    pub router_ip: IpAddr,
    /// Whether pods of other nodes are routed to those nodes.
    pub auto_direct_node_routes: bool,
    /// No masquerading towards these.
    pub ipv4_native_routing_cidr: Prefix,
    /// Of the pool, what is not encrypted all the same.
    pub cleartext_cidr: Vec<Prefix>,
    /// Where services have their addresses.
    pub service_cidr: Vec<Prefix>,
    /// The networks of all pods: what has to be encrypted.
    pub cluster_pool: Vec<Prefix>,
    /// Whether nodes may have addresses of the pool.
    pub nodes_in_pool: bool,
    /// How traffic is encrypted; `None` if it is not.
    pub encryption: Option<Encryption>,
    /// Whether more is logged.
    pub debug: bool,
    /// About what even more is logged.
    pub verbose: Option<Verbose>,
    /// Who may see payload.
    pub payload: Payload,
    /// Where the other nodes are told.
    pub registry_directory: PathBuf,
    /// What has to outlive a boot.
    pub state_directory: PathBuf,
    /// What need not.
    pub run_directory: PathBuf,
}

/// How traffic is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encryption {
    /// The port that WireGuard listens on.
    pub listen_port: u16,
    /// What it adds to a packet at most, in bytes.
    pub overhead: u32,
    /// Whether what reaches the device in plaintext is dropped, not led into the tunnel.
    pub strict: bool,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or makes no sense: where and why.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let text = fs::read_to_string(path)
            .map_err(|error| LoadError::Unreadable { path: path.into(), error: error.kind() })?;
        text.parse().map_err(|error| LoadError::Wrong { path: path.into(), error })
    }

    /// What this node tells the others of itself.
    pub fn entry(&self, public_key: Option<PublicKey>) -> Entry {
        Entry {
            name: self.node_name.clone(),
            addresses: vec![self.node_ip],
            pod_cidrs: vec![self.pod_cidr],
            public_key,
            port: self.encryption.map_or(check::LISTEN_PORT, |encryption| encryption.listen_port),
        }
    }

    /// What holds for every node.
    pub fn policy(&self) -> Policy {
        Policy { pool: self.cluster_pool.clone(), nodes_in_pool: self.nodes_in_pool }
    }

    /// What follows from it for the datapath.
    pub fn intent(&self, device_mtu: u32, remotes: Vec<Remote>, pods: Vec<PodDevice>) -> Intent {
        Intent {
            device: self.device.clone(),
            device_mtu: self.device_mtu.unwrap_or(device_mtu),
            node: self.node_ip,
            router: self.router_ip,
            pod_cidrs: vec![self.pod_cidr],
            encryption: self.encryption.is_some(),
            overhead: self.encryption.map_or(Intent::WIREGUARD_OVERHEAD, |encryption| encryption.overhead),
            direct_node_routes: self.auto_direct_node_routes,
            remotes,
            pods,
        }
    }

    /// What follows from it, and from the other nodes, for the translation of addresses.
    pub fn nat(&self, roster: &Roster) -> nat::Intent {
        let others = roster.nodes().values().flat_map(|node| node.addresses.iter().copied());
        nat::Intent {
            pods: self.pod_cidr,
            native: Some(self.ipv4_native_routing_cidr),
            router: self.router_ip,
            router_device: DeviceName::known(HOST),
            nodes: others.chain([self.node_ip]).collect(),
            native_device: self.encryption.map(|_| self.device.clone()),
        }
    }
}

impl FromStr for Config {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let file: file::File = toml::from_str(text).map_err(|error| {
            ConfigError::at(text, error.span().unwrap_or_default(), error.message().to_owned())
        })?;
        check::check(file).map_err(|(span, fault)| match span {
            Some(span) => ConfigError::at(text, span, fault),
            None => ConfigError { place: None, fault },
        })
    }
}

#[cfg(test)]
mod tests;
