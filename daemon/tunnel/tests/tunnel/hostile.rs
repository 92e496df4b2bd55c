//! Every message is hostile until its tag says otherwise.

use proptest::prelude::*;
use wgtrace_decrypt::noise::mac::Mac1Key;
use wgtrace_tunnel::{DropCause, DropCounts, Session};
use wgtrace_wire::wireguard::{Initiation, Message, Response};
use zerocopy::{FromBytes as _, IntoBytes as _};

use crate::flood::initiation;
use crate::world::{A, B, Kind, World, ms, outer, private, public};

#[test]
fn wrong_lengths_and_types_are_refused() {
    let mut world = World::connected();
    for (kind, len) in [(1, 148), (2, 92), (3, 64), (4, 32)] {
        for have in [1, 4, len - 1, len + 1, 2 * len, 65_535] {
            if kind == 4 && have >= len {
                continue;
            }
            let mut message = vec![0; have];
            message[0] = kind;
            assert_eq!(world.inject(B, outer(A), &message), Err(DropCause::WrongLength), "{kind} {have}");
        }
    }
    for kind in [0, 5, 0x45, 0xff] {
        assert_eq!(world.inject(B, outer(A), &[kind; 148]), Err(DropCause::NotWireGuard));
    }
    assert_eq!(world.inject(B, outer(A), &[]), Err(DropCause::NotWireGuard));
}

#[test]
fn reserved_bytes_must_be_zero() {
    let mut world = World::connected();
    world.send(A, 1);
    let messages = [initiation(&private(A), 1).as_bytes().to_vec(), world.last(A, Kind::Packet)];
    for mut message in messages {
        for at in 1..4 {
            message[at] = 1;
            assert_eq!(world.inject(B, outer(A), &message), Err(DropCause::NotWireGuard));
            message[at] = 0;
        }
    }
}

#[test]
fn indices_of_nobody_are_refused() {
    let mut world = World::connected();
    let mut data = [0; 64];
    data[0] = 4;
    assert_eq!(world.inject(B, outer(A), &data), Err(DropCause::UnknownReceiver));
    let mut cookie = [0; 64];
    cookie[0] = 3;
    assert_eq!(world.inject(B, outer(A), &cookie), Err(DropCause::UnexpectedCookie));
    let mut response = Response::read_from_bytes(&[0; 92]).unwrap();
    response.kind = 2;
    Mac1Key::new(&public(B)).seal(&mut response);
    assert_eq!(world.inject(B, outer(A), response.as_bytes()), Err(DropCause::UnexpectedResponse));
}

#[test]
fn response_to_a_session_that_is_up_is_refused() {
    let mut world = World::new();
    world.send(A, 0);
    world.run(ms(100));
    let response = world.last(B, Kind::Response);
    assert_eq!(world.inject(A, outer(B), &response), Err(DropCause::UnexpectedResponse));
}

#[test]
fn low_order_ephemeral_keys_are_refused() {
    for point in low_order_points() {
        let mut world = World::new();
        let mut message = initiation(&private(A), 1);
        message.ephemeral = point;
        Mac1Key::new(&public(B)).seal(&mut message);
        assert_eq!(world.inject(B, outer(A), message.as_bytes()), Err(DropCause::LowOrderPoint));

        world.lose(|entry| entry.kind == Kind::Response);
        world.send(A, 1);
        world.run(ms(100));
        let honest = world.last(B, Kind::Response);
        let mut response = Response::read_from_bytes(&honest).unwrap();
        response.ephemeral = point;
        Mac1Key::new(&public(A)).seal(&mut response);
        assert_eq!(world.inject(A, outer(B), response.as_bytes()), Err(DropCause::LowOrderPoint));
        // The right one may still come.
        assert_eq!(world.inject(A, outer(B), &honest), Ok(()));
    }
}

#[test]
fn own_messages_reflected_are_refused() {
    let mut world = World::new();
    world.send(A, 0);
    let own = world.last(A, Kind::Initiation);
    assert_eq!(world.inject(A, outer(B), &own), Err(DropCause::InvalidMac1));
    world.run(ms(100));
    let own = world.last(B, Kind::Response);
    assert_eq!(world.inject(B, outer(A), &own), Err(DropCause::InvalidMac1));
    let own = world.last(A, Kind::Packet);
    assert_eq!(world.inject(A, outer(B), &own), Err(DropCause::UnknownReceiver));
    // Even with this end's own index the keys of the other direction differ.
    let mut own = own;
    own[4..8].copy_from_slice(&world.status(A).session.unwrap().local.0.to_le_bytes());
    assert_eq!(world.inject(A, outer(B), &own), Err(DropCause::Unauthentic));
}

#[test]
fn initiation_of_nobody_known_is_not_answered() {
    let mut world = World::new();
    let stranger = initiation(&private(9), 1);
    assert_eq!(world.inject(B, outer(A), stranger.as_bytes()), Err(DropCause::UnknownPeer));
    assert!(world.log.is_empty());
}

#[test]
fn initiation_for_another_device_is_refused_before_any_agreement() {
    let mut world = World::new();
    let message = initiation(&private(A), 1);
    assert_eq!(world.inject(A, outer(B), message.as_bytes()), Err(DropCause::InvalidMac1));
}

