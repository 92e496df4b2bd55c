//! What is in the way is named, with the way out.

use crate::node::Node;

fn told(node: &Node, parts: &[&str]) {
    let before = node.ip("route show table all");
    let diff = node.datapath("diff", &[]);
    assert_eq!(diff.code, 1, "{}", diff.err);
    for part in parts {
        assert!(diff.out.contains(part), "{part}: {}", diff.out);
    }
    assert_eq!(node.ip("route show table all"), before, "`diff` changes nothing");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_device_of_somebody_else_is_left_alone() {
    let node = Node::worker();
    node.ip("link add cilium_host type bridge");
    told(&node, &["# cilium_host is a bridge, made by somebody else: `ip link delete cilium_host`"]);
    let said = node.datapath("apply", &[]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(node.ip("-d link show dev cilium_host").contains("bridge"));
    node.ip("link delete cilium_host");
    node.applied();
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn clashes_are_told_and_the_rest_is_done() {
    let node = Node::worker();
    node.ip("route add 10.0.2.0/24 via 172.18.0.9 dev eth0");
    node.entry("far", "192.0.2.9", "10.0.7.0/24");
    told(&node, &["10.0.2.0/24 via 172.18.0.9 dev eth0 proto 3` is somebody else's", "node far (192.0.2.9)"]);
    assert_eq!(node.datapath("apply", &[]).code, 1);
    let routes = node.ip("route show");
    assert!(
        routes.contains("10.0.2.0/24 via 172.18.0.9") && routes.contains("10.0.0.0/24 via 172.18.0.2"),
        "{routes}"
    );
    node.ip("address add 10.0.1.26/24 dev eth0");
    node.ip("link delete cilium_host");
    told(&node, &["10.0.1.26 is an address of eth0"]);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_cannot_be_told_is_no_answer() {
    let node = Node::worker();
    node.configure("nod-ip = 1");
    let said = node.datapath("diff", &[]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("line 6, column 1: unknown field `nod-ip`"), "{}", said.err);
    node.configure("");
    std::fs::rename(node.dir.path().join("nodes"), node.dir.path().join("gone")).unwrap();
    let said = node.datapath("diff", &[]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("mkdir -p -m 755"), "{}", said.err);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn programs_get_an_object_a_line() {
    let mut node = Node::worker();
    node.applied();
    node.tunnel = None;
    node.ip("rule delete priority 1");
    let said = node.datapath("diff", &["--json"]);
    assert_eq!(said.code, 1);
    let objects: Vec<serde_json::Value> =
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects[0]["change"], "rule-add");
    assert_eq!(objects[0]["command"], "ip rule add priority 1 fwmark 0xe00/0xf00 lookup 201 protocol 200");
    assert_eq!(objects[1]["finding"], "device-missing");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_table_that_is_gone_or_changed_is_told_and_written_again() {
    let node = Node::worker();
    told(&node, &["# table ip wgtrace_nat: missing"]);
    node.applied();
    node.nft("add rule ip wgtrace_nat postrouting accept");
    told(&node, &["# table ip wgtrace_nat: chain postrouting: rule with handle", "not ours"]);
    node.applied();
}
