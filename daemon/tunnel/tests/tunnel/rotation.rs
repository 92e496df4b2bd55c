//! Whitepaper 6.3: previous, current and next session.

use wgtrace_tunnel::DropCause;

use crate::world::{A, B, Kind, World, ms, outer, packet, secs};

/// A packet of A under the session it has now, kept off the wire.
fn held_back(world: &mut World, tag: u32) -> Vec<u8> {
    world.lose(|entry| entry.kind == Kind::Packet);
    world.send(A, tag);
    world.filter = Box::new(|_| true);
    world.last(A, Kind::Packet)
}

fn rekey(world: &mut World, from: usize) {
    world.run(secs(6));
    let (clock, peer) = (world.clock(), world.nodes[from].peer);
    world.nodes[from].device.initiate(clock, &mut world.rng, peer).unwrap();
    world.flush(from);
    world.run(ms(100));
}

#[test]
fn late_message_of_the_previous_session_is_read() {
    let mut world = World::connected();
    let late = held_back(&mut world, 1);
    rekey(&mut world, A);
    assert_eq!(world.inject(B, outer(A), &late), Ok(()));
    assert_eq!(world.nodes[B].got, [packet(A, B, 1, 100)]);
}

#[test]
fn session_before_the_previous_one_is_gone() {
    let mut world = World::connected();
    let late = held_back(&mut world, 1);
    rekey(&mut world, A);
    rekey(&mut world, A);
    assert_eq!(world.inject(B, outer(A), &late), Err(DropCause::UnknownReceiver));
    for n in [A, B] {
        let device = &world.nodes[n].device;
        assert_eq!(device.sessions(world.nodes[n].peer).unwrap().len(), 2);
        assert_eq!(device.footprint().0, 2);
    }
}

#[test]
fn responder_keeps_sending_under_the_current_session_until_the_next_is_confirmed() {
    let mut world = World::connected();
    let before = world.status(B).session.unwrap().local;
    world.lose(|entry| entry.from == B && entry.kind == Kind::Response);
    rekey(&mut world, A);
    world.send(B, 1);
    world.run(ms(100));
    assert_eq!(world.status(B).session.unwrap().local, before);
    assert_eq!(world.nodes[A].got, [packet(B, A, 1, 100)]);
    // The initiator, too, sends under what it has while it asks.
    world.send(A, 2);
    world.run(ms(100));
    assert_eq!(world.nodes[B].got, [packet(A, B, 2, 100)]);
    world.filter = Box::new(|_| true);
    world.run(secs(6));
    assert_ne!(world.status(B).session.unwrap().local, before);
}

#[test]
fn unconfirmed_session_gives_way_to_a_newer_one() {
    let mut world = World::connected();
    world.lose(|entry| entry.from == B && entry.kind == Kind::Response);
    for _ in 0..5 {
        rekey(&mut world, A);
    }
    assert!(world.nodes[B].device.sessions(world.nodes[B].peer).unwrap().len() <= 2);
    world.filter = Box::new(|_| true);
    rekey(&mut world, A);
    world.send(A, 1);
    world.run(ms(100));
    assert_eq!(world.nodes[B].got, [packet(A, B, 1, 100)]);
}

#[test]
fn rekey_under_traffic_loses_nothing() {
    let mut world = World::connected();
    for turn in 0..6 {
        for tag in 0..20 {
            world.send(A, tag);
            world.send(B, tag);
            world.run(ms(1));
        }
        rekey(&mut world, turn % 2);
    }
    for n in [A, B] {
        assert_eq!(world.nodes[n].got.len(), 120);
        assert_eq!(world.drops(n).map(|drops| drops.total()), [0, 0]);
    }
}

#[test]
fn restarted_peer_is_back_with_its_first_packet() {
    for restarted in [A, B] {
        let mut world = World::connected();
        world.run(secs(20));
        let fresh = World::new();
        let node = fresh.nodes.into_iter().nth(restarted).unwrap();
        world.nodes[restarted].device = node.device;
        world.send(restarted, 5);
        world.run(ms(100));
        assert_eq!(world.nodes[1 - restarted].got, [packet(restarted, 1 - restarted, 5, 100)]);
        world.send(1 - restarted, 6);
        world.run(ms(100));
        assert_eq!(world.nodes[restarted].got.last(), Some(&packet(1 - restarted, restarted, 6, 100)));
    }
}

#[test]
fn restart_of_the_other_end_is_noticed_after_15_s_of_silence() {
    let mut world = World::connected();
    world.run(secs(20));
    world.nodes[B].device = World::new().nodes.into_iter().nth(B).unwrap().device;
    // B knows nothing of the session and says nothing.
    world.chat(A, secs(1), secs(17));
    assert!(world.dropped(B, DropCause::UnknownReceiver) > 10);
    assert_eq!(world.count(A, Kind::Initiation), 1);
    world.nodes[B].got.clear();
    world.send(A, 7);
    world.run(ms(100));
    assert_eq!(world.nodes[B].got, [packet(A, B, 7, 100)]);
}
