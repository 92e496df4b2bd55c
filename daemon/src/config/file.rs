//! The file as it is written, before anything is asked of it.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;
use wgtrace_tunnel::Prefix;

use crate::registry::Name;
use crate::wireguard::DeviceName;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    pub(super) cluster_name: Option<Name>,
    pub(super) node_name: Option<Name>,
    pub(super) node_ip: Option<Spanned<IpAddr>>,
    pub(super) device: Option<Device>,
    pub(super) device_mtu: Option<Spanned<u32>>,
    pub(super) pod_cidr: Option<Spanned<Network>>,
    pub(super) router_ip: Option<Spanned<IpAddr>>,
    #[serde(rename = "tunnel")]
    _tunnel: Option<Tunnel>,
    pub(super) auto_direct_node_routes: Option<bool>,
    pub(super) ipv4_native_routing_cidr: Option<Spanned<Network>>,
    #[serde(default)]
    pub(super) cleartext_cidr: Vec<Spanned<Network>>,
    pub(super) service_cidr: Option<Vec<Spanned<Network>>>,
    pub(super) l7_proxy: Option<Spanned<bool>>,
    #[serde(rename = "monitor-aggregation")]
    _monitor_aggregation: Option<MonitorAggregation>,
    pub(super) state_directory: Option<Spanned<PathBuf>>,
    pub(super) run_directory: Option<Spanned<PathBuf>>,
    #[serde(default)]
    pub(super) ipam: Ipam,
    #[serde(default)]
    pub(super) encryption: Encryption,
    #[serde(default)]
    pub(super) debug: Debug,
    #[serde(default)]
    pub(super) registry: Registry,
    #[serde(default)]
    pub(super) trace: Trace,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Ipam {
    #[serde(rename = "mode")]
    _mode: Option<IpamMode>,
    pub(super) cluster_pool: Option<Spanned<Vec<Spanned<Network>>>>,
    #[serde(default)]
    pub(super) nodes_in_pool: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Encryption {
    pub(super) enabled: Option<bool>,
    #[serde(rename = "type")]
    _type: Option<EncryptionType>,
    pub(super) listen_port: Option<Spanned<u16>>,
    pub(super) overhead: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) strict_mode: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Debug {
    #[serde(default)]
    pub(super) enabled: bool,
    pub(super) verbose: Option<Verbose>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Registry {
    pub(super) directory: Option<Spanned<PathBuf>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Trace {
    #[serde(default)]
    pub(super) payload: Payload,
}

/// Who may see more of packets than their headers, and what is inside of ciphertext.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Payload {
    /// The user with number 0.
    #[default]
    Root,
    /// Whoever may open the socket.
    Group,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Tunnel {
    Disabled,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum MonitorAggregation {
    None,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum IpamMode {
    ClusterPool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EncryptionType {
    Wireguard,
}

/// What is logged about at length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verbose {
    /// What is done in the kernel.
    Datapath,
}

/// A network without host bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Network(pub(crate) Prefix);

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let prefix: Prefix = text.parse().map_err(|error| format!("`{text}` is no network: {error}"))?;
        if !text.contains('/') {
            return Err(format!("`{text}` is no network: write {prefix} for this address alone"));
        }
        let addr = text.split('/').next().and_then(|addr| addr.parse::<IpAddr>().ok());
        if addr != Some(prefix.addr()) {
            return Err(format!("`{text}` is an address in a network: the network is {prefix}"));
        }
        Ok(Self(prefix))
    }
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Device(pub(super) DeviceName);

impl TryFrom<String> for Device {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error| format!("`{text}`: {error}"))
    }
}
