//! The pure part: a node of the walkthrough, on a kernel that is a few tables.

mod anything;
mod findings;
mod model;
mod order;

use std::collections::BTreeMap;

use wgtrace_tunnel::Prefix;

use super::desired::Origin;
use super::intent::{Intent, PodDevice, Remote};
use super::observed::Link;
use super::state::{Address, Hop, MAIN, PROTOCOL, Route, Scope, Setting};
use super::{Desired, Difference, Observed};
use crate::probe::links::LinkKind;
use crate::wireguard::DeviceName;

/// `cilium-wireguard-worker` of the walkthrough.
fn worker() -> Intent {
    let remote = |name: &str, addr: &str, cidr: &str| Remote {
        name: name.into(),
        addresses: vec![addr.parse().unwrap()],
        pod_cidrs: vec![prefix(cidr)],
    };
    let pod = |name: &str| PodDevice { name: device(name), index: None };
    Intent {
        device: device("eth0"),
        device_mtu: 1500,
        node: "172.18.0.3".parse().unwrap(),
        router: "10.0.1.26".parse().unwrap(),
        pod_cidrs: vec![prefix("10.0.1.0/24")],
        encryption: true,
        overhead: Intent::WIREGUARD_OVERHEAD,
        direct_node_routes: true,
        remotes: vec![
            remote("cilium-wireguard-control-plane", "172.18.0.2", "10.0.0.0/24"),
            remote("cilium-wireguard-worker2", "172.18.0.4", "10.0.2.0/24"),
        ],
        pods: ["lxc_health", "lxcaac4b4192870", "lxc2d3008e4e496"].map(pod).into(),
    }
}

/// A node on which nothing of ours is there yet, but what others make: its device, the tunnel and the pods' devices.
fn bare(desired: &Desired) -> Observed {
    let mut observed = Observed::default();
    let elsewhere = desired.links.iter().filter(|link| !is_made_here(&link.origin));
    for (index, link) in (2..).zip(elsewhere) {
        let kind = if link.origin == Origin::Tunnel { LinkKind::Tun } else { LinkKind::Veth };
        observed.links.insert(link.name.clone(), plain_link(index, kind));
    }
    let (node, native) = desired.node.clone().unwrap();
    observed.links.get_mut(&native).unwrap().up = true;
    observed.addresses = vec![Address { addr: node, len: 16, scope: Scope::Global, device: native.clone() }];
    let source = Some(node);
    observed.routes = vec![
        route("0.0.0.0/0", &native, Some("172.18.0.1"), Scope::Global, 3),
        route("172.18.0.0/16", &native, None, Scope::Link, 2),
    ];
    if let Hop::Device { source: of, .. } = &mut observed.routes[1].0.hop {
        *of = source;
    }
    observed
}

/// The same node when all is as it is to be.
fn ideal(desired: &Desired) -> Observed {
    let mut observed = bare(desired);
    let changes = Difference::between(desired, &observed).changes;
    for change in &changes {
        model::apply(&mut observed, change).unwrap();
    }
    observed
}

fn is_made_here(origin: &Origin) -> bool {
    matches!(origin, Origin::VethWith(_) | Origin::PeerOf(_))
}

fn plain_link(index: u32, kind: LinkKind) -> Link {
    let (mtu, tx_queue_len) = (1500, 500);
    Link {
        index,
        l3: kind == LinkKind::Tun,
        kind,
        mtu,
        arp: true,
        tx_queue_len,
        automatic_address: true,
        up: false,
        peer: None,
        mac: None,
    }
}

fn route(to: &str, device: &DeviceName, gateway: Option<&str>, scope: Scope, protocol: u8) -> (Route, u8) {
    let gateway = gateway.map(|addr| addr.parse().unwrap());
    let hop = Hop::Device { device: device.clone(), gateway, source: None, scope };
    (Route { table: MAIN, destination: prefix(to), hop, metric: 0, mtu: None }, protocol)
}

fn device(name: &str) -> DeviceName {
    name.parse().unwrap()
}

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

#[test]
fn the_walkthroughs_worker_is_what_ip_printed_there() {
    assert_eq!(Desired::of(&worker()).to_string(), include_str!("tests/worker.txt"));
}

#[test]
fn the_walkthroughs_own_lines_are_among_them_but_for_the_protocol() {
    let lines = Desired::of(&worker()).to_string().replace(&format!(" proto {PROTOCOL}"), "");
    for line in [
        "10.0.0.0/24 via 172.18.0.2 dev eth0",
        "10.0.1.0/24 via 10.0.1.26 dev cilium_host src 10.0.1.26",
        "10.0.1.26 dev cilium_host scope link",
        "10.0.2.0/24 via 172.18.0.4 dev eth0",
        "1:\tfrom all fwmark 0xe00/0xf00 lookup 201",
        "table 201: default dev cilium_wg0",
        "inet 10.0.1.26/32 scope link cilium_host",
    ] {
        assert!(lines.lines().any(|have| have == line), "{line}\n{lines}");
    }
}

#[test]
fn without_encryption_there_is_no_rule_no_table_and_no_tunnel() {
    let desired = Desired::of(&Intent { encryption: false, ..worker() });
    assert!(desired.rules.is_empty());
    assert!(desired.routes.iter().all(|route| route.table == MAIN));
    assert!(desired.links.iter().all(|link| link.origin != Origin::Tunnel));
    let node = Intent { encryption: false, ..worker() };
    assert_eq!((node.tunnel_mtu(), worker().tunnel_mtu()), (1500, 1420));
}

#[test]
fn nodes_that_route_themselves_get_no_routes_to_each_other() {
    let desired = Desired::of(&Intent { direct_node_routes: false, ..worker() });
    assert!(desired.routes.iter().all(|route| route.device() != Some(&device("eth0"))));
}

#[test]
fn a_second_start_changes_nothing() {
    let desired = Desired::of(&worker());
    let difference = Difference::between(&desired, &ideal(&desired));
    assert!(difference.is_empty(), "{difference:?}");
}

#[test]
fn a_setting_that_is_off_is_the_only_change() {
    let desired = Desired::of(&worker());
    let mut observed = ideal(&desired);
    observed.links.get_mut(&device("cilium_wg0")).unwrap().mtu = 1500;
    let changes = Difference::between(&desired, &observed).changes;
    let shown: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["ip link set dev cilium_wg0 mtu 1420"]);
    assert_eq!(changes[0].value()["device"], "cilium_wg0");
    assert!(Setting::Up > Setting::Mtu(0), "`up` comes behind what it needs");
}

#[test]
fn every_sysctl_is_one_of_the_namespace() {
    let desired = Desired::of(&worker());
    let by_path: BTreeMap<String, i64> =
        desired.sysctls.iter().map(|(sysctl, value)| (sysctl.path().display().to_string(), *value)).collect();
    assert_eq!(by_path.len(), desired.sysctls.len());
    for path in by_path.keys() {
        let below = path.strip_prefix("/proc/sys/net/ipv4/").unwrap();
        assert!(below == "ip_forward" || below.starts_with("conf/"), "{path}");
    }
}
