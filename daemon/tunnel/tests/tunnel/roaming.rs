//! Whitepaper 2.1: where a peer is.

use wgtrace_tunnel::{DropCause, Event};

use crate::world::{A, B, Kind, World, ms, outer};

#[test]
fn endpoint_follows_authentic_messages_and_nothing_else() {
    let mut world = World::connected();
    let elsewhere = "198.51.100.7:4711".parse().unwrap();
    world.send(A, 1);
    let message = world.last(A, Kind::Packet);
    let mut forged = message.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(world.inject(B, elsewhere, &forged), Err(DropCause::Unauthentic));
    assert_eq!(world.status(B).endpoint, Some(outer(A)));
    assert_eq!(world.inject(B, elsewhere, &message), Ok(()));
    assert_eq!(world.status(B).endpoint, Some(elsewhere));
    // A replay from yet elsewhere moves nothing.
    assert_eq!(world.inject(B, outer(B), &message), Err(DropCause::ReplayedCounter));
    assert_eq!(world.status(B).endpoint, Some(elsewhere));
    let peer = world.nodes[B].peer;
    let roamed = Event::Roamed { peer, from: Some(outer(A)), to: elsewhere };
    assert!(world.nodes[B].events.contains(&roamed));
    // Traffic follows the peer to its new place.
    world.nodes[A].addr = elsewhere;
    world.send(B, 2);
    world.run(ms(100));
    assert_eq!(world.nodes[A].got.len(), 1);
}

#[test]
fn peer_that_moves_keeps_its_session() {
    let mut world = World::connected();
    for port in 1000..1010 {
        world.nodes[A].addr = std::net::SocketAddr::from(([203, 0, 113, 5], port));
        world.send(A, 1);
        world.run(ms(50));
        world.send(B, 1);
        world.run(ms(50));
    }
    assert_eq!((world.nodes[A].got.len(), world.nodes[B].got.len()), (10, 10));
    assert_eq!(world.count(A, Kind::Initiation), 0);
}

#[test]
fn initiation_from_elsewhere_moves_the_endpoint_and_its_replay_does_not() {
    let mut world = World::new();
    world.lose(|_| true);
    world.send(A, 1);
    let initiation = world.last(A, Kind::Initiation);
    let [first, second] = ["198.51.100.7:1", "198.51.100.7:2"].map(|addr| addr.parse().unwrap());
    assert_eq!(world.inject(B, first, &initiation), Ok(()));
    assert_eq!(world.status(B).endpoint, Some(first));
    assert_eq!(world.inject(B, second, &initiation), Err(DropCause::ReplayedInitiation));
    assert_eq!(world.status(B).endpoint, Some(first));
}

#[test]
fn response_from_elsewhere_moves_the_endpoint_and_a_forged_one_does_not() {
    let mut world = World::new();
    world.lose(|entry| entry.kind == Kind::Response);
    world.send(A, 1);
    world.run(ms(100));
    let response = world.last(B, Kind::Response);
    let elsewhere = "[2001:db8::7]:51871".parse().unwrap();
    let mut forged = response.clone();
    forged[50] ^= 1;
    assert_eq!(world.inject(A, elsewhere, &forged), Err(DropCause::InvalidMac1));
    assert_eq!(world.status(A).endpoint, Some(outer(B)));
    assert_eq!(world.inject(A, elsewhere, &response), Ok(()));
    assert_eq!(world.status(A).endpoint, Some(elsewhere));
}
