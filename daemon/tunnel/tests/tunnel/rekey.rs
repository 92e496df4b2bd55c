//! Whitepaper 6.1 and 6.2: how long a session lives.

use std::sync::Arc;
use std::time::Duration;

use wgtrace_decrypt::keypair::{REJECT_AFTER_MESSAGES, REKEY_AFTER_MESSAGES, Role};
use wgtrace_tunnel::{DropCause, Event, Sent, Session, time};

use crate::world::{A, B, Kind, World, ms, outer, packet, secs};

#[test]
fn constants_are_the_whitepapers() {
    assert_eq!(REKEY_AFTER_MESSAGES, 1 << 60);
    assert_eq!(u128::from(REJECT_AFTER_MESSAGES), (1 << 64) - (1 << 13) - 1);
    let seconds = [
        time::REKEY_AFTER_TIME,
        time::REJECT_AFTER_TIME,
        time::REKEY_ATTEMPT_TIME,
        time::REKEY_TIMEOUT,
        time::KEEPALIVE_TIMEOUT,
        time::COOKIE_LIFETIME,
        time::WIPE_AFTER_TIME,
    ];
    assert_eq!(seconds.map(|time| time.as_secs()), [120, 180, 90, 5, 10, 120, 540]);
}

fn session(world: &World, n: usize) -> Arc<Session> {
    let sessions = world.nodes[n].device.sessions(world.nodes[n].peer).unwrap();
    let current = world.status(n).session.unwrap().local;
    sessions.into_iter().find(|session| session.local() == current).unwrap()
}

#[test]
fn initiator_that_sends_rekeys_after_120_s() {
    let mut world = World::connected();
    let first = world.status(A).session.unwrap().local;
    world.chat(A, secs(1), secs(119));
    assert_eq!(world.count(A, Kind::Initiation), 0);
    world.chat(A, secs(1), secs(3));
    assert_eq!(world.count(A, Kind::Initiation), 1);
    assert_ne!(world.status(A).session.unwrap().local, first);
    assert_eq!(world.count(B, Kind::Initiation), 0);
    // Not a packet was lost on the way.
    assert_eq!(world.nodes[B].got.len(), 122);
}

#[test]
fn responder_that_sends_does_not_rekey_by_time() {
    let mut world = World::connected();
    world.chat(B, secs(1), secs(160));
    assert_eq!(world.count(B, Kind::Initiation), 0);
    // The initiator only receives, and answers with keepalives, which are messages as well.
    assert_eq!(world.status(A).tally.initiations, 2);
}

#[test]
fn initiator_that_only_receives_rekeys_after_165_s_once_a_session() {
    let mut world = World::connected();
    let born = session(&world, A).born();
    world.run(born + secs(166) - world.now);
    assert_eq!(world.count(A, Kind::Initiation), 0);
    world.lose(|entry| entry.from == A);
    world.send(B, 1);
    world.run(ms(50));
    assert_eq!(world.count(A, Kind::Initiation), 1);
    // Twice is not tried for the same session, whatever arrives; the retry has its own timer.
    for tag in 2..40 {
        world.send(B, tag);
        world.run(ms(100));
    }
    assert_eq!(world.count(A, Kind::Initiation), 1);
}

#[test]
fn initiator_that_receives_before_165_s_does_not_rekey() {
    let mut world = World::connected();
    let born = session(&world, A).born();
    world.run(born + secs(164) - world.now);
    world.send(B, 1);
    world.run(ms(50));
    assert_eq!(world.count(A, Kind::Initiation), 0);
}

#[test]
fn either_end_rekeys_after_2_to_the_60_messages() {
    for end in [A, B] {
        let mut world = World::connected();
        world.send(B, 0);
        world.run(secs(6));
        let before = session(&world, end);
        before.reserve(world.now, REKEY_AFTER_MESSAGES - before.sent() - 2).unwrap();
        world.log.clear();
        world.send(end, 1);
        assert_eq!(world.count(end, Kind::Initiation), 0);
        world.send(end, 2);
        assert_eq!(world.count(end, Kind::Initiation), 1);
        world.run(ms(100));
        assert_eq!(session(&world, end).role(), Role::Initiator);
        assert_ne!(session(&world, end).local(), before.local());
    }
}

#[test]
fn worker_that_reports_is_as_good_as_the_slow_path() {
    let mut world = World::connected();
    let session = session(&world, A);
    world.run(secs(121));
    let clock = world.clock();
    let sent = Sent { bytes: 1500, data: true };
    world.nodes[A].device.handle_sent(clock, &mut world.rng, &session, sent);
    world.flush(A);
    assert_eq!(world.count(A, Kind::Initiation), 1);
}

#[test]
fn nothing_is_sent_under_a_session_of_180_s() {
    let mut world = World::connected();
    let session = session(&world, A);
    world.run(session.born() + secs(180) - world.now);
    assert_eq!(session.reserve(world.now, 1).unwrap_err(), DropCause::SessionExpired);
    world.send(A, 1);
    assert_eq!((world.count(A, Kind::Packet), world.count(A, Kind::Initiation)), (0, 1));
    world.run(ms(100));
    assert_eq!(world.nodes[B].got, [packet(A, B, 1, 100)]);
}

#[test]
fn nothing_is_read_under_a_session_of_180_s() {
    let mut world = World::connected();
    let born = session(&world, B).born();
    world.lose(|entry| entry.kind == Kind::Packet);
    world.send(A, 1);
    let message = world.last(A, Kind::Packet);
    world.run(born + secs(180) - world.now);
    assert_eq!(world.inject(B, outer(A), &message), Err(DropCause::SessionExpired));
    assert_eq!(world.dropped(B, DropCause::SessionExpired), 1);
}

#[test]
fn all_keys_are_wiped_540_s_after_the_last_session() {
    let mut world = World::connected();
    let held: Vec<_> = [A, B].map(|n| Arc::downgrade(&session(&world, n))).into();
    world.run(secs(535));
    assert!(held.iter().all(|session| session.strong_count() > 0));
    world.run(secs(10));
    assert!(held.iter().all(|session| session.strong_count() == 0));
    for n in [A, B] {
        assert!(world.nodes[n].events.iter().any(|event| matches!(event, Event::KeysWiped { .. })));
        assert!(world.status(n).session.is_none());
        assert_eq!(world.nodes[n].device.footprint().0, 0);
    }
}

#[test]
fn wiping_waits_while_sessions_are_renewed() {
    let mut world = World::connected();
    world.chat(A, secs(5), secs(1200));
    assert_eq!(world.nodes[B].got.len(), 240);
    assert!(!world.nodes[A].events.iter().any(|event| matches!(event, Event::KeysWiped { .. })));
    // Indices of ended sessions are free again: previous and current, on either side.
    assert!(world.nodes[A].device.footprint().0 <= 3);
}

#[test]
fn handshakes_are_due_every_two_minutes_and_no_more_often() {
    let mut world = World::new();
    world.chat(A, ms(500), secs(3600));
    let times = world.times(A, Kind::Initiation);
    assert!((29..=30).contains(&times.len()), "{}", times.len());
    let apart = |pair: &[Duration]| pair[1].checked_sub(pair[0]).unwrap();
    assert!(times.windows(2).all(|pair| apart(pair) >= secs(120)));
}
