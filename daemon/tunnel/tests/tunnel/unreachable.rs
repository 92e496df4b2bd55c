//! Peers that are said to be gone, and those that are.

use wgtrace_tunnel::{Device, DeviceSettings, DropCause, PeerSettings, Prefix};

use crate::world::{A, B, Kind, World, inner, ms, outer, packet, private, public, secs};

/// The network returns a datagram for this address to A, or somebody says so.
fn unreachable(world: &mut World, destination: std::net::SocketAddr) {
    let clock = world.clock();
    world.nodes[A].device.handle_unreachable(clock, &mut world.rng, destination);
    world.flush(A);
}

/// B ends; what it is sent is returned from now on.
fn kill(world: &mut World) {
    world.lose(|_| true);
    unreachable(world, outer(B));
}

/// B begins anew, and asks as it does.
fn restart(world: &mut World, asks: bool) {
    let clock = world.clock();
    let mut device = Device::new(world.now, DeviceSettings::new(private(B))).unwrap();
    let other = PeerSettings {
        endpoint: Some(outer(A)),
        allowed_ips: vec![Prefix::host(inner(A))],
        ..PeerSettings::new(public(A))
    };
    let peer = device.add_peer(clock, other).unwrap();
    if asks {
        device.initiate(clock, &mut world.rng, peer).unwrap();
    }
    (world.nodes[B].device, world.nodes[B].peer) = (device, peer);
    world.filter = Box::new(|_| true);
    world.flush(B);
}

fn tags(world: &World) -> Vec<Vec<u8>> {
    world.nodes[B].got.clone()
}

fn packets(tags: std::ops::Range<u32>) -> Vec<Vec<u8>> {
    tags.map(|tag| packet(A, B, tag, 100)).collect()
}

/// A worker's way: it asks the lane, keeps, seals.
fn send_as_worker(world: &mut World, tag: u32) {
    let path = world.nodes[A].device.data_path();
    let packet = packet(A, B, tag, 100);
    let out = path.routes().outbound(&packet).unwrap().outbound(world.now).unwrap();
    if out.is_suspected {
        world.nodes[A].device.keep(&out.session, &packet);
    }
    let mut message = vec![0; 160];
    message[16..116].copy_from_slice(&packet);
    out.session.reserve(world.now, 1).unwrap().seal(&mut message, 100, 1420).unwrap();
}

#[test]
fn what_was_sent_to_a_peer_that_was_gone_arrives_when_it_is_back() {
    let mut world = World::connected();
    kill(&mut world);
    for tag in 1..5 {
        world.send(A, tag);
        world.run(ms(200));
    }
    send_as_worker(&mut world, 5);
    assert_eq!(world.status(A).copies, Some(5));
    world.run(ms(500));
    assert!(tags(&world).is_empty());
    restart(&mut world, true);
    world.run(ms(100));
    assert_eq!(tags(&world), packets(1..6));
    assert_eq!((world.status(A).copies, world.dropped(A, DropCause::PeerGone)), (None, 0));
}

#[test]
fn the_newest_are_kept_and_the_others_counted_once() {
    let mut world = World::connected();
    kill(&mut world);
    for tag in 0..300 {
        world.send(A, tag);
    }
    assert_eq!((world.status(A).copies, world.dropped(A, DropCause::PeerGone)), (Some(128), 0));
    restart(&mut world, true);
    world.run(ms(100));
    assert_eq!(tags(&world), packets(172..300));
    assert_eq!(world.dropped(A, DropCause::PeerGone), 172);
    assert_eq!(world.dropped(A, DropCause::StagedOverflow), 0);
}

#[test]
fn a_peer_that_asks_for_nothing_after_its_restart_is_known_by_what_it_did_not_answer() {
    let mut world = World::connected();
    world.run(secs(6));
    kill(&mut world);
    world.send(A, 1);
    world.run(secs(2));
    restart(&mut world, false);
    world.run(secs(5));
    assert_eq!(tags(&world), packets(1..2));
}

#[test]
fn a_lie_about_a_peer_that_lives_sends_nothing_twice() {
    for pause in [0, 6] {
        let mut world = World::connected();
        world.run(secs(pause));
        let before = world.count(A, Kind::Initiation);
        unreachable(&mut world, outer(B));
        for tag in 0..200 {
            world.send(A, tag);
        }
        assert_eq!(world.status(A).copies, Some(128));
        world.run(ms(100));
        world.send(B, 7);
        world.run(ms(100));
        assert_eq!((world.status(A).copies, tags(&world)), (None, packets(0..200)));
        assert!(world.count(A, Kind::Initiation) <= before + 1);
        assert_eq!(world.dropped(A, DropCause::PeerGone), 0);
    }
}

