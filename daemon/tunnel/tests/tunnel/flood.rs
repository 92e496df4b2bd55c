//! Whitepaper 5.4.7 and 6.6: cookies, and floods that stay cheap.

use std::net::SocketAddr;

use wgtrace_decrypt::key::{PresharedKey, PrivateKey};
use wgtrace_decrypt::keylog::NoKeyLog;
use wgtrace_decrypt::noise::cookie::{Cookie, CookieKey};
use wgtrace_decrypt::noise::{Initiator, Tai64n};
use wgtrace_tunnel::{DeviceSettings, DropCause, HandshakeLimits};
use wgtrace_wire::wireguard::{CookieReply, Initiation, Message, SessionIndex};
use zerocopy::IntoBytes as _;

use crate::world::{A, B, EPOCH, Kind, World, ms, outer, packet, private, public, secs};

/// An initiation to B by the holder of `from`; all that must be unique comes from `n`.
pub(crate) fn initiation(from: &PrivateKey, n: u32) -> Initiation {
    let mut ephemeral = [0x55; 32];
    ephemeral[..4].copy_from_slice(&n.to_le_bytes());
    let (ephemeral, time) =
        (PrivateKey::from_bytes(ephemeral), Tai64n::from_unix_nanos(EPOCH + i64::from(n)));
    let psk = PresharedKey::NONE;
    Initiator::start(from, &public(B), &psk, SessionIndex(n), ephemeral, time, &NoKeyLog).unwrap().1
}

fn stranger() -> PrivateKey {
    PrivateKey::from_bytes([0x77; 32])
}

fn limited(before_load: u32, at_most: u32) -> World {
    World::with(0, &PresharedKey::NONE, |key| DeviceSettings {
        limits: HandshakeLimits { before_load, at_most },
        ..DeviceSettings::new(key)
    })
}

/// What B wants to see from `source`, taken from its answer to an initiation without cookie.
fn cookie(world: &mut World, source: SocketAddr, message: &Initiation) -> Cookie {
    assert_eq!(world.inject(B, source, message.as_bytes()), Err(DropCause::AnsweredWithCookie));
    let reply = world.last(B, Kind::Cookie);
    let Ok(Message::CookieReply(reply)) = Message::parse(&reply) else { panic!("no cookie reply") };
    assert_eq!(reply.receiver, message.sender);
    CookieKey::new(&public(B)).open(reply, &message.mac1).unwrap()
}

fn with(cookie: &Cookie, mut message: Initiation) -> Vec<u8> {
    cookie.seal(&mut message);
    message.as_bytes().to_vec()
}

#[test]
fn flood_of_strangers_costs_neither_agreements_nor_memory() {
    let mut world = World::new();
    world.lose(|entry| entry.from == B);
    let flood: Vec<_> = (0..50).map(|n| initiation(&stranger(), n)).collect();
    let mut computed = 0;
    for n in 0..5000_usize {
        let source = SocketAddr::from(([203, 0, (n >> 8) as u8, n as u8], 1000));
        match world.inject(B, source, flood[n % 50].as_bytes()).unwrap_err() {
            DropCause::UnknownPeer => computed += 1,
            cause => assert_eq!(cause, DropCause::AnsweredWithCookie),
        }
    }
    assert_eq!(computed, 100);
    assert!(world.nodes[B].device.is_under_load(world.now));
    assert_eq!(world.nodes[B].device.footprint(), (0, 0));
    // A second after the last of it, nobody is asked for cookies.
    world.run(secs(2));
    assert!(!world.nodes[B].device.is_under_load(world.now));
}

#[test]
fn answers_to_strangers_are_no_longer_than_the_question() {
    const { assert!(CookieReply::LEN < Initiation::LEN) };
    let mut world = limited(0, 1000);
    let _ = cookie(&mut world, outer(A), &initiation(&stranger(), 1));
    assert_eq!((world.log.len(), world.last(B, Kind::Cookie).len()), (1, CookieReply::LEN));
}

