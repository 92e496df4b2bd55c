//! Whitepaper 5.1 to 5.3: the handshake.

use wgtrace_decrypt::key::PresharedKey;
use wgtrace_decrypt::keypair::Role;
use wgtrace_tunnel::{DeviceSettings, DropCause, Event};
use wgtrace_wire::wireguard::Message;

use crate::world::{A, B, Kind, World, ms, outer, packet, secs};

#[test]
fn one_round_trip_carries_the_first_packet() {
    let mut world = World::new();
    world.send(A, 7);
    world.run(ms(100));
    let kinds: Vec<_> = world.log.iter().map(|entry| (entry.from, entry.kind)).collect();
    assert_eq!(kinds, [(A, Kind::Initiation), (B, Kind::Response), (A, Kind::Packet)]);
    assert_eq!(world.nodes[B].got, [packet(A, B, 7, 100)]);
    world.send(B, 8);
    world.run(ms(100));
    assert_eq!(world.nodes[A].got, [packet(B, A, 8, 100)]);
    let [a, b] = [A, B].map(|n| world.status(n).session.unwrap());
    assert_eq!((a.role, b.role), (Role::Initiator, Role::Responder));
    assert_eq!((a.local, a.remote), (b.remote, b.local));
}

#[test]
fn responder_does_not_send_before_the_initiator_has_sent() {
    let mut world = World::new();
    // Keepalive and data of the initiator are lost: the responder has keys, and no right to use them.
    world.lose(|entry| entry.from == A && entry.kind != Kind::Initiation);
    world.send(A, 1);
    world.run(ms(100));
    world.send(B, 2);
    world.run(secs(1));
    assert_eq!(world.count(B, Kind::Packet), 0);
    assert_eq!(world.status(B).staged, 1);
    assert!(world.status(B).session.is_none());
    // The first message confirms, and what waited goes.
    world.filter = Box::new(|_| true);
    world.send(A, 3);
    world.run(ms(100));
    assert_eq!(world.nodes[A].got, [packet(B, A, 2, 100)]);
    assert_eq!(world.status(B).session.unwrap().role, Role::Responder);
}

#[test]
fn initiator_confirms_with_a_keepalive_when_it_has_nothing_to_send() {
    let mut world = World::new();
    let (clock, peer) = (world.clock(), world.nodes[A].peer);
    world.nodes[A].device.initiate(clock, &mut world.rng, peer).unwrap();
    world.flush(A);
    world.run(ms(100));
    assert_eq!(world.count(A, Kind::Keepalive), 1);
    assert!(world.status(B).session.is_some());
    let completed = |n: usize| {
        world.nodes[n].events.iter().filter(|event| matches!(event, Event::HandshakeCompleted { .. })).count()
    };
    assert_eq!([completed(A), completed(B)], [1, 1]);
}

#[test]
fn timestamp_must_be_greater_than_the_last() {
    let mut world = World::new();
    world.send(A, 0);
    let initiation = world.last(A, Kind::Initiation);
    world.run(ms(100));
    for wait in [0, 1, 60] {
        world.run(secs(wait));
        assert_eq!(world.inject(B, outer(A), &initiation), Err(DropCause::ReplayedInitiation));
    }
    assert_eq!(world.count(B, Kind::Response), 1);
    assert!(world.status(B).session.is_some());
}

#[test]
fn greatest_timestamp_outlives_all_keys() {
    let mut world = World::new();
    world.send(A, 0);
    let initiation = world.last(A, Kind::Initiation);
    world.run(secs(2000));
    assert!(world.status(B).session.is_none());
    assert_eq!(world.inject(B, outer(A), &initiation), Err(DropCause::ReplayedInitiation));
}