#[test]
fn a_peer_that_lives_and_has_nothing_to_say_answers_the_question() {
    let mut world = World::connected();
    world.run(secs(6));
    unreachable(&mut world, outer(B));
    world.send(A, 1);
    world.run(ms(100));
    assert_eq!((world.status(A).copies, tags(&world)), (None, packets(1..2)));
}

#[test]
fn a_rekey_of_the_peers_own_accord_sends_nothing_twice() {
    let mut world = World::connected();
    world.run(secs(6));
    // B has asked before the lie, and goes on after it.
    let (clock, peer) = (world.clock(), world.nodes[B].peer);
    world.nodes[B].device.initiate(clock, &mut world.rng, peer).unwrap();
    world.flush(B);
    world.run(ms(15));
    unreachable(&mut world, outer(B));
    world.send(A, 1);
    world.run(ms(200));
    assert_eq!((world.status(A).copies, tags(&world)), (None, packets(1..2)));
}

#[test]
fn a_flood_of_lies_costs_bounded_copies_and_a_handshake_in_five_seconds() {
    let mut world = World::connected();
    for tag in 0..20_000 {
        unreachable(&mut world, outer(B));
        world.send(A, tag);
        assert!(world.status(A).copies.unwrap() <= 128);
        world.run(ms(1));
    }
    world.run(ms(100));
    assert!(world.count(A, Kind::Initiation) <= 5, "{}", world.count(A, Kind::Initiation));
    assert_eq!(tags(&world), packets(0..20_000));
    assert!(world.drops(A).iter().chain(&world.drops(B)).all(|drops| drops.total() == 0));
}

#[test]
fn addresses_of_nobody_mean_nothing() {
    let mut world = World::connected();
    world.run(secs(6));
    let other_port = std::net::SocketAddr::new(outer(B).ip(), 1);
    for destination in [outer(A), outer(9), other_port, "[2001:db8::1]:51871".parse().unwrap()] {
        unreachable(&mut world, destination);
    }
    world.send(A, 1);
    assert_eq!((world.status(A).copies, world.count(A, Kind::Initiation)), (None, 0));
}

#[test]
fn without_a_session_there_is_nothing_to_copy() {
    let mut world = World::new();
    world.lose(|_| true);
    world.send(A, 1);
    unreachable(&mut world, outer(B));
    assert_eq!((world.status(A).copies, world.status(A).staged), (None, 1));
    assert_eq!(world.count(A, Kind::Initiation), 1);
}

#[test]
fn copies_of_who_stays_away_go_and_are_counted() {
    let mut world = World::connected();
    world.run(secs(6));
    kill(&mut world);
    for tag in 0..200 {
        world.send(A, tag);
    }
    world.run(secs(120));
    assert_eq!((world.status(A).copies, world.dropped(A, DropCause::PeerGone)), (None, 200));
    // said again, it begins again
    unreachable(&mut world, outer(B));
    world.send(A, 900);
    restart(&mut world, true);
    world.run(ms(100));
    assert_eq!(tags(&world), packets(900..901));
}

#[test]
fn a_peer_that_is_removed_takes_its_copies_with_it() {
    let mut world = World::connected();
    kill(&mut world);
    world.send(A, 1);
    let (clock, peer) = (world.clock(), world.nodes[A].peer);
    world.nodes[A].device.remove_peer(clock, &mut world.rng, peer).unwrap();
    unreachable(&mut world, outer(B));
    assert_eq!(world.nodes[A].device.peers().count(), 0);
}

#[test]
fn copies_and_what_waits_go_in_order() {
    let mut world = World::connected();
    kill(&mut world);
    world.run(secs(170));
    // given up meanwhile, and said again
    unreachable(&mut world, outer(B));
    world.send(A, 1);
    world.run(secs(12));
    // the session is too old now
    world.send(A, 2);
    assert_eq!((world.status(A).copies, world.status(A).staged), (Some(1), 1));
    restart(&mut world, true);
    world.run(ms(100));
    assert_eq!(tags(&world), packets(1..3));
}
