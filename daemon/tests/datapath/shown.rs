//! What `ip` shows of the node is what the walkthrough shows.

use crate::node::{Node, POD};

/// Lines, without the protocols that mark whose a route is: what they are told apart by.
fn lines(text: &str) -> Vec<String> {
    let plain =
        |line: &str| line.replace(" proto 200", "").replace(" proto static", "").trim_end().to_owned();
    text.lines().map(plain).collect()
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn routes_rules_and_addresses_are_the_walkthroughs() {
    let node = Node::worker();
    node.applied();
    let expected = [
        "default via 172.18.0.1 dev eth0",
        "10.0.0.0/24 via 172.18.0.2 dev eth0",
        "10.0.1.0/24 via 10.0.1.26 dev cilium_host src 10.0.1.26",
        "10.0.1.26 dev cilium_host scope link",
        "10.0.2.0/24 via 172.18.0.4 dev eth0",
        "172.18.0.0/16 dev eth0 proto kernel scope link src 172.18.0.3",
    ];
    assert_eq!(lines(&node.ip("route show")), expected);
    let expected = [
        "0:\tfrom all lookup local",
        "1:\tfrom all fwmark 0xe00/0xf00 lookup 201",
        "32766:\tfrom all lookup main",
        "32767:\tfrom all lookup default",
    ];
    assert_eq!(lines(&node.ip("rule show")), expected);
    let expected = ["default dev cilium_wg0", "unreachable default metric 4294967295"];
    assert_eq!(lines(&node.ip("route show table 201")), expected);
    assert!(node.ip("address show dev cilium_host").contains("inet 10.0.1.26/32 scope link cilium_host"));
    assert_eq!(node.ip("-4 address show dev cilium_wg0"), "");
    let wg = node.ip("link show dev cilium_wg0");
    assert!(wg.contains("POINTOPOINT") && wg.contains(",UP") && wg.contains("mtu 1420"), "{wg}");
    for (name, peer) in [("cilium_host", "cilium_net"), ("cilium_net", "cilium_host")] {
        let link = node.ip(&format!("link show dev {name}"));
        let flags = "<BROADCAST,MULTICAST,NOARP,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP";
        assert!(link.contains(&format!("{name}@{peer}: {flags}")), "{link}");
        assert!(link.contains("qlen 1000"), "{link}");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn with_ipv6_devices_have_the_walkthroughs_addresses_of_their_own() {
    let node = Node::worker();
    let path = "/proc/sys/net/ipv6/conf/all/disable_ipv6";
    node.namespace.run(|| std::fs::write(path, "0")).unwrap().unwrap();
    node.applied();
    assert_eq!(node.ip("-6 address show dev cilium_wg0"), "");
    for name in ["cilium_host", "cilium_net"] {
        assert!(node.ip(&format!("-6 address show dev {name}")).contains("inet6 fe80::"), "{name}");
    }
    assert_eq!(node.applied(), "");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn every_line_of_what_is_to_be_is_one_that_ip_prints() {
    let node = Node::worker();
    let applied = node.applied();
    // The commands that are told are such that `ip` takes them: they are undone and done again by hand.
    let steps: Vec<&str> = applied.lines().filter(|line| line.starts_with("ip ")).collect();
    node.ip("link delete cilium_host");
    for line in ["rule delete priority 1", "route flush table 201", "route flush proto 200"] {
        node.try_ip(line);
    }
    node.ip("link set dev cilium_wg0 down");
    for step in steps {
        node.ip(step.strip_prefix("ip ").unwrap());
    }
    let after = node.datapath("diff", &[]);
    // All but the settings of the devices that are new.
    assert!(
        after.out.lines().all(|line| line.starts_with("sysctl -w net.ipv4.conf.cilium_")),
        "{}",
        after.out
    );
    node.applied();
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_second_start_changes_nothing() {
    let node = Node::worker();
    node.applied();
    let before = [node.ip("link show"), node.ip("route show table all"), node.ip("rule show")];
    assert_eq!(node.applied(), "");
    assert_eq!([node.ip("link show"), node.ip("route show table all"), node.ip("rule show")], before);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn settings_are_those_of_the_namespace() {
    let node = Node::worker();
    node.applied();
    let read = |below: &str| {
        let path = format!("/proc/sys/net/ipv4/{below}");
        node.namespace.run(|| std::fs::read_to_string(&path)).unwrap().unwrap().trim().to_owned()
    };
    for (below, value) in [
        ("ip_forward", "1"),
        ("conf/all/rp_filter", "0"),
        ("conf/cilium_wg0/rp_filter", "0"),
        (&*format!("conf/{POD}/rp_filter"), "0"),
        ("conf/cilium_host/accept_local", "1"),
        ("conf/cilium_net/send_redirects", "0"),
        ("conf/cilium_net/forwarding", "1"),
    ] {
        assert_eq!(read(below), value, "{below}");
    }
}
