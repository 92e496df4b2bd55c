//! What is off and not ours to mend.

use super::{bare, device, ideal, route, worker};
use crate::datapath::intent::PodDevice;
use crate::datapath::state::{Address, Route, Scope, TABLE};
use crate::datapath::{Desired, Difference, Observed};
use crate::probe::links::LinkKind;

/// What is found when the ideal node is changed like that; there is nothing that could be done.
fn found(change: impl FnOnce(&mut Observed)) -> Vec<String> {
    let desired = Desired::of(&worker());
    let mut observed = ideal(&desired);
    change(&mut observed);
    let difference = Difference::between(&desired, &observed);
    for finding in &difference.findings {
        assert_eq!(finding.value()["text"], finding.to_string());
    }
    difference.findings.iter().map(ToString::to_string).collect()
}

fn assert_found(change: impl FnOnce(&mut Observed), parts: &[&str]) {
    let found = found(change);
    assert_eq!(found.len(), 1, "{found:?}");
    for part in parts {
        assert!(found[0].contains(part), "{part}: {}", found[0]);
    }
}

#[test]
fn devices_that_others_make_are_missed_with_the_way_out() {
    for (name, part) in [
        ("cilium_wg0", "unreachable until WireGuard runs"),
        ("lxc_health", "delete the pod"),
        ("eth0", "as `device`"),
    ] {
        assert_found(
            |observed| {
                super::model::delete(observed, &device(name));
            },
            &[name, part],
        );
    }
}

#[test]
fn devices_of_another_kind_are_left_alone() {
    for name in ["cilium_wg0", "cilium_host"] {
        let change = |observed: &mut Observed| {
            observed.links.get_mut(&device(name)).unwrap().kind = LinkKind::Other("dummy".into());
        };
        assert_found(change, &[name, "is a dummy", "ip link delete"]);
    }
}

#[test]
fn another_pods_device_is_not_taken_for_ours() {
    let mut intent = worker();
    intent.pods = vec![PodDevice { name: device("lxc_health"), index: Some(99) }];
    let desired = Desired::of(&intent);
    let mut observed = bare(&desired);
    observed.links.get_mut(&device("lxc_health")).unwrap().mtu = 9000;
    let difference = Difference::between(&desired, &observed);
    assert!(difference.findings[0].to_string().contains("the pod's had 99"), "{difference:?}");
    assert!(difference.changes.iter().all(|change| change.device() != Some(&device("lxc_health"))));
}

#[test]
fn clashes_of_addresses_are_told() {
    let router =
        Address { addr: "10.0.1.26".parse().unwrap(), len: 24, scope: Scope::Global, device: device("eth0") };
    let take = |observed: &mut Observed| {
        observed.addresses.retain(|address| address.addr != router.addr);
        observed.addresses.push(router.clone());
    };
    assert_found(take, &["10.0.1.26 is an address of eth0", "router-ip"]);
    let lose = |observed: &mut Observed| observed.addresses.retain(|have| have.device != device("eth0"));
    assert_found(lose, &["172.18.0.3 is not an address of eth0", "node-ip"]);
}

#[test]
fn a_node_behind_a_router_is_named() {
    let mut intent = worker();
    intent.remotes[0].addresses = vec!["192.0.2.7".parse().unwrap()];
    let desired = Desired::of(&intent);
    let difference = Difference::between(&desired, &bare(&desired));
    let found = difference.findings[0].to_string();
    for part in ["cilium-wireguard-control-plane (192.0.2.7)", "10.0.0.0/24", "auto-direct-node-routes"] {
        assert!(found.contains(part), "{found}");
    }
}

#[test]
fn routes_of_others_that_are_in_the_way_are_told_and_left() {
    let other = route("10.0.2.0/24", &device("eth0"), Some("172.18.0.9"), Scope::Global, 4);
    let take = |observed: &mut Observed| {
        observed.routes.retain(|(have, _)| have.destination != other.0.destination);
        observed.routes.push(other.clone());
    };
    assert_found(take, &["ip route delete 10.0.2.0/24 via 172.18.0.9 dev eth0 proto 4"]);
    let shadow = route("10.0.2.128/25", &device("eth0"), None, Scope::Link, 2);
    assert_found(|observed| observed.routes.push(shadow.clone()), &["goes before 10.0.2.0/24"]);
    let (aside, protocol) = route("10.0.0.0/8", &device("eth0"), Some("172.18.0.1"), Scope::Global, 3);
    let aside = Route { table: TABLE, ..aside };
    assert_found(
        |observed| observed.routes.push((aside.clone(), protocol)),
        &["table 201", "cilium_wg0 alone"],
    );
}

#[test]
fn the_same_route_of_somebody_else_is_as_good_as_ours() {
    let adopt = |observed: &mut Observed| {
        observed.routes.iter_mut().for_each(|(_, protocol)| *protocol = 3);
        observed.rules.iter_mut().for_each(|(_, protocol)| *protocol = 0);
    };
    assert_eq!(found(adopt), [""; 0]);
}

#[test]
fn a_device_that_is_down_is_told_and_not_routed_by() {
    let desired = Desired::of(&worker());
    let mut observed = bare(&desired);
    observed.links.get_mut(&device("eth0")).unwrap().up = false;
    let difference = Difference::between(&desired, &observed);
    assert_eq!(difference.findings[0].to_string(), "eth0 is down: `ip link set dev eth0 up`");
    assert!(difference.changes.iter().all(|change| change.device() != Some(&device("eth0"))));
}