#[test]
fn peer_gets_through_a_flood_with_its_cookie() {
    let mut world = World::new();
    let flood: Vec<_> = (0..10).map(|n| initiation(&stranger(), n)).collect();
    let strike = |world: &mut World| {
        for message in flood.iter().cycle().take(200) {
            let _ = world.inject(B, "203.0.113.1:9".parse().unwrap(), message.as_bytes());
        }
    };
    strike(&mut world);
    world.send(A, 1);
    for _ in 0..60 {
        world.run(ms(100));
        strike(&mut world);
    }
    world.run(ms(100));
    assert_eq!(world.nodes[B].got, [packet(A, B, 1, 100)]);
    assert_eq!(world.count(A, Kind::Initiation), 2);
}

#[test]
fn cookie_is_kept_for_the_next_attempt_and_not_answered_at_once() {
    let mut world = limited(0, 1000);
    world.send(A, 1);
    world.run(ms(4900));
    assert_eq!(world.count(A, Kind::Initiation), 1);
    assert_eq!(world.count(B, Kind::Cookie), 1);
    world.run(ms(600));
    assert_eq!(world.count(A, Kind::Initiation), 2);
    let Ok(Message::Initiation(message)) = Message::parse(&world.log[2].bytes) else { panic!() };
    assert_ne!(message.mac2, [0; 16]);
}

#[test]
fn responses_need_cookies_under_load_too() {
    let mut world = limited(0, 1000);
    world.send(A, 1);
    world.run(secs(20));
    assert_eq!(world.nodes[B].got, [packet(A, B, 1, 100)]);
    assert_eq!((world.count(B, Kind::Cookie), world.count(A, Kind::Cookie)), (1, 1));
    assert_eq!(world.count(B, Kind::Response), 2);
}

#[test]
fn cookie_is_good_for_one_address_and_port() {
    let mut world = limited(0, 1000);
    let cookie = cookie(&mut world, outer(A), &initiation(&private(A), 1));
    for elsewhere in ["192.0.2.1:51872", "192.0.2.9:51871", "[2001:db8::1]:51871"] {
        let message = with(&cookie, initiation(&private(A), 2));
        let refused = world.inject(B, elsewhere.parse().unwrap(), &message);
        assert_eq!(refused, Err(DropCause::AnsweredWithCookie), "{elsewhere}");
    }
    assert_eq!(world.inject(B, outer(A), &with(&cookie, initiation(&private(A), 2))), Ok(()));
}

#[test]
fn ipv6_source_gets_a_cookie_of_its_own() {
    let mut world = limited(0, 1000);
    let here: SocketAddr = "[2001:db8::1]:51871".parse().unwrap();
    let there: SocketAddr = "[2001:db8::2]:51871".parse().unwrap();
    let cookie = cookie(&mut world, here, &initiation(&private(A), 1));
    let message = with(&cookie, initiation(&private(A), 2));
    assert_eq!(world.inject(B, there, &message), Err(DropCause::AnsweredWithCookie));
    assert_eq!(world.inject(B, here, &message), Ok(()));
}

#[test]
fn cookie_is_good_for_two_minutes() {
    let mut world = limited(0, 1000);
    let cookie = cookie(&mut world, outer(A), &initiation(&private(A), 1));
    world.run(secs(119));
    assert_eq!(world.inject(B, outer(A), &with(&cookie, initiation(&private(A), 2))), Ok(()));
    world.run(secs(1));
    let late = world.inject(B, outer(A), &with(&cookie, initiation(&private(A), 3)));
    assert_eq!(late, Err(DropCause::AnsweredWithCookie));
}

