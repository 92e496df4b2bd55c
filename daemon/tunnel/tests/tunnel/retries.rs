//! Whitepaper 6.4: unanswered initiations.

use std::collections::BTreeSet;
use std::time::Duration;

use wgtrace_tunnel::{DropCause, Event, time};
use wgtrace_wire::wireguard::Message;

use crate::world::{A, B, Kind, World, ms, outer, packet, secs};

fn apart(times: &[Duration]) -> Vec<Duration> {
    times.windows(2).map(|pair| pair[1].checked_sub(pair[0]).unwrap()).collect()
}

#[test]
fn initiation_is_repeated_every_5_s_with_jitter() {
    let mut world = World::new();
    world.lose(|_| true);
    world.send(A, 1);
    world.run(secs(60));
    let apart = apart(&world.times(A, Kind::Initiation));
    assert!(apart.len() >= 10);
    let most = time::REKEY_TIMEOUT + time::JITTER;
    assert!(apart.iter().all(|apart| (time::REKEY_TIMEOUT..=most).contains(apart)), "{apart:?}");
    assert!(apart.iter().collect::<BTreeSet<_>>().len() > 5, "no jitter: {apart:?}");
}

#[test]
fn every_repetition_is_a_new_initiation() {
    let mut world = World::new();
    world.lose(|_| true);
    world.send(A, 1);
    world.run(secs(60));
    let of = world.log.iter().filter(|entry| entry.kind == Kind::Initiation);
    let fields: Vec<_> = of
        .map(|entry| match Message::parse(&entry.bytes) {
            Ok(Message::Initiation(message)) => (message.sender.get(), message.ephemeral),
            other => panic!("{other:?}"),
        })
        .collect();
    let distinct: (BTreeSet<_>, BTreeSet<_>) = fields.iter().copied().unzip();
    assert_eq!((distinct.0.len(), distinct.1.len()), (fields.len(), fields.len()));
    // Only the last is waited for.
    assert_eq!(world.nodes[A].device.footprint().0, 1);
}

#[test]
fn attempts_end_after_90_s_and_drop_what_waited() {
    let mut world = World::new();
    world.lose(|_| true);
    for tag in 0..10 {
        world.send(A, tag);
    }
    world.run(secs(200));
    let times = world.times(A, Kind::Initiation);
    assert!((17..=18).contains(&times.len()), "{times:?}");
    assert!(*times.last().unwrap() < secs(90));
    assert_eq!(world.dropped(A, DropCause::NoHandshake), 10);
    assert_eq!(world.status(A).staged, 0);
    let gave_up = |event: &&Event| matches!(event, Event::HandshakeGivenUp { .. });
    assert_eq!(world.nodes[A].events.iter().filter(gave_up).count(), 1);
    assert_eq!(world.nodes[A].device.footprint().0, 0);
    // The next packet begins anew.
    world.filter = Box::new(|_| true);
    world.send(A, 77);
    world.run(ms(100));
    assert_eq!(world.nodes[B].got, [packet(A, B, 77, 100)]);
}

#[test]
fn packet_during_the_attempts_extends_them() {
    let mut world = World::new();
    world.lose(|_| true);
    world.send(A, 1);
    world.run(secs(60));
    world.send(A, 2);
    world.run(secs(80));
    assert!(*world.times(A, Kind::Initiation).last().unwrap() > secs(130));
    world.run(secs(100));
    assert!(*world.times(A, Kind::Initiation).last().unwrap() < secs(150));
}

#[test]
fn many_packets_make_one_initiation() {
    let mut world = World::new();
    world.lose(|_| true);
    for tag in 0..1000 {
        let _ = world.try_send(A, tag);
        world.run(ms(4));
    }
    assert_eq!(world.count(A, Kind::Initiation), 1);
}

#[test]
fn queue_keeps_the_newest_128_in_order() {
    let mut world = World::new();
    for tag in 0..200 {
        world.send(A, tag);
    }
    assert_eq!((world.status(A).staged, world.dropped(A, DropCause::StagedOverflow)), (128, 72));
    world.run(ms(100));
    let need: Vec<_> = (72..200).map(|tag| packet(A, B, tag, 100)).collect();
    assert_eq!(world.nodes[B].got, need);
    assert_eq!(world.status(A).staged, 0);
}

#[test]
fn late_answer_to_an_earlier_attempt_is_not_taken() {
    let mut world = World::new();
    world.lose(|entry| entry.kind == Kind::Response);
    world.send(A, 1);
    world.run(secs(1));
    let response = world.last(B, Kind::Response);
    world.run(secs(5));
    assert_eq!(world.inject(A, outer(B), &response), Err(DropCause::UnexpectedResponse));
}

#[test]
fn no_initiation_follows_on_the_heels_of_a_response() {
    let mut world = World::new();
    world.lose(|entry| entry.from == B && entry.kind == Kind::Response);
    world.send(A, 1);
    world.run(ms(100));
    // B answered, and wants to send: the session is on its way, so it waits its turn.
    world.send(B, 2);
    world.run(secs(4));
    assert_eq!(world.count(B, Kind::Initiation), 0);
    // Yet it does not wait forever.
    world.lose(|entry| entry.from == A);
    world.run(secs(6));
    assert_eq!(world.count(B, Kind::Initiation), 1);
}

#[test]
fn without_an_endpoint_packets_are_refused() {
    let mut world = World::new();
    let (clock, peer) = (world.clock(), world.nodes[A].peer);
    let device = &mut world.nodes[A].device;
    let settings = wgtrace_tunnel::PeerSettings {
        allowed_ips: vec!["10.9.0.0/16".parse().unwrap()],
        ..wgtrace_tunnel::PeerSettings::new(crate::world::public(9))
    };
    let silent = device.add_peer(clock, settings).unwrap();
    assert_ne!(silent, peer);
    let mut packet = packet(A, B, 1, 100);
    packet[16..20].copy_from_slice(&[10, 9, 0, 1]);
    assert_eq!(device.handle_packet(clock, &mut world.rng, &packet), Err(DropCause::NoEndpoint));
    assert_eq!(device.poll_transmit(), None);
    assert_eq!(device.status(world.now, silent).unwrap().drops.of(DropCause::NoEndpoint), 1);
}

/// Found by fuzzing: the wipe took the initiation's own timer with it.
#[test]
fn packet_that_waits_while_old_keys_are_wiped_is_sent_all_the_same() {
    let mut world = World::connected();
    world.run(secs(537));
    world.lose(|_| true);
    world.send(A, 9);
    world.run(secs(2));
    world.filter = Box::new(|_| true);
    world.run(secs(7));
    assert!(world.nodes[A].events.contains(&Event::KeysWiped { peer: world.nodes[A].peer }));
    assert_eq!(world.nodes[B].got, [packet(A, B, 9, 100)]);
}
