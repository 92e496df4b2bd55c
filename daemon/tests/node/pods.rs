use std::process::Command;

use wgtrace_testbed::{Namespace, ping};

use crate::world::Node;

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn pods_of_a_node_reach_each_other_and_nobody_reaches_an_address_that_nobody_has() {
    let node = Node::up("");
    let [net, cni] = [Namespace::new().unwrap(), Namespace::new().unwrap()];
    assert_eq!(node.add("net", &net, "IP=10.0.1.203").unwrap(), "10.0.1.203/32");
    assert_eq!(node.add("cni", &cni, "IP=10.0.1.54").unwrap(), "10.0.1.54/32");
    net.run(|| ping("10.0.1.54".parse().unwrap(), 2, 56)).unwrap().unwrap();
    cni.run(|| ping("10.0.1.26".parse().unwrap(), 1, 56)).unwrap().unwrap();
    net.run(|| ping("10.77.0.1".parse().unwrap(), 1, 56)).unwrap().unwrap_err();
    node.cni("CHECK", "net", Some(&net), "").unwrap();
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_pod_sends_no_more_at_once_than_the_tunnel_carries_at_once() {
    let node = Node::up("");
    let net = Namespace::new().unwrap();
    node.add("net", &net, "").unwrap();
    let show = || Command::new("ip").args(["-d", "link", "show", "dev", "eth0"]).output();
    let output = net.run(show).unwrap().expect("ip is not installed (Debian: iproute2)");
    let shown = String::from_utf8(output.stdout).unwrap();
    // 65507 bytes of UDP hold 45 messages of 1420 + 32 bytes
    assert!(shown.contains("gso_max_segs 45 "), "{shown}");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_cannot_be_added_leaves_nothing() {
    let node = Node::up("pod-cidr = \"10.0.1.0/29\"\nrouter-ip = \"10.0.1.1\"\n");
    let before = node.left();
    let pod = Namespace::new().unwrap();
    let refused = |id: &str, pod: &Namespace, args: &str| node.add(id, pod, args).unwrap_err().to_string();
    for (args, part) in [
        ("IP=10.0.1.1", "the router's"),
        ("IP=10.0.1.7", "broadcast"),
        ("IP=10.0.2.4", "10.0.1.0/29"),
        ("IP=ten", "`ten` is no IPv4 address"),
    ] {
        let told = refused("a", &pod, args);
        assert!(told.contains(part), "{args}: {told}");
    }
    let told = refused("a/b", &pod, "");
    assert!(told.contains("container ID"), "{told}");
    let told = refused("a", &node.namespace, "");
    assert!(told.contains("the node's own"), "{told}");
    let peer = Namespace::new().unwrap();
    pod.veth("eth0", (&peer, "other")).unwrap();
    let told = refused("a", &pod, "");
    assert!(told.contains("has an interface eth0 already"), "{told}");
    assert_eq!(node.left(), before);
    // The addresses of those that failed are free.
    let pods: Vec<Namespace> = (0..4).map(|_| Namespace::new().unwrap()).collect();
    for (n, pod) in pods.iter().enumerate() {
        node.add(&format!("pod-{n}"), pod, "").unwrap();
    }
    let told = refused("one-more", &peer, "");
    assert!(told.contains("in use"), "{told}");
    let told = refused("pod-1", &peer, "");
    assert!(told.contains("has an address already"), "{told}");
    assert_eq!(node.left()[0], 4);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn check_names_what_is_missing() {
    let node = Node::up("");
    let pod = Namespace::new().unwrap();
    node.add("net", &pod, "").unwrap();
    let checked = || node.cni("CHECK", "net", Some(&pod), "").map_err(|error| error.to_string());
    checked().unwrap();
    pod.down("eth0").unwrap();
    assert!(checked().unwrap_err().contains("ip link set dev eth0 up"), "{checked:?}", checked = checked());
    let device = node.ip("-o link show");
    let device = device.split([' ', '@']).find(|word| word.starts_with("lxc")).unwrap().to_owned();
    node.namespace.delete(&device).unwrap();
    assert!(checked().unwrap_err().contains("is gone"));
    let unknown = node.cni("CHECK", "nobody", Some(&pod), "").unwrap_err().to_string();
    assert!(unknown.contains("not known here"), "{unknown}");
    // A device that is gone already is no reason not to forget the pod.
    node.cni("DEL", "net", None, "").unwrap();
    assert_eq!(node.left()[..2], [0, 0]);
}
