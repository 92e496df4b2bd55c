use std::time::Instant;

use wgtrace_api::v1::{EncryptionState, Packet, PacketsReply, PacketsRequest};

use crate::planted::{cleartext, plant, take_the_guard_away};
use crate::world::{CONTROL_PLANE, PATIENCE, WORKER, WORKER2, World};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_leak_is_told_where_it_leaves_and_where_it_comes_in_and_counted_where_it_left() {
    let world = World::up();
    let request = PacketsRequest { filter: "udp and port 7999".into(), ..Default::default() };
    let at = |node, hooks: &[&str]| world.packets_at(node, hooks, request.clone());
    let mut leaving = at(WORKER, &["tap-out"]);
    let [mut coming, mut passing] = [WORKER2, CONTROL_PLANE].map(|node| at(node, &["tap-in", "from-netdev"]));
    let worker = world.lab.node(WORKER).unwrap();
    take_the_guard_away(worker);
    let mut left = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while !left.iter().any(is_plain) {
        assert!(Instant::now() < deadline, "{left:#?}");
        // until it is gone, the guard puts them into the tunnel
        plant(worker.network(), "eth0", &cleartext("10.0.1.203", "10.0.2.194"));
        left.extend(world.soon(&mut leaving).into_iter().flat_map(|reply| reply.packets));
    }
    let plain: Vec<_> = left.iter().filter(|packet| is_plain(packet)).collect();
    assert!(plain.iter().all(|packet| packet.encryption() == EncryptionState::Leak), "{plain:#?}");
    assert_eq!(world.drops(WORKER).leaks, plain.len() as u64);

    // the node that it is for keeps it from the pod
    let found = |reply: &PacketsReply| {
        reply.packets.iter().any(|packet| packet.hook == "from-netdev" && is_plain(packet))
    };
    let of = |reply: &PacketsReply, hook: &str| {
        reply.packets.iter().find(|packet| packet.hook == hook && is_plain(packet)).cloned()
    };
    let reply = world.until(&mut coming, found);
    let dropped = of(&reply, "from-netdev").unwrap();
    assert_eq!((dropped.verdict.as_str(), dropped.drop_reason), ("dropped", 195), "{dropped:#?}");
    if let Some(tapped) = of(&reply, "tap-in") {
        assert_eq!(tapped.encryption(), EncryptionState::Leak, "{tapped:#?}");
    }
    let drops = world.drops(WORKER2);
    assert_eq!(drops.leaks, 0, "it did not leave there");
    assert!(
        drops.totals.iter().any(|total| total.hook == "from-netdev" && total.reason == 195),
        "{drops:#?}"
    );

    // to the third it is nothing
    let reply = world.until(&mut passing, found);
    assert_eq!(of(&reply, "from-netdev").unwrap().verdict, "forwarded");
    if let Some(tapped) = of(&reply, "tap-in") {
        assert_eq!(tapped.encryption(), EncryptionState::Clear, "{tapped:#?}");
    }
    assert_eq!(world.drops(CONTROL_PLANE).leaks, 0);
}

/// It is no ciphertext.
fn is_plain(packet: &Packet) -> bool {
    packet.wireguard.is_none()
}
