use std::collections::BTreeMap;

use wgtrace_api::v1::{Count, EncryptionState, Flow, Hop, Packet};
use wgtrace_lab::ping;

use crate::world::{WORKER, WORKER2, World};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_ping_to_another_node_is_one_encrypted_flow_from_hop_to_hop() {
    let world = World::up();
    let pod = world.lab.pod("net").unwrap();
    let mut flows = [WORKER, WORKER2].map(|node| world.flows(node, "icmp"));
    let mut packets = [WORKER, WORKER2].map(|node| world.packets(node, "icmp"));
    assert!(pod.run(|| ping(REMOTE, 5)).unwrap().unwrap().is_whole());

    let [here, there] = &mut flows;
    let flow = world.flow(here, |flow| sent(flow, "tap-out") == 5 && received(flow, "to-container") == 5);
    let way: Vec<_> = flow.hops.iter().filter(|hop| forward(hop) != 0).map(name).collect();
    let device = pod.host_device();
    assert_eq!(
        way,
        [(device, "from-container", false), ("cilium_wg0", "to-wireguard", false), ("eth0", "tap-out", true)]
    );
    assert!(flow.hops.iter().all(|hop| [0, 5].contains(&forward(hop))), "{flow:#?}");
    let back: Vec<_> = flow.hops.iter().filter(|hop| backward(hop) != 0).map(name).collect();
    assert_eq!(back[..2], [("eth0", "tap-in", true), ("cilium_wg0", "from-wireguard", false)]);
    assert_eq!(back.last(), Some(&(device, "to-container", false)));
    assert_eq!(flow.encryption(), EncryptionState::Encrypted);
    assert!(flow.peer.len() == 44 && flow.peer_node == WORKER2 && flow.rtt > 0, "{flow:#?}");
    let parties = [flow.source.unwrap(), flow.destination.unwrap()];
    assert_eq!([parties[0].node.as_str(), parties[1].node.as_str()], [WORKER, WORKER2]);
    assert_eq!(parties[0].pod, "default/net");

    let flow = world.flow(there, |flow| sent(flow, "to-container") == 5 && received(flow, "tap-out") == 5);
    let way: Vec<_> = flow.hops.iter().filter(|hop| forward(hop) != 0).map(name).collect();
    assert_eq!(way[..2], [("eth0", "tap-in", true), ("cilium_wg0", "from-wireguard", false)]);
    assert_eq!((flow.encryption(), flow.peer_node.as_str()), (EncryptionState::Encrypted, WORKER));

    // one packet, one name, from the pod to the other pod
    let mut ways: BTreeMap<u64, Vec<(String, String)>> = BTreeMap::new();
    for (stream, count) in packets.iter_mut().zip([45, 45]) {
        for packet in world.take(stream, count) {
            assert_ne!(packet.identity, 0, "{packet:#?}");
            ways.entry(packet.identity).or_default().push((packet.node.clone(), packet.hook.clone()));
            check(&packet);
        }
    }
    assert_eq!(ways.len(), 10, "{ways:#?}");
    for way in ways.values() {
        let at = |node: &str, hook: &str| way.contains(&(node.to_owned(), hook.to_owned()));
        let (from, to) = if at(WORKER, "from-container") { (WORKER, WORKER2) } else { (WORKER2, WORKER) };
        for hook in ["from-container", "to-wireguard", "to-netdev", "tap-out"] {
            assert!(at(from, hook), "{from} {hook}: {way:#?}");
        }
        for hook in ["tap-in", "from-netdev", "from-wireguard", "from-host", "to-container"] {
            assert!(at(to, hook), "{to} {hook}: {way:#?}");
        }
    }
}

/// What ciphertext says of itself.
fn check(packet: &Packet) {
    let is_native = packet.interface == "eth0";
    assert_eq!(packet.wireguard.is_some(), is_native, "{packet:#?}");
    assert_eq!(packet.inner_protocol == 1, is_native, "{packet:#?}");
    let expected = if is_native { EncryptionState::Encrypted } else { EncryptionState::None };
    assert_eq!(packet.encryption(), expected, "{packet:#?}");
    if let Some(message) = &packet.wireguard {
        assert_eq!(message.kind, "TransportData");
        let other = if packet.node == WORKER { WORKER2 } else { WORKER };
        assert_eq!(message.peer_node, other);
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_ping_within_a_node_is_seen_at_no_native_device() {
    let world = World::up();
    let mut flows = world.flows(WORKER, "icmp");
    let neighbour = world.lab.pod("cni-vk8fx").unwrap().address();
    assert!(world.lab.pod("net").unwrap().run(|| ping(neighbour, 3)).unwrap().unwrap().is_whole());
    let flow = world.flow(&mut flows, |flow| received(flow, "to-container") == 3);
    assert_eq!(flow.encryption(), EncryptionState::None);
    assert!(flow.hops.iter().all(|hop| hop.interface.starts_with("lxc")), "{flow:#?}");
}

fn name(hop: &Hop) -> (&str, &str, bool) {
    (&hop.interface, &hop.hook, hop.sealed)
}

fn packets(count: Option<&Count>) -> u64 {
    count.map_or(0, |count| count.packets)
}

fn forward(hop: &Hop) -> u64 {
    packets(hop.forward.as_ref())
}

fn backward(hop: &Hop) -> u64 {
    packets(hop.backward.as_ref())
}

/// Packets from who began, at a hook.
fn sent(flow: &Flow, hook: &str) -> u64 {
    flow.hops.iter().filter(|hop| hop.hook == hook).map(forward).sum()
}

/// Packets to who began.
fn received(flow: &Flow, hook: &str) -> u64 {
    flow.hops.iter().filter(|hop| hop.hook == hook).map(backward).sum()
}

const REMOTE: std::net::Ipv4Addr = std::net::Ipv4Addr::new(10, 0, 2, 194);
