//! Whitepaper 6.5, passive keepalives; and the persistent ones.

use std::num::NonZeroU16;

use wgtrace_tunnel::DropCause;

use crate::world::{A, B, Kind, World, ms, outer, secs};

#[test]
fn received_data_is_answered_after_10_s_of_silence() {
    let mut world = World::connected();
    world.send(A, 1);
    let sent = world.now.duration_since(world.start);
    world.run(secs(9));
    assert_eq!(world.count(B, Kind::Keepalive), 0);
    world.run(secs(2));
    let times = world.times(B, Kind::Keepalive);
    // Counted from the first data that B got, in `connected`.
    assert!(times.len() == 1 && times[0] <= sent + secs(10) + ms(20), "{times:?}");
}

#[test]
fn keepalives_are_not_answered() {
    let mut world = World::connected();
    world.run(secs(11));
    assert_eq!(world.count(B, Kind::Keepalive), 1);
    world.run(secs(100));
    assert_eq!((world.count(A, Kind::Keepalive), world.count(B, Kind::Keepalive)), (0, 1));
}

#[test]
fn data_sent_in_time_makes_the_keepalive_needless() {
    let mut world = World::connected();
    for _ in 0..10 {
        world.send(A, 1);
        world.run(secs(4));
        world.send(B, 1);
        world.run(secs(4));
    }
    assert_eq!(world.count(B, Kind::Keepalive), 0);
}

#[test]
fn data_after_the_timer_began_is_answered_as_well() {
    let mut world = World::connected();
    world.chat(A, secs(1), secs(40));
    world.run(secs(25));
    assert!((4..=6).contains(&world.count(B, Kind::Keepalive)), "{}", world.count(B, Kind::Keepalive));
}

#[test]
fn data_without_any_answer_for_15_s_starts_a_handshake() {
    let mut world = World::connected();
    world.lose(|entry| entry.from == B);
    world.send(A, 1);
    world.run(secs(14));
    assert_eq!(world.count(A, Kind::Initiation), 0);
    world.run(secs(2));
    assert_eq!(world.count(A, Kind::Initiation), 1);
}

#[test]
fn any_authentic_answer_is_enough() {
    let mut world = World::connected();
    // B answers with keepalives only.
    world.chat(A, secs(1), secs(100));
    assert_eq!(world.count(B, Kind::Packet), 0);
    assert_eq!(world.count(A, Kind::Initiation), 0);
}

#[test]
fn forged_answer_is_no_answer() {
    let mut world = World::connected();
    world.lose(|entry| entry.from == B);
    world.send(A, 1);
    let index = world.status(A).session.unwrap().local.0.to_le_bytes();
    for n in 0..16_u8 {
        world.run(secs(1));
        let forged = [&[4, 0, 0, 0], &index[..], &[n, 0, 0, 0, 0, 0, 0, 0], &[n; 16]].concat();
        assert_eq!(world.inject(A, outer(B), &forged), Err(DropCause::Unauthentic));
    }
    assert_eq!(world.count(A, Kind::Initiation), 1);
}

#[test]
fn persistent_keepalives_come_at_once_and_then_at_the_interval() {
    let mut world = World::new();
    let (clock, peer) = (world.clock(), world.nodes[A].peer);
    world.nodes[A].device.set_persistent_keepalive(clock, peer, NonZeroU16::new(25)).unwrap();
    world.run(ms(200));
    // There was no session for it.
    assert_eq!((world.count(A, Kind::Initiation), world.count(A, Kind::Keepalive)), (1, 1));
    world.run(secs(100));
    assert_eq!(world.count(A, Kind::Keepalive), 5);
    // It keeps the session alive without any data, and stops when told to.
    world.run(secs(1000));
    assert!(world.status(B).session.unwrap().age < secs(185));
    let clock = world.clock();
    world.nodes[A].device.set_persistent_keepalive(clock, peer, None).unwrap();
    world.log.clear();
    world.run(secs(2000));
    assert!(world.log.is_empty());
}

#[test]
fn persistent_keepalive_waits_for_the_interval_after_other_traffic() {
    let mut world = World::connected();
    let (clock, peer) = (world.clock(), world.nodes[A].peer);
    world.nodes[A].device.set_persistent_keepalive(clock, peer, NonZeroU16::new(5)).unwrap();
    world.run(ms(1));
    assert_eq!(world.count(A, Kind::Keepalive), 1);
    world.chat(A, secs(2), secs(60));
    assert_eq!(world.count(A, Kind::Keepalive), 1);
}

#[test]
fn silent_tunnel_has_no_timers_left() {
    let mut world = World::connected();
    world.run(secs(600));
    for n in [A, B] {
        assert_eq!(world.nodes[n].device.poll_timeout(), None);
    }
}
