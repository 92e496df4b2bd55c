use proptest::prelude::*;

use super::*;

const LEAST: &str = "node-name = \"worker\"\nnode-ip = \"172.18.0.3\"\npod-cidr = \"10.0.1.0/24\"\n";

/// The walkthrough's `helm install`, one key for each value.
const WALKTHROUGH: &str = r#"
cluster-name = "cilium-wireguard"
node-name = "cilium-wireguard-worker"
node-ip = "172.18.0.3"
pod-cidr = "10.0.1.0/24"
router-ip = "10.0.1.26"
tunnel = "disabled"
auto-direct-node-routes = true
ipv4-native-routing-cidr = "10.0.0.0/8"
l7-proxy = false
monitor-aggregation = "none"

[ipam]
mode = "cluster-pool"

[encryption]
enabled = true
type = "wireguard"

[debug]
enabled = true
verbose = "datapath"
"#;

fn complaint(text: &str) -> String {
    text.parse::<Config>().unwrap_err().to_string()
}

#[test]
fn the_walkthroughs_values_are_taken() {
    let config: Config = WALKTHROUGH.parse().unwrap();
    assert_eq!(config.router_ip.to_string(), "10.0.1.26");
    assert_eq!(config.cluster_pool, ["10.0.0.0/8".parse().unwrap()]);
    assert_eq!(config.encryption, Some(Encryption { listen_port: 51871, overhead: 80, strict: false }));
    assert!(config.debug && config.verbose == Some(Verbose::Datapath));
    let intent = config.intent(1500, Vec::new(), Vec::new());
    assert_eq!((intent.tunnel_mtu(), intent.device.as_str()), (1420, "eth0"));
}

#[test]
fn three_keys_are_enough_and_the_rest_is_as_documented() {
    let config: Config = LEAST.parse().unwrap();
    let documented = include_str!("../config.rs")
        .lines()
        .skip_while(|line| *line != "//! ```toml")
        .skip(1)
        .take_while(|line| *line != "//! ```")
        .map(|line| line.trim_start_matches("//!").trim_start())
        .collect::<Vec<_>>()
        .join("\n");
    let documented: Config = documented.parse().unwrap();
    assert_eq!(Config { node_name: documented.node_name.clone(), ..config }, documented);
}

#[test]
fn what_is_shown_is_a_file_that_says_the_same() {
    let odd = format!(
        "state-directory = '/srv/a \"b\" \\ c'\ndevice-mtu = 9000\n{LEAST}[encryption]\nenabled = false\n"
    );
    for text in [WALKTHROUGH, LEAST, &odd] {
        let config: Config = text.parse().unwrap();
        assert_eq!(config.to_string().parse::<Config>().unwrap(), config, "{config}");
    }
}

#[test]
fn faults_are_told_with_line_and_column() {
    for (more, place, part) in [
        ("nod-ip = 1", "line 4, column 1", "unknown field `nod-ip`"),
        ("tunnel = \"vxlan\"", "line 4, column 10", "expected `disabled`"),
        ("l7-proxy = true", "line 4, column 12", "does not go with WireGuard"),
        ("device = \"a/b\"", "line 4, column 10", "device name"),
        ("device-mtu = 600", "line 4, column 14", "between 656 and 65535"),
        ("router-ip = \"10.0.2.1\"", "line 4, column 13", "not in pod-cidr"),
        ("router-ip = \"10.0.1.0\"", "line 4, column 13", "first or last"),
        ("router-ip = \"10.0.1.255\"", "line 4, column 13", "first or last"),
        ("ipv4-native-routing-cidr = \"0.0.0.0/0\"", "line 4, column 28", "everything"),
        ("ipv4-native-routing-cidr = \"10.9.0.0/16\"", "line 4, column 28", "masqueraded"),
        ("cleartext-cidr = [\"10.5.0.0/16\", \"10.0.0.0/8\"]", "line 4, column 34", "overlap"),
        ("service-cidr = [\"10.0.0.0/16\"]", "line 4, column 17", "overlap"),
        ("state-directory = \"var/lib\"", "line 4, column 19", "from / on"),
        ("cluster-name = \"a/b\"", "line 4, column 16", "begins with a letter"),
        ("[ipam]\ncluster-pool = []", "line 5, column 16", "nothing would be encrypted"),
        ("[ipam]\ncluster-pool = [\"0.0.0.0/0\"]", "line 5, column 17", "everything"),
        ("[ipam]\ncluster-pool = [\"10.1.0.0/16\"]", "line 3, column 12", "not be encrypted"),
        ("[ipam]\ncluster-pool = [\"10.0.0.0/8\", \"172.16.0.0/12\"]", "line 5, column 16", "nodes-in-pool"),
        ("[encryption]\ntype = \"ipsec\"", "line 5, column 8", "expected `wireguard`"),
        ("[encryption]\nlisten-port = 0", "line 5, column 15", "0 is no port"),
        ("[encryption]\noverhead = 8", "line 5, column 12", "80, or 95"),
        ("[debug]\nverbose = \"all\"", "line 5, column 11", "expected `datapath`"),
        ("[trace]\npayload = \"all\"", "line 5, column 11", "expected `root` or `group`"),
        ("# ü\ntunnel = \"ä\"ö", "line 5, column", ""),
    ] {
        let told = complaint(&format!("{LEAST}{more}\n"));
        assert!(told.starts_with(place) && told.contains(part), "{more}: {told}");
    }
    for (text, part) in [
        (LEAST.replace("172.18.0.3", "127.0.0.1"), "line 2, column 11: 127.0.0.1 is no address"),
        (LEAST.replace("172.18.0.3", "fd00::1"), "line 2, column 11: the datapath speaks IPv4"),
        (
            LEAST.replace("172.18.0.3", "10.9.0.1"),
            "line 2, column 11: ipam.cluster-pool 10.0.0.0/8 has this node's",
        ),
        (
            LEAST.replace("172.18.0.3", "10.0.1.7"),
            "line 3, column 12: 10.0.1.0/24 has the node's own address",
        ),
        (LEAST.replace("10.0.1.0/24", "10.0.1.7/24"), "the network is 10.0.1.0/24"),
        (LEAST.replace("10.0.1.0/24", "10.0.1.0/30"), "no room for pods"),
        (LEAST.replace("10.0.1.0/24", "0.0.0.0/0"), "everything"),
        (LEAST.replace("node-ip", "#"), "`node-ip` is missing"),
    ] {
        let told = complaint(&text);
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn a_pool_with_nodes_in_it_is_taken_when_that_is_said() {
    let text = LEAST.replace("172.18.0.3", "10.9.0.1") + "[ipam]\nnodes-in-pool = true\n";
    assert!(text.parse::<Config>().unwrap().nodes_in_pool);
}

proptest! {
    #[test]
    fn no_text_is_more_than_a_fault(at in 0..WALKTHROUGH.len(), len in 0..20usize, more in ".{0,12}") {
        // Something of a file that makes sense is cut out, and something else put in its place.
        let mut text = WALKTHROUGH.to_owned();
        text.replace_range(at..(at + len).min(text.len()), &more);
        match text.parse::<Config>() {
            Ok(config) => prop_assert_eq!(config.to_string().parse::<Config>().unwrap(), config),
            Err(error) => {
                let (line, column) = error.place.unwrap_or((1, 1));
                let is_within = line > 0 && column > 0 && line <= text.lines().count() + 1;
                prop_assert!(is_within && !error.fault.is_empty(), "{}", error);
            }
        }
    }
}
