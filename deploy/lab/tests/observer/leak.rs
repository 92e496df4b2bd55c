use std::time::Instant;

use wgtrace_api::v1::{EncryptionState, Packet, PacketsReply, PacketsRequest};
use wgtrace_lab::ping;
use wgtrace_testbed::FrameReceiver;

use crate::encryption::REMOTE;
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

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_leaks_while_nobody_listens_is_counted_and_said_by_status() {
    let world = World::up();
    assert!(world.lab.pod("net").unwrap().run(|| ping(REMOTE, 3)).unwrap().unwrap().is_whole());
    let (worker, other) = (world.lab.node(WORKER).unwrap(), world.lab.node(WORKER2).unwrap());
    let frame = cleartext("10.0.1.203", "10.0.2.194");
    let mut wire = other.run(|| FrameReceiver::open("eth0", 1 << 20)).unwrap().unwrap();
    let mut arrived = || {
        let mut count = 0;
        while let Some(seen) = wire.take().unwrap() {
            count += u64::from(seen == frame);
        }
        count
    };
    take_the_guard_away(worker);
    let (mut leaked, deadline) = (0, Instant::now() + PATIENCE);
    while leaked == 0 {
        assert!(Instant::now() < deadline, "nothing leaves");
        plant(worker.network(), "eth0", &frame);
        leaked += arrived();
    }
    // what was on its way is there by now: it took a question and an answer
    let drops = world.drops(WORKER);
    leaked += arrived();
    assert_eq!(drops.leaks, leaked, "{drops:#?}");
    assert!(drops.totals.iter().all(|total| total.hook != "tap-out"), "nothing was dropped there");
    let said = world.wgtrace("wgtrace status --lab=observer --wait 30").output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let line =
        format!("Lost:                   {leaked} tap-out: LEAK, left in the clear and had to be encrypted");
    assert_eq!(said.lines().filter(|said| **said == line).count(), 1, "{said}");
}
