//! Whitepaper 5.4.6: transport messages.

use wgtrace_decrypt::keypair::REJECT_AFTER_MESSAGES;
use wgtrace_decrypt::replay::ReplayWindow;
use wgtrace_tunnel::{DropCause, Session, time};
use wgtrace_wire::wireguard::{Message, TransportHeader};

use crate::world::{A, B, Kind, World, inner, ms, outer, packet};

/// A message that A seals for B under its current session.
fn sealed(world: &World, session: &Session, len: usize) -> Vec<u8> {
    let mut buffer = vec![0xee; 2048];
    let packet = packet(A, B, 0, len);
    buffer[16..16 + packet.len()].copy_from_slice(&packet);
    session.reserve(world.now, 1).unwrap().seal(&mut buffer, packet.len(), 1420).unwrap().to_vec()
}

fn session(world: &World) -> std::sync::Arc<Session> {
    let routes = world.nodes[A].device.data_path().routes();
    let lane = routes.allowed_ips().lookup(inner(B)).unwrap();
    lane.outbound(world.now).unwrap().session
}

#[test]
fn packets_are_padded_to_16_bytes_and_come_out_without_padding() {
    let mut world = World::connected();
    for len in [24, 31, 32, 33, 1419, 1420] {
        let packet = packet(A, B, 1, len);
        let clock = world.clock();
        world.nodes[A].device.handle_packet(clock, &mut world.rng, &packet).unwrap();
        world.flush(A);
        let padded = len.next_multiple_of(16).min(1420);
        assert_eq!(world.last(A, Kind::Packet).len(), padded + 32, "{len}");
        world.run(ms(20));
        assert_eq!(world.nodes[B].got.pop(), Some(packet));
    }
}

#[test]
fn counters_begin_at_zero_and_go_up_by_one() {
    let mut world = World::new();
    for tag in 0..5 {
        world.send(A, tag);
    }
    world.run(ms(100));
    for tag in 5..9 {
        world.send(A, tag);
    }
    let of = world.log.iter().filter(|entry| entry.kind == Kind::Packet);
    let counters: Vec<_> = of
        .map(|entry| match Message::parse(&entry.bytes) {
            Ok(Message::TransportData(data)) => data.header.counter.get(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(counters, (0..9).collect::<Vec<_>>());
}

#[test]
fn replayed_message_is_refused_and_counted() {
    let mut world = World::connected();
    world.send(A, 1);
    let message = world.last(A, Kind::Packet);
    world.run(ms(100));
    assert_eq!(world.nodes[B].got.len(), 1);
    for _ in 0..3 {
        assert_eq!(world.inject(B, outer(A), &message), Err(DropCause::ReplayedCounter));
    }
    assert_eq!(world.nodes[B].got.len(), 1);
    assert_eq!(world.dropped(B, DropCause::ReplayedCounter), 3);
}

#[test]
fn reordered_messages_are_read_within_the_window_and_not_behind_it() {
    let mut world = World::connected();
    let session = session(&world);
    let [too_old, oldest] = [(); 2].map(|()| sealed(&world, &session, 60));
    session.reserve(world.now, ReplayWindow::SIZE - 2).unwrap();
    let newest = sealed(&world, &session, 60);
    for (message, result) in [(&newest, Ok(())), (&oldest, Ok(())), (&too_old, Err(DropCause::CounterTooOld))]
    {
        assert_eq!(world.inject(B, outer(A), message), result);
    }
    assert_eq!(world.nodes[B].got.len(), 2);
}

#[test]
fn forged_counter_does_not_move_the_window() {
    let mut world = World::connected();
    let honest = sealed(&world, &session(&world), 60);
    let mut forged = honest.clone();
    forged[8..16].copy_from_slice(&(1_u64 << 40).to_le_bytes());
    assert_eq!(world.inject(B, outer(A), &forged), Err(DropCause::Unauthentic));
    assert_eq!(world.inject(B, outer(A), &honest), Ok(()));
}

#[test]
fn last_counter_is_used_and_none_after_it() {
    let mut world = World::connected();
    world.run(time::REKEY_TIMEOUT);
    let session = session(&world);
    let used = session.sent();
    session.reserve(world.now, REJECT_AFTER_MESSAGES - used - 1).unwrap();
    let last = sealed(&world, &session, 60);
    assert_eq!(last[8..16], (REJECT_AFTER_MESSAGES - 1).to_le_bytes());
    assert_eq!(world.inject(B, outer(A), &last), Ok(()));
    assert_eq!(session.reserve(world.now, 1).unwrap_err(), DropCause::CountersExhausted);
    let mut beyond = last;
    beyond[8..16].copy_from_slice(&REJECT_AFTER_MESSAGES.to_le_bytes());
    assert_eq!(world.inject(B, outer(A), &beyond), Err(DropCause::CountersExhausted));
    // The next packet finds no counter, and a new session instead.
    world.send(A, 9);
    world.run(ms(100));
    assert_eq!(world.nodes[B].got.last(), Some(&packet(A, B, 9, 100)));
    assert_ne!(world.status(A).session.unwrap().local, session.local());
}

#[test]
fn run_at_the_end_of_the_counters_is_short() {
    let world = World::connected();
    let session = session(&world);
    let left = REJECT_AFTER_MESSAGES - session.sent();
    session.reserve(world.now, left - 3).unwrap();
    let mut run = session.reserve(world.now, 10).unwrap();
    assert_eq!(run.left(), 3);
    let mut buffer = [0; 64];
    for _ in 0..3 {
        run.seal(&mut buffer, 0, 1420).unwrap();
    }
    assert_eq!(run.seal(&mut buffer, 0, 1420).unwrap_err(), DropCause::CountersExhausted);
}

#[test]
fn small_buffer_costs_no_counter() {
    let world = World::connected();
    let session = session(&world);
    let mut run = session.reserve(world.now, 1).unwrap();
    assert_eq!(run.seal(&mut [0; 47], 1, 1420).unwrap_err(), DropCause::BufferTooSmall);
    assert_eq!(run.left(), 1);
    let mut buffer = [0; TransportHeader::LEN + 32];
    assert_eq!(run.seal(&mut buffer, 1, 1420).unwrap().len(), 48);
}
