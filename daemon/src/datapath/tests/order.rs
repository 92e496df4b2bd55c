//! At no moment a packet leaves in clear that did not before.

use std::net::IpAddr;

use super::model::{self, lookup};
use super::{bare, device, ideal, prefix, worker};
use crate::datapath::state::{Hop, MARK, PROTOCOL, Route, Sysctl, TABLE};
use crate::datapath::{Change, Desired, Difference, Intent, Observed};

/// A pod on `worker2`.
pub(super) fn far_pod() -> IpAddr {
    "10.0.2.194".parse().unwrap()
}

/// Whether marked packets may leave by the node's device as they are.
pub(super) fn is_leaking(kernel: &Observed) -> bool {
    lookup(kernel, MARK, far_pod()).is_some_and(|route| route.device() == Some(&device("eth0")))
}

fn shown(changes: &[Change]) -> Vec<String> {
    changes.iter().map(ToString::to_string).collect()
}

#[test]
fn a_bare_node_is_closed_first_and_opened_last() {
    let desired = Desired::of(&worker());
    let mut kernel = bare(&desired);
    let changes = Difference::between(&desired, &kernel).changes;
    let lines = shown(&changes);
    assert_eq!(lines[0], "ip route add unreachable default proto 200 metric 4294967295 table 201");
    assert_eq!(lines[1], "ip rule add priority 1 fwmark 0xe00/0xf00 lookup 201 protocol 200");
    assert_eq!(lines[2], "ip link add cilium_host type veth peer name cilium_net");
    assert_eq!(lines.last().unwrap(), "sysctl -w net.ipv4.ip_forward=1");
    let mut was_leaking = true;
    for change in &changes {
        model::apply(&mut kernel, change).unwrap();
        let leaks = is_leaking(&kernel);
        assert!(was_leaking || !leaks, "{change}");
        was_leaking = leaks;
        let opens = matches!(change, Change::SetSysctl(sysctl, 1) if *sysctl == Sysctl::IP_FORWARD);
        assert!(!(opens || matches!(change, Change::AddRoute(_)) && change.device().is_some()) || !leaks);
    }
    assert_eq!(lookup(&kernel, MARK, far_pod()).unwrap().device(), Some(&device("cilium_wg0")));
}

#[test]
fn without_the_tunnel_marked_packets_are_unreachable() {
    let desired = Desired::of(&worker());
    let mut kernel = ideal(&desired);
    model::delete(&mut kernel, &device("cilium_wg0"));
    assert_eq!(lookup(&kernel, MARK, far_pod()).unwrap().hop, Hop::Unreachable);
    let difference = Difference::between(&desired, &kernel);
    assert!(difference.changes.is_empty() && difference.findings.len() == 1, "{difference:?}");
}

#[test]
fn what_only_has_the_tunnels_name_gets_no_packets() {
    let desired = Desired::of(&worker());
    let mut kernel = ideal(&desired);
    kernel.links.get_mut(&device("cilium_wg0")).unwrap().kind = crate::probe::links::LinkKind::Bridge;
    let changes = Difference::between(&desired, &kernel).changes;
    assert_eq!(shown(&changes), ["ip route delete default dev cilium_wg0 proto 200 scope global table 201"]);
    model::apply(&mut kernel, &changes[0]).unwrap();
    assert_eq!(lookup(&kernel, MARK, far_pod()).unwrap().hop, Hop::Unreachable);
}

#[test]
fn a_node_that_moves_is_followed_without_a_moment_between() {
    let desired = Desired::of(&worker());
    let kernel = ideal(&desired);
    let mut moved = worker();
    moved.remotes[1].addresses = vec!["172.18.0.9".parse().unwrap()];
    let changes = Difference::between(&Desired::of(&moved), &kernel).changes;
    assert_eq!(shown(&changes), ["ip route replace 10.0.2.0/24 via 172.18.0.9 dev eth0 proto 200"]);
}

#[test]
fn a_network_that_changes_comes_before_the_old_one_goes() {
    let desired = Desired::of(&worker());
    let mut kernel = ideal(&desired);
    kernel.rules.clear();
    let mut changed = worker();
    changed.remotes[1].pod_cidrs = vec![prefix("10.0.3.0/24")];
    let changes = Difference::between(&Desired::of(&changed), &kernel).changes;
    let expected = [
        "ip rule add priority 1 fwmark 0xe00/0xf00 lookup 201 protocol 200",
        "ip route add 10.0.3.0/24 via 172.18.0.4 dev eth0 proto 200",
        "ip route delete 10.0.2.0/24 via 172.18.0.4 dev eth0 proto 200",
    ];
    assert_eq!(shown(&changes), expected);
}

#[test]
fn encryption_off_takes_the_rule_before_the_table() {
    let kernel = ideal(&Desired::of(&worker()));
    let off = Desired::of(&Intent { encryption: false, ..worker() });
    let changes = Difference::between(&off, &kernel).changes;
    let expected = [
        "ip rule delete priority 1 fwmark 0xe00/0xf00 lookup 201 protocol 200",
        "ip route delete unreachable default proto 200 metric 4294967295 table 201",
        "ip route delete default dev cilium_wg0 proto 200 scope global table 201",
    ];
    assert_eq!(shown(&changes), expected);
}

#[test]
fn a_cable_with_one_end_is_made_anew_with_all_that_hung_on_it() {
    let desired = Desired::of(&worker());
    let mut kernel = ideal(&desired);
    kernel.links.remove(&device("cilium_net"));
    let changes = Difference::between(&desired, &kernel).changes;
    let lines = shown(&changes);
    assert_eq!(lines[0], "ip link delete cilium_host");
    for line in [
        "ip link set dev cilium_net arp off",
        "ip address add 10.0.1.26/32 scope link dev cilium_host",
        "ip route add 10.0.1.0/24 via 10.0.1.26 dev cilium_host proto 200 src 10.0.1.26",
    ] {
        assert!(lines.iter().any(|have| have == line), "{line}: {lines:?}");
    }
    for change in &changes {
        model::apply(&mut kernel, change).unwrap();
    }
    assert!(Difference::between(&desired, &kernel).is_empty());
}

#[test]
fn only_what_is_ours_is_removed() {
    let desired = Desired::of(&worker());
    let mut kernel = ideal(&desired);
    let before = kernel.clone();
    let ours =
        super::route("10.0.7.0/24", &device("eth0"), Some("172.18.0.7"), super::Scope::Global, PROTOCOL);
    let theirs = super::route("10.0.8.0/24", &device("eth0"), Some("172.18.0.7"), super::Scope::Global, 4);
    kernel.routes.extend([ours.clone(), theirs]);
    let stale = Change::DeleteRoute(ours.0);
    assert_eq!(Difference::between(&desired, &kernel).changes, [stale]);
    let nothing = Desired { routes: Vec::new(), rules: Vec::new(), ..Desired::of(&worker()) };
    let is_ours = |(route, protocol): &&(Route, u8)| *protocol == PROTOCOL || route.table == TABLE;
    let gone = Difference::between(&nothing, &before).changes;
    assert_eq!(gone.len(), before.routes.iter().filter(is_ours).count() + before.rules.len());
}
