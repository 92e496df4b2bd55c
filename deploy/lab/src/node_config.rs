//! A node's `wgtraced.toml`: each Helm value of the document's `install.sh`, under the key that wgtrace has for it.

use std::path::Path;

use crate::home::NodeHome;
use crate::plan::NodePlan;

/// The file's text.
pub(crate) fn text(node: &NodePlan, home: &NodeHome, registry: &Path, encryption: bool) -> String {
    let NodePlan { name, address, pod_cidr, router } = node;
    let quoted = |path: &Path| toml_string(&path.to_string_lossy());
    let (state, run, registry) = (quoted(&home.state()), quoted(&home.run()), quoted(registry));
    format!(
        r#"# Written by wgtrace-lab. Behind each key: the Helm value of the walkthrough that it stands for.
node-name = "{name}"
node-ip = "{address}"
pod-cidr = "{pod_cidr}"
router-ip = "{router}"
device = "eth0"

cluster-name = "cilium-wireguard"         # cluster.name=cilium-wireguard
tunnel = "disabled"                       # tunnel=disabled
auto-direct-node-routes = true            # autoDirectNodeRoutes=true
ipv4-native-routing-cidr = "10.0.0.0/8"   # ipv4NativeRoutingCIDR="10.0.0.0/8"
l7-proxy = false                          # l7Proxy=false
monitor-aggregation = "none"              # monitorAggregation=none
state-directory = {state}
run-directory = {run}

[ipam]
mode = "cluster-pool"                     # ipam.mode=cluster-pool
cluster-pool = ["10.0.0.0/8"]

[encryption]
enabled = {encryption}                            # encryption.enabled=true
type = "wireguard"                        # encryption.type=wireguard

[debug]
enabled = true                            # debug.enabled=true
verbose = "datapath"                      # debug.verbose=datapath

[registry]
directory = {registry}
"#
    )
}

/// A basic string of TOML.
fn toml_string(text: &str) -> String {
    let characters = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", characters.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use wgtraced::config::Config;

    use super::*;
    use crate::home::Home;
    use crate::plan::NODES;

    #[test]
    fn the_daemon_reads_what_was_meant() {
        let home = Home::below(Path::new("/run/a\"b\\c"), "lab").unwrap();
        for node in &NODES {
            for encryption in [true, false] {
                let own = home.node(node.name);
                let config: Config = text(node, &own, &home.registry(), encryption).parse().unwrap();
                assert_eq!(config.node_name.to_string(), node.name);
                assert_eq!((config.node_ip, config.router_ip), (node.address.into(), node.router.into()));
                assert_eq!(config.pod_cidr.to_string(), node.pod_cidr);
                assert_eq!(config.encryption.is_some(), encryption);
                assert_eq!((config.run_directory, config.state_directory), (own.run(), own.state()));
                assert_eq!(config.registry_directory, PathBuf::from("/run/a\"b\\c/lab/registry"));
            }
        }
    }
}
