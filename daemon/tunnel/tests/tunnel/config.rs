//! Peers and keys that come, change and go.

use wgtrace_decrypt::key::{PrivateKey, PublicKey};
use wgtrace_tunnel::{ConfigError, Device, DeviceSettings, DropCause, PeerSettings};

use crate::world::{A, B, Kind, World, ms, outer, packet, private, public, secs};

#[test]
fn keys_that_cannot_work_are_refused_with_the_reason() {
    let mut world = World::new();
    let (clock, device) = (world.clock(), &mut world.nodes[A].device);
    let zero = PublicKey::from_bytes([0; 32]);
    let mut add = |key| device.add_peer(clock, PeerSettings::new(key)).unwrap_err();
    assert_eq!(add(zero), ConfigError::LowOrderKey(zero));
    assert_eq!(add(public(A)), ConfigError::OwnKey(public(A)));
    assert_eq!(add(public(B)), ConfigError::DuplicatePeer(public(B)));
    let settings = DeviceSettings::new(PrivateKey::from_bytes([0; 32]));
    assert!(matches!(Device::new(world.now, settings), Err(ConfigError::ZeroPrivateKey)));
    assert!(add_text(&mut world).contains("low order"));
}

fn add_text(world: &mut World) -> String {
    let (clock, zero) = (world.clock(), PublicKey::from_bytes([0; 32]));
    world.nodes[A].device.add_peer(clock, PeerSettings::new(zero)).unwrap_err().to_string()
}

#[test]
fn removed_peer_leaves_nothing() {
    let mut world = World::connected();
    let (clock, peer) = (world.clock(), world.nodes[B].peer);
    let held = std::sync::Arc::downgrade(&world.nodes[B].device.sessions(peer).unwrap()[0]);
    world.nodes[B].device.remove_peer(clock, &mut world.rng, peer).unwrap();
    assert_eq!(held.strong_count(), 0);
    let device = &mut world.nodes[B].device;
    assert_eq!((device.footprint().0, device.peers().count(), device.poll_timeout()), (0, 0, None));
    assert_eq!(device.remove_peer(clock, &mut world.rng, peer), Err(ConfigError::UnknownPeer));
    assert_eq!(device.status(world.now, peer).unwrap_err(), ConfigError::UnknownPeer);
    assert_eq!(device.handle_packet(clock, &mut world.rng, &packet(B, A, 1, 100)), Err(DropCause::NoRoute));
    let message = {
        world.send(A, 1);
        world.last(A, Kind::Packet)
    };
    assert_eq!(world.inject(B, outer(A), &message), Err(DropCause::UnknownReceiver));
    // Its name is not given to the next.
    let next = world.nodes[B].device.add_peer(clock, PeerSettings::new(public(A))).unwrap();
    assert_ne!(next, peer);
}

#[test]
fn packets_that_waited_for_a_removed_peer_are_counted() {
    let mut world = World::new();
    world.send(A, 1);
    let (clock, peer) = (world.clock(), world.nodes[A].peer);
    let lane = world.nodes[A].device.data_path().routes();
    let lane = lane.allowed_ips().lookup(crate::world::inner(B)).unwrap();
    world.nodes[A].device.remove_peer(clock, &mut world.rng, peer).unwrap();
    assert_eq!(lane.drops().counts().of(DropCause::NoHandshake), 1);
}

#[test]
fn new_private_key_ends_every_session() {
    let mut world = World::connected();
    let (clock, key) = (world.clock(), private(5));
    world.nodes[B].device.set_private_key(clock, &mut world.rng, key).unwrap();
    assert_eq!(*world.nodes[B].device.public_key(), public(5));
    assert_eq!(world.nodes[B].device.footprint().0, 0);
    world.send(A, 1);
    world.run(secs(20));
    // A asks whom it knew.
    assert!(world.dropped(B, DropCause::InvalidMac1) > 0);
    // Told of the new key, it gets through.
    let clock = world.clock();
    let settings = PeerSettings {
        endpoint: Some(outer(B)),
        allowed_ips: vec!["10.0.0.2/32".parse().unwrap()],
        ..PeerSettings::new(public(5))
    };
    world.nodes[A].device.add_peer(clock, settings).unwrap();
    world.send(A, 2);
    world.run(ms(100));
    assert_eq!(world.nodes[B].got, [packet(A, B, 2, 100)]);
}

#[test]
fn peer_whose_key_becomes_the_devices_own_goes() {
    let mut world = World::connected();
    let clock = world.clock();
    world.nodes[A].device.set_private_key(clock, &mut world.rng, private(B)).unwrap();
    assert_eq!(world.nodes[A].device.peers().count(), 0);
    let zero = PrivateKey::from_bytes([0; 32]);
    let refused = world.nodes[A].device.set_private_key(clock, &mut world.rng, zero);
    assert_eq!(refused, Err(ConfigError::ZeroPrivateKey));
}

#[test]
fn status_tells_what_was_set_and_what_happened() {
    let mut world = World::connected();
    world.run(secs(3));
    let status = world.status(B);
    assert_eq!((status.public_key, status.has_preshared_key), (public(A), false));
    assert_eq!(status.endpoint, Some(outer(A)));
    assert_eq!((status.tally.responses, status.tally.handshakes), (1, 1));
    let session = status.session.unwrap();
    assert!(session.age >= secs(3) && session.received == 1 && session.sent == 0);
    assert!(status.tally.last_handshake.unwrap() >= crate::world::EPOCH);
    assert_eq!(world.nodes[B].device.peer_id(&public(A)), Some(status.id));
}
