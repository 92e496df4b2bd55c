//! Whatever is taken away or changed by hand is seen, and put right.

use crate::node::{Node, POD};

/// Changes something on a node that is right, which has to be seen by these words and nothing else.
fn mended(node: &Node, what: &str, change: impl FnOnce(), seen: &[&str]) {
    change();
    let diff = node.datapath("diff", &[]);
    assert_eq!(diff.code, 1, "{what} is not seen: {}", diff.err);
    for part in seen {
        assert!(diff.out.contains(part), "{what}: {part}: {}", diff.out);
    }
    // In another order perhaps: what one step needs another may bring to light.
    assert!(!node.applied().is_empty(), "{what}");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn whatever_is_changed_by_hand_is_seen_and_mended() {
    let node = Node::worker();
    node.applied();
    for (line, seen) in [
        ("rule delete priority 1", "ip rule add priority 1 fwmark 0xe00/0xf00 lookup 201"),
        ("route delete 10.0.2.0/24", "ip route add 10.0.2.0/24 via 172.18.0.4 dev eth0"),
        ("route delete 10.0.1.0/24", "ip route add 10.0.1.0/24 via 10.0.1.26 dev cilium_host"),
        ("route delete 10.0.1.26/32", "ip route add 10.0.1.26 dev cilium_host"),
        ("route flush table 201", "ip route add default dev cilium_wg0 proto 200 scope global table 201"),
        ("route delete unreachable default metric 4294967295 table 201", "ip route add unreachable default"),
        (
            "route replace 10.0.2.0/24 via 172.18.0.9 dev eth0 proto 200",
            "ip route replace 10.0.2.0/24 via 172.18.0.4",
        ),
        (
            "route add 10.0.9.0/24 via 172.18.0.9 dev eth0 proto 200",
            "ip route delete 10.0.9.0/24 via 172.18.0.9",
        ),
        ("rule add priority 3 fwmark 0xe00/0xff00 lookup 201 protocol 200", "ip rule delete priority 3"),
        (
            "address delete 10.0.1.26/32 dev cilium_host",
            "ip address add 10.0.1.26/32 scope link dev cilium_host",
        ),
        ("address add 10.0.1.99/32 dev cilium_host", "ip address delete 10.0.1.99/32 dev cilium_host"),
        ("address add 192.0.2.1/24 dev cilium_wg0", "ip address delete 192.0.2.1/24 dev cilium_wg0"),
        ("link delete cilium_net", "ip link add cilium_host type veth peer name cilium_net"),
        ("link set dev cilium_wg0 mtu 1500", "ip link set dev cilium_wg0 mtu 1420"),
        ("link set dev cilium_wg0 down", "ip link set dev cilium_wg0 up"),
        ("link set dev cilium_host down", "ip link set dev cilium_host up"),
        ("link set dev cilium_net arp on", "ip link set dev cilium_net arp off"),
        ("link set dev cilium_host txqueuelen 10", "ip link set dev cilium_host txqueuelen 1000"),
    ] {
        mended(&node, line, || drop(node.ip(line)), &[seen]);
    }
    for (below, value) in [
        ("ip_forward", "0"),
        ("conf/all/rp_filter", "1"),
        ("conf/cilium_host/rp_filter", "2"),
        ("conf/cilium_host/accept_local", "0"),
        ("conf/cilium_net/send_redirects", "1"),
        ("conf/cilium_wg0/rp_filter", "1"),
        (&*format!("conf/{POD}/rp_filter"), "1"),
    ] {
        let seen = format!("sysctl -w net.ipv4.{}=", below.replace('/', "."));
        mended(&node, below, || node.sysctl(below, value), &[&seen]);
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_is_not_ours_is_left_whatever_we_do() {
    let node = Node::worker();
    for line in [
        "route add 192.0.2.0/24 via 172.18.0.9 dev eth0",
        "route add 198.51.100.0/24 via 172.18.0.9 dev eth0 proto static",
        "route add default via 172.18.0.9 dev eth0 table 77",
        "rule add priority 50 fwmark 0x1 lookup 77",
        "address add 192.0.2.77/32 dev eth0",
    ] {
        node.ip(line);
    }
    let theirs = || {
        let text = node.ip("route show table all") + &node.ip("rule show") + &node.ip("-4 -o address show");
        let is_ours = |line: &&str| line.contains("proto 200") || line.contains("cilium_");
        let mut lines: Vec<String> = text.lines().filter(|line| !is_ours(line)).map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let before = theirs();
    node.applied();
    assert_eq!(theirs(), before);
    node.configure("encryption.enabled = false");
    node.applied();
    assert_eq!(theirs(), before);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn encryption_off_takes_rule_and_table_and_leaves_the_rest() {
    let node = Node::worker();
    node.applied();
    node.configure("encryption.enabled = false");
    let applied = node.applied();
    let first = "ip rule delete priority 1 fwmark 0xe00/0xf00 lookup 201 protocol 200";
    assert_eq!(applied.lines().next(), Some(first), "{applied}");
    assert_eq!(node.try_ip("route show table 201").out, "");
    assert!(node.ip("route get 10.0.2.194 mark 0xe00").contains("via 172.18.0.4 dev eth0"));
    node.configure("");
    node.applied();
    assert!(node.ip("route get 10.0.2.194 mark 0xe00").contains("dev cilium_wg0 table 201"));
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn without_the_tunnel_marked_packets_go_nowhere() {
    let mut node = Node::worker();
    node.applied();
    node.tunnel = None;
    assert_ne!(node.try_ip("route get 10.0.2.194 mark 0xe00").code, 0);
    let diff = node.datapath("diff", &[]);
    assert_eq!(diff.code, 1);
    assert!(diff.out.starts_with("# there is no device cilium_wg0"), "{}", diff.out);
    assert_eq!(node.datapath("apply", &[]).code, 1);
    assert_ne!(node.try_ip("route get 10.0.2.194 mark 0xe00").code, 0);
    node.tunnel = Some(wgtrace_testbed::Tun::new(&node.namespace, "cilium_wg0").unwrap());
    node.applied();
    assert!(node.ip("route get 10.0.2.194 mark 0xe00").contains("dev cilium_wg0 table 201"));
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn two_that_apply_at_once_do_not_hinder_each_other() {
    for _ in 0..5 {
        let node = Node::worker();
        std::thread::scope(|scope| {
            let both = [(); 2].map(|()| scope.spawn(|| node.datapath("apply", &[])));
            for said in both.map(|one| one.join().unwrap()) {
                assert_eq!(said.code, 0, "{}{}", said.out, said.err);
            }
        });
        assert_eq!(node.applied(), "");
    }
}
