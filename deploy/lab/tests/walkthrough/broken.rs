//! What is broken is noticed by the step that it is a matter of.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};
use wgtrace_lab::Lab;
use wgtrace_lab::walkthrough::Verdict;
use wgtrace_testbed::within;

use crate::world::{WORKER, WORKER2, World, differing, differs, passes, run, tool};

/// The daemon is held still meanwhile, as it mends what it notices; then it does.
#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn interfaces_routes_and_rules_of_the_node_that_are_off_are_noticed() {
    let world = World::new();
    let lab = world.up("");
    for (step, damage) in [
        ("node addresses", "ip address del 10.0.1.26/32 dev cilium_host"),
        ("node addresses", "ip link set cilium_net mtu 1400"),
        ("tunnel device", "ip link set cilium_wg0 mtu 1400"),
        ("node routes", "ip route del 10.0.2.0/24"),
        ("rules", "ip rule del priority 1"),
        ("table 201", "ip route del default dev cilium_wg0 table 201"),
        ("table 201", "ip route del unreachable default table 201 metric 4294967295"),
    ] {
        let held = Held::still(&lab, WORKER);
        passes(&lab, step);
        tool(&lab, WORKER, damage);
        differs(&lab, step);
        drop(held);
        is_mended(&lab, step);
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_pod_that_is_off_is_noticed() {
    let world = World::new();
    let lab = world.up("");
    for (step, damage, repair) in [
        ("pod addresses", "ip link set eth0 mtu 1400", "ip link set eth0 mtu 1500"),
        ("pod addresses", "ip address add 10.0.1.99/32 dev eth0", "ip address del 10.0.1.99/32 dev eth0"),
        (
            "pod routes",
            "ip route del default",
            "ip route add default via 10.0.1.26 dev eth0 proto 200 mtu 1420",
        ),
    ] {
        passes(&lab, step);
        tool(&lab, "net", damage);
        differs(&lab, step);
        tool(&lab, "net", repair);
        passes(&lab, step);
    }
    // without its mtu, larger segments are asked for
    let route = |mtu: &str| format!("ip route replace default via 10.0.1.26 dev eth0 proto 200{mtu}");
    tool(&lab, "net", &route(""));
    differs(&lab, "pod routes");
    differs(&lab, "node port capture");
    tool(&lab, "net", &route(" mtu 1420"));
    passes(&lab, "node port capture");
}

/// Whatever stops it then or has it encrypted, nobody reads it.
#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_mark_that_is_lost_is_noticed() {
    let world = World::new();
    let lab = world.up("");
    passes(&lab, "tunnel capture");
    tool(&lab, WORKER, "nft add table ip off");
    tool(&lab, WORKER, "nft add chain ip off marks { type filter hook prerouting priority -150 ; }");
    tool(&lab, WORKER, "nft add rule ip off marks meta mark set 0");
    let outcome = differs(&lab, "tunnel capture");
    assert!(
        outcome.faults.iter().any(|fault| fault.starts_with("not so: the request was routed there")),
        "{outcome}"
    );
    let outcome = run(&lab, "wire capture");
    assert!(outcome.notes.iter().any(|note| note.ends_with("can be read")), "{outcome}");
    tool(&lab, WORKER, "nft delete table ip off");
    passes(&lab, "tunnel capture");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_near_pod_that_does_not_answer_is_noticed() {
    let world = World::new();
    let lab = world.up("");
    passes(&lab, "same node");
    tool(&lab, "cni-vk8fx", "ip link set eth0 down");
    let outcome = differs(&lab, "same node");
    assert_eq!(outcome.faults[0], "not so: 10.0.1.54 answers");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn without_the_services_rules_its_steps_differ() {
    let world = World::new();
    let lab = world.up("");
    let steps = [
        "cluster address",
        "node port",
        "node port capture",
        "connection",
        "service rules",
        "remote node port",
    ];
    tool(&lab, WORKER, "nft delete table ip kube_proxy");
    tool(&lab, WORKER2, "nft delete table ip kube_proxy");
    assert_eq!(differing(&lab), [&["decryption"][..], &steps].concat());
}

/// The near pod answers the asking pod itself, whose address it knows, and the connection is another one.
#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn without_the_nodes_own_translation_the_connection_differs() {
    let world = World::new();
    let lab = world.up("");
    passes(&lab, "connection");
    let held = Held::still(&lab, WORKER);
    tool(&lab, WORKER, "nft delete table ip wgtrace_nat");
    differs(&lab, "connection");
    drop(held);
    is_mended(&lab, "connection");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_peer_that_is_gone_and_one_with_another_key_are_noticed() {
    let world = World::new();
    let lab = world.up("");
    let entry = lab.home().registry().join(format!("{WORKER2}.json"));
    let text = fs::read_to_string(&entry).unwrap();
    passes(&lab, "peers");
    // or the node would put its entry back
    tool(&lab, WORKER2, &format!("mount -o remount,bind,ro {}", lab.home().registry().display()));
    fs::remove_file(&entry).unwrap();
    within("the peer is gone", || (run(&lab, "other node").verdict == Verdict::Differs).then_some(()));
    differs(&lab, "peers");
    put(&entry, &text);
    within("the peer is back", || (run(&lab, "other node").verdict == Verdict::Ok).then_some(()));
    passes(&lab, "peers");
    // the same but for a few bits, which is nobody's
    let key = text.split('"').find(|word| word.len() == 44 && word.ends_with('=')).unwrap();
    put(&entry, &text.replace(key, &format!("AAAA{}", &key[4..])));
    within("the peer has another key", || {
        (run(&lab, "other node").verdict == Verdict::Differs).then_some(())
    });
    for step in ["peers", "pod capture", "tunnel capture", "wire capture"] {
        differs(&lab, step);
    }
    put(&entry, &text);
    within("the peer has its key again", || (run(&lab, "other node").verdict == Verdict::Ok).then_some(()));
}

/// The positive control: what is to be seen when it is not encrypted is seen.
#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn without_encryption_everything_is_read_on_the_wire() {
    let world = World::new();
    let lab = world.up("--encryption off");
    passes(&lab, "node port");
    for step in ["tunnel device", "rules", "table 201", "tunnel capture"] {
        differs(&lab, step);
    }
    for step in ["wire capture", "decryption", "cluster address", "remote node port"] {
        let outcome = differs(&lab, step);
        let is_read =
            |fault: &String| fault.starts_with("readable on eth0: ") && fault.contains("10.0.2.194");
        assert!(outcome.faults.iter().any(is_read), "{outcome}");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn keys_of_other_sessions_open_nothing() {
    let world = World::new();
    let lab = world.up("");
    passes(&lab, "decryption");
    let keys = lab.node(WORKER).unwrap().key_log().unwrap();
    let theirs = fs::read_to_string(&keys).unwrap();
    let astray: Vec<String> = theirs.lines().map(|line| line.replacen("0x", "0x1", 1)).collect();
    let astray: Vec<String> = astray.iter().map(|line| format!("{}{}", &line[..10], &line[11..])).collect();
    fs::write(&keys, astray.join("\n") + "\n").unwrap();
    differs(&lab, "decryption");
}

/// A daemon that is held still, and let go with this.
struct Held(Pid);

impl Held {
    fn still(lab: &Lab, node: &str) -> Self {
        let daemons = lab.daemons().unwrap();
        let pid = daemons.iter().find(|daemon| daemon.node == node).unwrap().pid.unwrap();
        let pid = Pid::from_raw(pid).unwrap();
        kill_process(pid, Signal::STOP).unwrap();
        Self(pid)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        kill_process(self.0, Signal::CONT).unwrap();
    }
}

/// Whether the daemon mends what a step is about. It looks at once when an interface comes, else now and then.
#[track_caller]
fn is_mended(lab: &Lab, step: &str) {
    tool(lab, WORKER, "ip link add news type bridge");
    tool(lab, WORKER, "ip link del news");
    within("the daemon mends it", || (run(lab, step).verdict == Verdict::Ok).then_some(()));
}

/// Puts a text in a file's place, whole.
fn put(path: &std::path::Path, text: &str) {
    let unfinished = path.with_extension("new");
    fs::write(&unfinished, text).unwrap();
    fs::rename(&unfinished, path).unwrap();
}
