//! Two devices through loss, reordering, duplication and restarts, by seed.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use wgtrace_decrypt::key::PresharedKey;
use wgtrace_tunnel::{DeviceSettings, DropCause};

use crate::world::{A, B, GOOD, Kind, Link, World, ms, packet, secs};

/// Both ends send now and then, for `span`; returns the tags each sent.
fn talk(world: &mut World, span: Duration) -> [BTreeSet<u32>; 2] {
    let (end, mut sent, mut tag) = (world.now + span, [BTreeSet::new(), BTreeSet::new()], 0);
    while world.now < end {
        let from = (world.rng.next_u32() % 2) as usize;
        tag += 1;
        if world.try_send(from, tag).is_ok() {
            sent[from].insert(tag);
        }
        // Mostly quick, and at times long enough for every timer.
        let pause = match world.rng.next_u32() % 100 {
            0 => secs(u64::from(world.rng.next_u32() % 200)),
            1..5 => secs(u64::from(world.rng.next_u32() % 12)),
            _ => ms(u64::from(world.rng.next_u32() % 300)),
        };
        world.run(pause);
    }
    sent
}

fn tag(packet: &[u8]) -> u32 {
    u32::from_be_bytes(packet[20..24].try_into().unwrap())
}

/// What arrived was sent, unchanged, and arrived once.
fn check(world: &World, sent: &[BTreeSet<u32>; 2]) {
    for to in [A, B] {
        let mut seen = BTreeSet::new();
        for got in &world.nodes[to].got {
            let tag = tag(got);
            assert_eq!(*got, packet(1 - to, to, tag, 100));
            assert!(sent[1 - to].contains(&tag) && seen.insert(tag), "{tag} twice, or never sent");
        }
        assert!(world.nodes[to].device.footprint().0 <= 4);
    }
}

/// Once the wire is good again, a packet gets through either way within a few attempts.
fn recovers(world: &mut World) {
    world.link = GOOD;
    world.run(secs(200));
    for from in [A, B] {
        world.nodes[1 - from].got.clear();
        world.send(from, 0xffff);
        world.run(secs(1));
        let arrived = world.nodes[1 - from].got.iter().any(|got| tag(got) == 0xffff);
        assert!(arrived, "from {from}: {:?}", world.status(from));
    }
}

fn link() -> impl Strategy<Value = Link> {
    (0_u32..600, 0_u32..300, 0_u64..400, 0_u64..2000).prop_map(|(loss, duplicate, delay, spread)| Link {
        loss,
        duplicate,
        delay: ms(delay),
        spread: ms(spread),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn bad_wire_corrupts_nothing_and_is_recovered_from(seed: u64, link in link()) {
        let mut world = World::with(seed, &PresharedKey::from_bytes([9; 32]), DeviceSettings::new);
        world.link = link;
        let sent = talk(&mut world, secs(900));
        world.run(secs(5));
        check(&world, &sent);
        recovers(&mut world);
    }

    #[test]
    fn restarts_are_recovered_from(seed: u64, link in link(), restarts in prop::collection::vec((0_usize..2, 0_u64..300), 1..5)) {
        let mut world = World::with(seed, &PresharedKey::NONE, DeviceSettings::new);
        world.link = Link { loss: link.loss / 4, ..link };
        for (who, after) in restarts {
            talk(&mut world, secs(after));
            let fresh = World::with(seed ^ 1, &PresharedKey::NONE, DeviceSettings::new);
            world.nodes[who].device = fresh.nodes.into_iter().nth(who).unwrap().device;
        }
        // As the daemon does.
        for who in [A, B] {
            let (clock, peer) = (world.clock(), world.nodes[who].peer);
            world.nodes[who].device.initiate(clock, &mut world.rng, peer).unwrap();
            world.flush(who);
        }
        recovers(&mut world);
    }
}

/// The two ends count a session's age from moments half a round trip apart: what is under way when it
/// ends is lost, and nothing else is.
#[test]
fn good_wire_loses_only_what_is_under_way_when_a_session_ends() {
    let (mut world, mut count) = (World::new(), 0);
    while world.now.duration_since(world.start) < secs(86_400) {
        for from in [A, B] {
            count += 1;
            world.send(from, count as u32);
        }
        let pause = u64::from(world.rng.next_u32() % 240);
        world.run(secs(pause));
    }
    world.run(secs(1));
    let expired = [A, B].map(|n| world.dropped(n, DropCause::SessionExpired));
    let arrived = world.nodes[A].got.len() + world.nodes[B].got.len();
    assert_eq!(arrived as u64 + expired[A] + expired[B], count);
    assert!(expired[A] + expired[B] < count / 50, "{expired:?}");
    let dropped: u64 = [A, B].iter().flat_map(|n| world.drops(*n)).map(|drops| drops.total()).sum();
    assert_eq!(dropped, expired[A] + expired[B]);
}

#[test]
fn duplicates_of_everything_change_nothing() {
    let mut world = World::new();
    world.link.duplicate = 1000;
    world.chat(A, ms(100), secs(60));
    world.run(secs(1));
    assert_eq!(world.nodes[B].got.len(), 600);
    assert_eq!(world.dropped(B, DropCause::ReplayedCounter), world.count(A, Kind::Packet) as u64);
    assert_eq!(world.dropped(B, DropCause::ReplayedInitiation), 1);
    assert_eq!(world.dropped(A, DropCause::UnexpectedResponse), 1);
}

#[test]
fn both_initiating_at_once_over_a_slow_wire_settle() {
    for (delay, spread) in [(0, 0), (10, 0), (500, 0), (2000, 0), (50, 100), (500, 4000)] {
        let mut world = World::new();
        world.link = Link { delay: ms(delay), spread: ms(spread), ..GOOD };
        world.send(A, 1);
        world.send(B, 2);
        world.run(secs(30));
        assert_eq!(world.nodes[A].got, [packet(B, A, 2, 100)], "{delay} {spread}");
        assert_eq!(world.nodes[B].got, [packet(A, B, 1, 100)], "{delay} {spread}");
        recovers(&mut world);
    }
}

#[test]
fn same_seed_gives_the_same_run() {
    let run = || {
        let mut world = World::with(42, &PresharedKey::NONE, DeviceSettings::new);
        world.link = Link { loss: 200, duplicate: 100, delay: ms(30), spread: ms(200) };
        talk(&mut world, secs(600));
        let start = world.start;
        world.log.into_iter().map(|entry| (entry.at - start, entry.bytes)).collect::<Vec<_>>()
    };
    assert!(run() == run());
}
