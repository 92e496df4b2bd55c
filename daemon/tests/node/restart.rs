use std::fs;

use wgtrace_testbed::{Namespace, ping};

use crate::world::Node;

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn pods_outlive_the_daemon_and_the_next_one_knows_them() {
    for signal in ["TERM", "KILL"] {
        let mut node = Node::up("");
        let [net, cni] = [Namespace::new().unwrap(), Namespace::new().unwrap()];
        node.add("net", &net, "IP=10.0.1.203").unwrap();
        node.add("cni", &cni, "").unwrap();
        let left = node.left();
        let key = fs::read(node.path("lib/private.key")).unwrap();
        node.end(signal);
        // Nobody forwards but the programs.
        net.run(|| ping("10.0.1.26".parse().unwrap(), 1, 56)).unwrap().unwrap();
        node.start();
        assert_eq!(node.left(), left);
        assert_eq!(fs::read(node.path("lib/private.key")).unwrap(), key);
        node.cni("CHECK", "net", Some(&net), "").unwrap();
        let taken = node.add("other", &Namespace::new().unwrap(), "IP=10.0.1.203").unwrap_err().to_string();
        assert!(taken.contains("10.0.1.203"), "{taken}");
        net.run(|| ping("10.0.1.26".parse().unwrap(), 1, 56)).unwrap().unwrap();
        let log = node.log();
        let second = log.rsplit("the daemon ends").next().unwrap();
        let second = if signal == "TERM" { second } else { log.rsplit_once("node up").unwrap().0 };
        let second = second.rsplit_once("node up").map_or(second, |(_, after)| after);
        assert!(!second.contains("network put right"), "a second start changes nothing: {second}");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_happened_meanwhile_is_caught_up_with() {
    let mut node = Node::up("");
    let clean = node.left();
    let [kept, deleted, gone] = [(); 3].map(|()| Namespace::new().unwrap());
    for (id, pod) in [("kept", &kept), ("deleted", &deleted), ("gone", &gone)] {
        node.add(id, pod, "").unwrap();
    }
    node.end("KILL");
    let before = node.left();
    // The runtime deletes one, another ends without a word, and a cable was never finished.
    node.cni("DEL", "deleted", Some(&deleted), "").unwrap();
    assert_eq!(node.left(), before);
    drop(gone);
    node.ip("link add lxc0123456789ab type veth peer name halfway");
    node.start();
    assert_eq!(node.left(), [1, 1, clean[2] + 2]);
    node.cni("CHECK", "kept", Some(&kept), "").unwrap();
    node.cni("DEL", "kept", Some(&kept), "").unwrap();
    assert_eq!(node.left(), clean);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn encryption_is_switched_by_a_restart_and_cleanup_leaves_nothing() {
    let mut node = Node::up("");
    let pod = Namespace::new().unwrap();
    node.add("net", &pod, "").unwrap();
    assert!(node.ip("rule show").contains("fwmark 0xe00/0xf00 lookup 201"));
    node.end("TERM");
    node.configure("[encryption]\nenabled = false\n");
    node.start();
    assert!(!node.ip("rule show").contains("201") && !node.ip("link show").contains("cilium_wg0"));
    node.cni("CHECK", "net", Some(&pod), "").unwrap_err();
    let busy = node.output("cleanup");
    assert!(String::from_utf8_lossy(&busy.stderr).contains("another wgtraced runs"), "{busy:?}");
    node.end("TERM");
    let done = node.output("cleanup");
    assert!(done.status.success(), "{done:?}");
    assert_eq!(node.left(), [0, 0, 0]);
    let links = node.ip("-o link show");
    assert!(!links.contains("cilium") && links.lines().count() == 2, "{links}");
    assert!(!node.ip("route show table all").contains("proto 200"));
}