#[test]
fn clock_that_was_set_back_does_not_lock_the_initiator_out() {
    let mut world = World::connected();
    world.wall_offset = -3_600_000_000_000;
    world.run(secs(200));
    world.send(A, 1);
    world.run(ms(100));
    assert_eq!(world.nodes[B].got, [packet(A, B, 1, 100)]);
    assert_eq!(world.dropped(B, DropCause::ReplayedInitiation), 0);
}

#[test]
fn initiations_of_one_peer_are_accepted_at_most_every_20_ms() {
    use wgtrace_decrypt::keylog::NoKeyLog;
    use wgtrace_decrypt::noise::{Initiator, Tai64n};
    use wgtrace_wire::wireguard::SessionIndex;
    use zerocopy::IntoBytes as _;

    use crate::world::{EPOCH, private, public};

    let mut world = World::new();
    let initiation = |n: u32| {
        let ephemeral = wgtrace_decrypt::key::PrivateKey::from_bytes([n as u8; 32]);
        let (index, time) = (SessionIndex(n), Tai64n::from_unix_nanos(EPOCH + i64::from(n)));
        let (none, log) = (PresharedKey::NONE, NoKeyLog);
        Initiator::start(&private(A), &public(B), &none, index, ephemeral, time, &log).unwrap().1
    };
    let mut accepted = 0;
    for n in 1..=100 {
        match world.inject(B, outer(A), initiation(n).as_bytes()) {
            Ok(()) => accepted += 1,
            Err(cause) => assert_eq!(cause, DropCause::InitiationFlood),
        }
        world.run(ms(5));
    }
    assert_eq!(accepted, 25);
    assert_eq!(world.dropped(B, DropCause::InitiationFlood), 75);
}

#[test]
fn preshared_keys_must_be_the_same() {
    let psk = PresharedKey::from_bytes([7; 32]);
    let mut world = World::with(0, &psk, DeviceSettings::new);
    world.connect();
    let peer = world.nodes[A].peer;
    world.nodes[A].device.set_preshared_key(peer, PresharedKey::NONE).unwrap();
    world.run(secs(600));
    world.send(A, 1);
    world.run(secs(1));
    assert_eq!(world.dropped(A, DropCause::ResponseUndecryptable), 1);
    assert!(world.nodes[B].got.is_empty());
    // With the key back the same attempt still ends well.
    world.nodes[A].device.set_preshared_key(peer, PresharedKey::from_bytes([7; 32])).unwrap();
    world.run(secs(6));
    assert_eq!(world.nodes[B].got.len(), 1);
}

#[test]
fn both_initiating_at_once_are_both_answered() {
    let mut world = World::new();
    world.send(A, 1);
    world.send(B, 2);
    world.run(ms(100));
    assert_eq!(world.nodes[A].got, [packet(B, A, 2, 100)]);
    assert_eq!(world.nodes[B].got, [packet(A, B, 1, 100)]);
    // And it stays so, under whichever sessions they kept.
    for n in [A, B] {
        world.nodes[n].got.clear();
        world.chat(n, secs(1), secs(300));
        assert!(world.nodes[1 - n].got.len() >= 300);
    }
}

#[test]
fn every_handshake_has_new_indices_and_ephemeral_keys() {
    let mut world = World::new();
    world.chat(A, secs(1), secs(500));
    let seen = |from, kind| -> Vec<_> {
        let of = world.log.iter().filter(|entry| entry.from == from && entry.kind == kind);
        of.map(|entry| match Message::parse(&entry.bytes).unwrap() {
            Message::Initiation(message) => (message.sender.get(), message.ephemeral),
            Message::Response(message) => (message.sender.get(), message.ephemeral),
            other => panic!("{other:?}"),
        })
        .collect()
    };
    for mut of in [seen(A, Kind::Initiation), seen(B, Kind::Response)] {
        assert!(of.len() >= 4, "{}", of.len());
        let count = of.len();
        of.sort_unstable();
        of.dedup_by(|a, b| a.0 == b.0 || a.1 == b.1);
        assert_eq!(of.len(), count);
    }
}