#[test]
fn any_flipped_bit_is_noticed_and_harms_nothing() {
    let mut world = World::new();
    world.send(A, 1);
    let initiation = world.last(A, Kind::Initiation);
    let flipped = |message: &[u8], at: usize| {
        let mut message = message.to_vec();
        message[at] ^= 0x10;
        message
    };
    for at in 0..initiation.len() - 16 {
        assert!(world.inject(B, outer(A), &flipped(&initiation, at)).is_err(), "initiation, byte {at}");
    }
    // With mac1 made anew every field still has its tag or its part in one.
    for at in 8..initiation.len() - 32 {
        let mut message = Initiation::read_from_bytes(&flipped(&initiation, at)).unwrap();
        Mac1Key::new(&public(B)).seal(&mut message);
        let cause = world.inject(B, outer(A), message.as_bytes()).unwrap_err();
        assert!(matches!(cause, DropCause::InitiationUndecryptable | DropCause::AnsweredWithCookie));
        world.run(ms(11));
    }
    assert_eq!(world.nodes[B].device.footprint().0, 1, "the one honest initiation's session");
}

#[test]
fn any_flipped_bit_of_a_transport_message_is_noticed() {
    let mut world = World::connected();
    world.send(A, 1);
    let message = world.last(A, Kind::Packet);
    for at in 0..message.len() {
        let mut flipped = message.clone();
        flipped[at] ^= 0x10;
        assert!(world.inject(B, outer(A), &flipped).is_err(), "byte {at}");
    }
    assert_eq!(world.inject(B, outer(A), &message), Ok(()));
}

#[test]
fn authentic_peer_that_sends_no_ip_packets_is_refused() {
    let mut world = World::connected();
    let session: std::sync::Arc<Session> =
        world.nodes[A].device.sessions(world.nodes[A].peer).unwrap()[0].clone();
    let ip = crate::world::packet(A, B, 1, 100);
    let mut short = ip.clone();
    short[2..4].copy_from_slice(&10_u16.to_be_bytes());
    let mut long = ip.clone();
    long[2..4].copy_from_slice(&5000_u16.to_be_bytes());
    let mut open = ip.clone();
    open[2..4].copy_from_slice(&[0, 0]);
    let mut spoofed = ip.clone();
    spoofed[12..16].copy_from_slice(&[10, 0, 0, 77]);
    let cases = [
        (vec![0; 100], DropCause::InnerMalformed),
        (vec![0x45; 5], DropCause::InnerMalformed),
        (vec![0x60; 39], DropCause::InnerMalformed),
        (short, DropCause::InnerMalformed),
        (long, DropCause::InnerMalformed),
        (open, DropCause::InnerMalformed),
        (spoofed, DropCause::DisallowedSource),
    ];
    for (inner, cause) in cases {
        let mut buffer = vec![0; 2048];
        buffer[16..16 + inner.len()].copy_from_slice(&inner);
        let mut run = session.reserve(world.now, 1).unwrap();
        let message = run.seal(&mut buffer, inner.len(), 1420).unwrap().to_vec();
        assert_eq!(world.inject(B, outer(A), &message), Err(cause), "{inner:?}");
        assert_eq!(world.status(B).drops.of(cause), world.dropped(B, cause));
    }
    assert!(world.nodes[B].got.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_datagrams_are_survived_and_counted(
        datagrams in prop::collection::vec((0_u8..6, prop::collection::vec(any::<u8>(), 0..200), any::<bool>()), 1..20)
    ) {
        let mut world = World::connected();
        let before: u64 = world.drops(B).iter().map(DropCounts::total).sum();
        let known = world.status(B).session.unwrap().local.0.to_le_bytes();
        let count = datagrams.len() as u64;
        for (kind, mut datagram, addressed) in datagrams {
            let len = match kind { 1 => 148, 2 => 92, 3 => 64, _ => datagram.len() };
            datagram.resize(len, 0xa5);
            for (byte, value) in datagram.iter_mut().zip([kind, 0, 0, 0]) {
                *byte = value;
            }
            if addressed {
                for (byte, value) in datagram.iter_mut().skip(if kind == 2 { 8 } else { 4 }).zip(known) {
                    *byte = value;
                }
            }
            prop_assert!(world.inject(B, outer(A), &datagram).is_err());
        }
        let after: u64 = world.drops(B).iter().map(DropCounts::total).sum();
        prop_assert_eq!(after - before, count);
        world.send(A, 1);
        world.run(ms(100));
        prop_assert_eq!(world.nodes[B].got.len(), 1);
    }
}

/// Every encoding that X25519 maps to zero (the curve's points of order 1, 2, 4 and 8, and those
/// of its twist).
fn low_order_points() -> Vec<[u8; 32]> {
    let near_p = |low: u8| {
        let mut point = [0xff; 32];
        (point[0], point[31]) = (low, 0x7f);
        point
    };
    let small = |low: u8| {
        let mut point = [0; 32];
        point[0] = low;
        point
    };
    let order_8 = [
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    ];
    let parsed = order_8.map(|hex| *wgtrace_decrypt::key::parse(hex).unwrap());
    [small(0), small(1), near_p(0xec), near_p(0xed), near_p(0xee)].into_iter().chain(parsed).collect()
}

#[test]
fn messages_are_what_they_are_parsed_as() {
    let mut world = World::connected();
    world.send(A, 1);
    assert!(matches!(Message::parse(&world.last(A, Kind::Packet)), Ok(Message::TransportData(_))));
}