#[test]
fn initiator_stops_using_a_cookie_before_it_expires() {
    let mut world = limited(0, 1000);
    world.send(A, 1);
    world.run(secs(1));
    world.lose(|_| true);
    world.chat(A, secs(1), secs(130));
    let got = world.log.iter().find(|entry| entry.kind == Kind::Cookie).unwrap().at;
    let mut used = 0;
    for entry in world.log.iter().filter(|entry| entry.kind == Kind::Initiation && entry.at > got) {
        let Ok(Message::Initiation(message)) = Message::parse(&entry.bytes) else { panic!() };
        let is_stamped = message.mac2 != [0; 16];
        used += u32::from(is_stamped);
        assert_eq!(is_stamped, entry.at.duration_since(got) < secs(115), "{:?}", entry.at - got);
    }
    assert!(used > 15);
}

#[test]
fn source_with_a_cookie_is_limited_to_20_a_second() {
    let mut world = limited(0, 1000);
    let cookie = cookie(&mut world, outer(A), &initiation(&stranger(), 0));
    let flood: Vec<_> = (0..10).map(|n| with(&cookie, initiation(&stranger(), n))).collect();
    let mut worked_on = 0;
    for n in 0..1000 {
        match world.inject(B, outer(A), &flood[n % 10]).unwrap_err() {
            DropCause::UnknownPeer => worked_on += 1,
            cause => assert_eq!(cause, DropCause::SourceRateLimited),
        }
        world.run(ms(2));
    }
    // Two seconds, and the burst.
    assert!((40..=45).contains(&worked_on), "{worked_on}");
    assert_eq!(world.nodes[B].device.footprint().1, 1);
}

#[test]
fn many_sources_with_cookies_are_limited_together() {
    let mut world = limited(0, 10);
    let message = initiation(&stranger(), 0);
    let mut worked_on = 0;
    for n in 0..100 {
        let source = SocketAddr::from(([203, 0, 113, n], 1));
        let cookie = cookie(&mut world, source, &message);
        match world.inject(B, source, &with(&cookie, message)).unwrap_err() {
            DropCause::UnknownPeer => worked_on += 1,
            cause => assert_eq!(cause, DropCause::DeviceRateLimited),
        }
    }
    assert_eq!(worked_on, 10);
    assert_eq!(world.nodes[B].device.footprint().1, 100);
}

#[test]
fn cookie_reply_must_answer_the_last_message_and_only_once() {
    let mut world = limited(0, 1000);
    world.lose(|entry| entry.kind == Kind::Cookie);
    world.send(A, 1);
    world.run(ms(100));
    let reply = world.last(B, Kind::Cookie);
    let mut forged = reply.clone();
    forged[40] ^= 1;
    assert_eq!(world.inject(A, outer(B), &forged), Err(DropCause::CookieUndecryptable));
    assert_eq!(world.inject(A, outer(B), &reply), Ok(()));
    assert_eq!(world.inject(A, outer(B), &reply), Err(DropCause::UnexpectedCookie));
    // The next attempt has another index, and another mac1.
    world.run(secs(6));
    assert_eq!(world.inject(A, outer(B), &reply), Err(DropCause::UnexpectedCookie));
}

#[test]
fn without_mac1_nothing_is_answered_even_under_load() {
    let mut world = limited(0, 1000);
    let mut message = initiation(&private(A), 1);
    message.mac1 = [0; 16];
    assert_eq!(world.inject(B, outer(A), message.as_bytes()), Err(DropCause::InvalidMac1));
    assert!(world.log.is_empty());
}

#[test]
fn outbox_that_nobody_empties_is_bounded() {
    let mut world = limited(0, 1000);
    let (clock, message) = (world.clock(), initiation(&stranger(), 1));
    for _ in 0..5000 {
        let (mut bytes, device) = (message.as_bytes().to_vec(), &mut world.nodes[B].device);
        let _ = device.handle_datagram(clock, &mut world.rng, outer(A), &mut bytes);
    }
    assert_eq!(world.dropped(B, DropCause::OutboxFull), 5000 - 4096);
}
