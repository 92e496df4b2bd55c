//! What a lab says of itself, in a file of its directory.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::process::Process;

/// A lab that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    /// Its name.
    pub name: String,
    /// The process whose end is the lab's.
    pub supervisor: Process,
    /// What it was asked to be.
    pub settings: Settings,
    /// The supervisor's descriptor of the network namespace between the nodes.
    pub lan: i32,
    /// Its nodes.
    pub nodes: Vec<NodeRecord>,
    /// Their pods.
    pub pods: Vec<PodRecord>,
}

/// What a lab was asked to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    /// Whether traffic between nodes is encrypted.
    pub encryption: bool,
    /// What goes to the nodes' key logs.
    pub keys: Keys,
    /// The directory that `wgtraced` and `wgtrace-cni` are in.
    pub programs: PathBuf,
    /// Whether its pods talk from the beginning.
    pub traffic: bool,
}

/// What goes to key logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Keys {
    /// Nothing: there are none.
    Off,
    /// Transport keys, which open these sessions and nothing else.
    #[default]
    Session,
    /// What Wireshark wants: THE NODES' PRIVATE KEYS ARE AMONG IT.
    Wireshark,
}

/// A node of a lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct NodeRecord {
    /// Its name.
    pub name: String,
    /// Address of its `eth0`.
    pub address: Ipv4Addr,
    /// Link-layer address of that.
    pub mac: String,
    /// Its pods' network.
    pub pod_cidr: String,
    /// Its pods' gateway.
    pub router: Ipv4Addr,
    /// Where it is.
    pub namespaces: Descriptors,
}

/// A pod of a lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PodRecord {
    /// Its name.
    pub name: String,
    /// The node that it is on.
    pub node: String,
    /// Address of its `eth0`.
    pub address: Ipv4Addr,
    /// Link-layer address of that.
    pub mac: String,
    /// The other end of it, on the node.
    pub host_device: String,
    /// Link-layer address of that.
    pub host_mac: String,
    /// As the plugin was told.
    pub container_id: String,
    /// Path of its network namespace, as the node sees it.
    pub netns: PathBuf,
    /// Where it is.
    pub namespaces: Descriptors,
}

/// Numbers of the supervisor's descriptors of namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptors {
    /// The network namespace.
    pub net: i32,
    /// The mount namespace.
    pub mount: i32,
    /// The namespace of the host's name.
    pub uts: i32,
}
