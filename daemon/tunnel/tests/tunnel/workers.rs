//! The data path in several threads, beside the state machine.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::thread;

use wgtrace_tunnel::{DataPath, DropCause, Received, Sent};
use wgtrace_wire::wireguard::{Message, SessionIndex};

use crate::world::{A, B, World, inner, outer, packet, secs};

const SLOT: usize = 16 + 1408 + 16;
const SEGMENTS: usize = 45;

/// A super-frame of packets, each with room around it.
fn frame(tag: u32) -> Vec<u8> {
    let mut frame = vec![0; SLOT * SEGMENTS];
    for (n, slot) in frame.chunks_mut(SLOT).enumerate() {
        slot[16..16 + 1400].copy_from_slice(&packet(A, B, tag + n as u32, 1400));
    }
    frame
}

fn seal(path: &DataPath, now: std::time::Instant, frame: &mut [u8]) -> u64 {
    let routes = path.routes();
    let out = routes.outbound(&frame[16..]).unwrap().outbound(now).unwrap();
    let mut run = out.session.reserve(now, SEGMENTS as u64).unwrap();
    frame.chunks_mut(SLOT).map(|slot| run.seal(slot, 1400, 1420).unwrap().len() as u64).sum()
}

fn header(message: &[u8]) -> (SessionIndex, u64) {
    let Ok(Message::TransportData(data)) = Message::parse(message) else { panic!("no data") };
    (SessionIndex(data.header.receiver.get()), data.header.counter.get())
}

#[test]
fn super_frame_has_one_receiver_and_consecutive_counters_whoever_else_seals() {
    let world = World::connected();
    let path = world.nodes[A].device.data_path();
    let all = Mutex::new(BTreeSet::new());
    thread::scope(|scope| {
        for worker in 0..4 {
            let (path, all, now) = (&path, &all, world.now);
            scope.spawn(move || {
                for n in 0..20 {
                    let mut frame = frame(worker * 10_000 + n * 100);
                    seal(path, now, &mut frame);
                    let headers: Vec<_> = frame.chunks(SLOT).map(header).collect();
                    let (receiver, first) = headers[0];
                    let counters = (first..).take(SEGMENTS).map(|counter| (receiver, counter));
                    assert!(headers.iter().copied().eq(counters));
                    all.lock().unwrap().extend(headers);
                }
            });
        }
    });
    assert_eq!(all.lock().unwrap().len(), 80 * SEGMENTS);
}

#[test]
fn half_of_a_frame_can_go_to_another_thread() {
    let world = World::connected();
    let path = world.nodes[A].device.data_path();
    let mut frame = frame(0);
    let out = path.routes().outbound(&frame[16..]).unwrap().outbound(world.now).unwrap();
    let mut first = out.session.reserve(world.now, SEGMENTS as u64).unwrap();
    let mut second = first.split_off(20);
    assert_eq!((first.left(), second.left(), first.receiver()), (20, 25, second.receiver()));
    let (front, back) = frame.split_at_mut(20 * SLOT);
    thread::scope(|scope| {
        for (run, half) in [(&mut first, front), (&mut second, back)] {
            scope.spawn(|| {
                for slot in half.chunks_mut(SLOT) {
                    run.seal(slot, 1400, 1420).unwrap();
                }
            });
        }
    });
    let counters: Vec<_> = frame.chunks(SLOT).map(|message| header(message).1).collect();
    assert!(counters.windows(2).all(|pair| pair[1] == pair[0] + 1));
}

#[test]
fn messages_of_one_session_are_opened_in_parallel_and_each_only_once() {
    let mut world = World::connected();
    let mut sent = frame(0);
    let bytes = seal(&world.nodes[A].device.data_path(), world.now, &mut sent);
    let path = world.nodes[B].device.data_path();
    let (session, now) = (path.session(&sent).unwrap(), world.now);
    let got = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..3 {
            let (mut copy, session, routes, got) = (sent.clone(), &session, path.routes(), &got);
            scope.spawn(move || {
                for message in copy.chunks_mut(SLOT) {
                    let (counter, plain) = session.decrypt(now, message).unwrap();
                    match session.accept(counter) {
                        Ok(()) => got.lock().unwrap().push(routes.inbound(session, plain).unwrap().to_vec()),
                        Err(cause) => assert_eq!(cause, DropCause::ReplayedCounter),
                    }
                }
            });
        }
    });
    let mut got = got.into_inner().unwrap();
    got.sort();
    assert_eq!(got, (0..SEGMENTS as u32).map(|tag| packet(A, B, tag, 1400)).collect::<Vec<_>>());
    assert_eq!(world.dropped(B, DropCause::ReplayedCounter), 2 * SEGMENTS as u64);
    let clock = world.clock();
    let received = Received { source: outer(A), bytes, data: true };
    world.nodes[B].device.handle_received(clock, &mut world.rng, &session, received);
    assert_eq!(world.status(B).tally.rx_bytes, 148 + 144 + bytes);
}

#[test]
fn first_batch_that_a_worker_opens_confirms_the_session() {
    let mut world = World::new();
    world.lose(|entry| entry.kind == crate::world::Kind::Packet);
    world.send(A, 1);
    world.run(secs(1));
    assert!(world.status(B).session.is_none());
    world.send(B, 2);
    let mut message = world.last(A, crate::world::Kind::Packet);
    let path = world.nodes[B].device.data_path();
    let session = path.session(&message).unwrap();
    let plain = session.open(world.now, &mut message).unwrap();
    assert_eq!(path.routes().inbound(&session, plain).unwrap(), packet(A, B, 1, 100));
    let (clock, received) = (world.clock(), Received { source: outer(A), bytes: 144, data: true });
    world.filter = Box::new(|_| true);
    world.nodes[B].device.handle_received(clock, &mut world.rng, &session, received);
    world.flush(B);
    assert_eq!(world.status(B).session.unwrap().local, session.local());
    world.run(secs(1));
    assert_eq!(world.nodes[A].got, [packet(B, A, 2, 100)]);
}

#[test]
fn report_on_a_session_that_is_gone_only_counts() {
    let mut world = World::connected();
    let session = Arc::clone(&world.nodes[B].device.sessions(world.nodes[B].peer).unwrap()[0]);
    world.run(secs(600));
    let (clock, mut before) = (world.clock(), world.status(B));
    let received = Received { source: "203.0.113.9:1".parse().unwrap(), bytes: 1, data: true };
    world.nodes[B].device.handle_received(clock, &mut world.rng, &session, received);
    before.tally.rx_bytes += 1;
    assert_eq!(world.status(B), before);
}

#[test]
fn lane_shows_no_way_without_a_session_or_an_endpoint() {
    let mut world = World::new();
    let routes = world.nodes[A].device.data_path().routes();
    let lane = routes.allowed_ips().lookup(inner(B)).unwrap();
    assert!(lane.outbound(world.now).is_none());
    world.connect();
    assert_eq!(lane.outbound(world.now).unwrap().endpoint, outer(B));
    assert!(lane.outbound(world.now + secs(180)).is_none());
}

#[test]
fn reports_of_several_batches_merge() {
    let mut sent = Sent { bytes: 10, data: false };
    sent.merge(Sent { bytes: 5, data: true });
    assert_eq!(sent, Sent { bytes: 15, data: true });
    let mut received = Received { source: outer(A), bytes: 1, data: true };
    received.merge(Received { source: outer(B), bytes: 2, data: false });
    assert_eq!(received, Received { source: outer(B), bytes: 3, data: true });
}
