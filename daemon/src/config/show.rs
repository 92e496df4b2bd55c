//! A configuration as a file that says all of it.

use std::fmt;
use std::path::Path;

use wgtrace_tunnel::Prefix;

use super::{Config, Payload, Verbose};

/// All keys, with the values that count.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "cluster-name = \"{}\"", self.cluster_name)?;
        writeln!(f, "node-name = \"{}\"", self.node_name)?;
        writeln!(f, "node-ip = \"{}\"", self.node_ip)?;
        writeln!(f, "device = {}", quoted(self.device.as_str()))?;
        match self.device_mtu {
            Some(mtu) => writeln!(f, "device-mtu = {mtu}")?,
            None => writeln!(f, "# device-mtu: that of the device")?,
        }
        writeln!(f, "pod-cidr = \"{}\"", self.pod_cidr)?;
        writeln!(f, "router-ip = \"{}\"", self.router_ip)?;
        writeln!(f, "tunnel = \"disabled\"")?;
        writeln!(f, "auto-direct-node-routes = {}", self.auto_direct_node_routes)?;
        writeln!(f, "ipv4-native-routing-cidr = \"{}\"", self.ipv4_native_routing_cidr)?;
        writeln!(f, "cleartext-cidr = {}", list(&self.cleartext_cidr))?;
        writeln!(f, "service-cidr = {}", list(&self.service_cidr))?;
        writeln!(f, "l7-proxy = false")?;
        writeln!(f, "monitor-aggregation = \"none\"")?;
        writeln!(f, "state-directory = {}", path(&self.state_directory))?;
        writeln!(f, "run-directory = {}", path(&self.run_directory))?;
        writeln!(f, "\n[ipam]\nmode = \"cluster-pool\"")?;
        writeln!(f, "cluster-pool = {}", list(&self.cluster_pool))?;
        writeln!(f, "nodes-in-pool = {}", self.nodes_in_pool)?;
        writeln!(f, "\n[encryption]\nenabled = {}\ntype = \"wireguard\"", self.encryption.is_some())?;
        if let Some(encryption) = self.encryption {
            writeln!(f, "listen-port = {}\noverhead = {}", encryption.listen_port, encryption.overhead)?;
            writeln!(f, "strict-mode = {}", encryption.strict)?;
        }
        writeln!(f, "\n[debug]\nenabled = {}", self.debug)?;
        match self.verbose {
            Some(Verbose::Datapath) => writeln!(f, "verbose = \"datapath\"")?,
            None => {}
        }
        writeln!(f, "\n[registry]\ndirectory = {}", path(&self.registry_directory))?;
        let payload = match self.payload {
            Payload::Root => "root",
            Payload::Group => "group",
        };
        writeln!(f, "\n[trace]\npayload = \"{payload}\"")
    }
}

fn list(networks: &[Prefix]) -> String {
    let quoted: Vec<String> = networks.iter().map(|network| format!("\"{network}\"")).collect();
    format!("[{}]", quoted.join(", "))
}

fn path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

/// Without control characters in it, a basic string of TOML needs these two escapes (TOML 1.0, String).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
