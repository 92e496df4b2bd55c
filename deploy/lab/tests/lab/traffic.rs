//! What pods say to each other, and what is seen of it.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};

use wgtrace_lab::{Capture, Frame, Lab, Recording, http, ping};
use wgtrace_testbed::{PATIENCE, within};

use crate::world::{WORKER, World};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn pods_of_two_nodes_reach_each_other_in_the_tunnel_alone() {
    let world = World::new();
    let lab = world.up("a", "");
    let (native, tunnel) = (capture(&lab, "eth0"), Some(capture(&lab, "cilium_wg0")));
    let report = lab.pod("net").unwrap().run(|| ping(REMOTE, 2)).unwrap().unwrap();
    assert_eq!(report.replies.iter().map(|reply| reply.ttl).collect::<Vec<_>>(), [60, 60]);
    let tunnel = tunnel.unwrap();
    tunnel.wait_for("four echoes", PATIENCE, |frames| frames.len() >= 4).unwrap();
    let (native, tunnel) = (native.stop().unwrap(), tunnel.stop().unwrap());
    // bare packets, those that the node sent itself among them
    assert_eq!((tunnel.link, native.link), (101, 1));
    let directions: Vec<bool> = tunnel.frames.iter().map(|frame| frame.is_outgoing).collect();
    assert_eq!(directions, [true, false, true, false]);
    assert!(tunnel.frames.iter().all(|frame| frame.bytes.len() == 84 && frame.bytes[0] == 0x45));
    assert!(native.frames.iter().filter(|frame| is_wireguard(frame)).count() >= 4);
    assert!(!native.frames.iter().any(is_of_pods), "{:?}", native.frames);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn without_encryption_the_same_is_seen_in_clear() {
    let world = World::new();
    let lab = world.up("a", "--encryption off");
    let native = capture(&lab, "eth0");
    let report = lab.pod("net").unwrap().run(|| ping(REMOTE, 1)).unwrap().unwrap();
    assert!(report.is_whole());
    native
        .wait_for("both echoes", PATIENCE, |frames| frames.iter().filter(|it| is_of_pods(it)).count() >= 2)
        .unwrap();
    let native = native.stop().unwrap();
    assert!(!native.frames.iter().any(is_wireguard));
    assert!(lab.node(WORKER).unwrap().network().link("cilium_wg0").is_err());
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn pods_of_one_node_reach_each_other_without_leaving_it() {
    let world = World::new();
    let lab = world.up("a", "");
    let (native, tunnel) = (capture(&lab, "eth0"), capture(&lab, "cilium_wg0"));
    let pod = lab.pod("cni-vk8fx").unwrap();
    let report = lab.pod("net").unwrap().run(|| ping(pod.address(), 2)).unwrap().unwrap();
    assert!(report.is_whole());
    assert!(tunnel.stop().unwrap().frames.is_empty());
    assert!(!native.stop().unwrap().frames.iter().any(is_of_pods));
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn the_service_is_reached_by_all_of_its_addresses_and_leads_to_both_pods() {
    let world = World::new();
    let lab = world.up("a", "");
    let native = capture(&lab, "eth0");
    for at in ["10.96.142.173:80", "172.18.0.3:32000", "172.18.0.4:32000", "172.18.0.2:32000"] {
        let at: SocketAddr = at.parse().unwrap();
        let mut bodies = BTreeSet::new();
        // each is as likely
        for _ in 0..64 {
            let answer = lab.pod("net").unwrap().run(|| http::get(at)).unwrap().unwrap();
            assert_eq!(answer.status, 200);
            bodies.insert(answer.body);
            if bodies.len() == 2 {
                break;
            }
        }
        let expected = [("cni-7n2f9", "10.0.2.194"), ("cni-vk8fx", "10.0.1.54")];
        let expected = expected.map(|(pod, ip)| format!("PodName: {pod} | PodIP: eth0 {ip}/32\n"));
        assert_eq!(bodies, BTreeSet::from(expected), "{at}");
    }
    let native = native.stop().unwrap();
    assert!(native.frames.iter().any(is_wireguard));
    assert!(!native.frames.iter().any(is_of_pods), "{:?}", native.frames);
    assert!(!has_text(&native, b"PodName"));
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn nothing_needs_to_be_installed_to_ping_ask_and_capture_in_a_pod() {
    let world = World::new();
    let _lab = world.up("a", "");
    let program = env!("CARGO_BIN_EXE_wgtrace-lab");
    let file = world.directory().join("eth0.pcap");
    let (written, shown) = (file.display(), file.clone());
    let mut capture = world.start(
        "a",
        &["exec", "net", program, "capture", "eth0", "--count", "2", "--write", &written.to_string()],
    );
    // as long as it takes to begin
    within("two packets were captured", || {
        let said = world.ok("a", &format!("exec net {program} ping 10.0.2.194"));
        assert!(said.contains("64 bytes from 10.0.2.194: seq=0 ttl=60 time="), "{said}");
        shown.exists().then_some(())
    });
    assert_eq!(capture.code(), 0);
    let said = world.ok("a", &format!("exec net {program} get 172.18.0.3:32000"));
    assert!(said.starts_with("PodName: cni-") && said.ends_with("/32\n"), "{said}");
    let unknown = world.run("a", &["exec", "net", program, "ping", "10.0.2.7"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.out.contains("1 packets transmitted, 0 packets received, 100% packet loss"));
    std::fs::remove_file(&file).unwrap();
}

const REMOTE: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 194);

fn capture(lab: &Lab, interface: &str) -> Capture {
    lab.node(WORKER).unwrap().run(|| Capture::start(interface)).unwrap().unwrap()
}

/// IPv4 in Ethernet, UDP from and to the port of WireGuard.
fn is_wireguard(frame: &Frame) -> bool {
    let bytes = &frame.bytes;
    bytes.len() > 42
        && bytes[12..14] == [8, 0]
        && bytes[23] == 17
        && bytes[34..38] == [0xca, 0x9f, 0xca, 0x9f]
}

/// IPv4 in Ethernet, from or to a pod.
fn is_of_pods(frame: &Frame) -> bool {
    let bytes = &frame.bytes;
    bytes.len() >= 34 && bytes[12..14] == [8, 0] && (bytes[26] == 10 || bytes[30] == 10)
}

fn has_text(recording: &Recording, text: &[u8]) -> bool {
    recording.frames.iter().any(|frame| frame.bytes.windows(text.len()).any(|window| window == text))
}
