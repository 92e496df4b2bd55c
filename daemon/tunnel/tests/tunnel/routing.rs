//! Whitepaper 2: cryptokey routing, both ways.

use wgtrace_tunnel::{Device, DropCause, PeerSettings};

use crate::world::{A, B, Kind, World, ms, packet, public, secs};

fn to(dst: [u8; 4]) -> Vec<u8> {
    let mut packet = packet(A, B, 1, 100);
    packet[16..20].copy_from_slice(&dst);
    packet
}

fn send(world: &mut World, packet: &[u8]) -> Result<(), DropCause> {
    let clock = world.clock();
    let sent = world.nodes[A].device.handle_packet(clock, &mut world.rng, packet);
    world.flush(A);
    sent.map(|_| ())
}

#[test]
fn packet_goes_to_the_owner_of_its_destination() {
    let mut world = World::connected();
    let clock = world.clock();
    let third = PeerSettings {
        endpoint: Some(crate::world::outer(7)),
        allowed_ips: vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()],
        ..PeerSettings::new(public(7))
    };
    let peer = world.nodes[A].peer;
    let device = &mut world.nodes[A].device;
    let third = device.add_peer(clock, third).unwrap();
    let mut v6 = vec![0; 40];
    (v6[0], v6[24]) = (0x60, 0xfd);
    for (packet, owner) in [(to([10, 0, 0, 2]), peer), (to([10, 0, 0, 3]), third), (v6, third)] {
        assert_eq!(device.handle_packet(clock, &mut world.rng, &packet), Ok(owner));
    }
}

#[test]
fn destination_of_nobody_is_refused() {
    let mut world = World::connected();
    assert_eq!(send(&mut world, &to([8, 8, 8, 8])), Err(DropCause::NoRoute));
    let mut v6 = vec![0; 40];
    v6[0] = 0x60;
    assert_eq!(send(&mut world, &v6), Err(DropCause::NoRoute));
    for junk in [&[][..], &[0x45; 10], &[0x55; 60]] {
        assert_eq!(send(&mut world, junk), Err(DropCause::NotIp));
    }
    assert_eq!(world.dropped(A, DropCause::NoRoute) + world.dropped(A, DropCause::NotIp), 5);
}

#[test]
fn network_that_moves_to_another_peer_moves_both_ways() {
    let mut world = World::connected();
    let clock = world.clock();
    let settings = PeerSettings { endpoint: Some(crate::world::outer(7)), ..PeerSettings::new(public(7)) };
    let third = world.nodes[B].device.add_peer(clock, settings).unwrap();
    world.nodes[B].device.allow(third, "10.0.0.1/32".parse().unwrap()).unwrap();
    // A's packets still authenticate, and their source is no longer A's.
    world.send(A, 1);
    world.run(ms(100));
    assert_eq!(world.dropped(B, DropCause::DisallowedSource), 1);
    assert!(world.status(B).allowed_ips.is_empty());
    assert_eq!(world.nodes[B].device.handle_packet(clock, &mut world.rng, &packet(B, A, 1, 100)), Ok(third));
    // And back.
    let peer = world.nodes[B].peer;
    world.nodes[B].device.allow(peer, "10.0.0.1/32".parse().unwrap()).unwrap();
    world.send(A, 2);
    world.run(ms(100));
    assert_eq!(world.nodes[B].got, [packet(A, B, 2, 100)]);
}

#[test]
fn disallow_takes_only_what_is_the_peers() {
    let mut world = World::new();
    let clock = world.clock();
    let peer = world.nodes[A].peer;
    let device = &mut world.nodes[A].device;
    let other = device.add_peer(clock, PeerSettings::new(public(7))).unwrap();
    let prefix = "10.0.0.2/32".parse().unwrap();
    assert_eq!(device.disallow(other, prefix), Ok(false));
    assert_eq!(allowed(device, &world.now, peer), ["10.0.0.2/32"]);
    assert_eq!(device.disallow(peer, prefix), Ok(true));
    assert_eq!(device.disallow(peer, prefix), Ok(false));
    assert!(allowed(device, &world.now, peer).is_empty());
}

#[test]
fn replacing_networks_changes_them_all_at_once() {
    let mut world = World::new();
    let clock = world.clock();
    let peer = world.nodes[A].peer;
    let device = &mut world.nodes[A].device;
    let other =
        PeerSettings { allowed_ips: vec!["10.7.0.0/16".parse().unwrap()], ..PeerSettings::new(public(7)) };
    let other = device.add_peer(clock, other).unwrap();
    let held = device.data_path().routes();
    let new = ["10.0.0.2/32", "10.7.0.0/16", "fd00::/64"].map(|prefix| prefix.parse().unwrap());
    device.replace_allowed_ips(peer, &new).unwrap();
    assert_eq!(allowed(device, &world.now, peer), ["10.0.0.2/32", "10.7.0.0/16", "fd00::/64"]);
    assert!(allowed(device, &world.now, other).is_empty());
    // Who holds the old table for a batch sees all of the old.
    assert_eq!(held.allowed_ips().iter().count(), 2);
    assert_eq!(held.allowed_ips().lookup([10, 7, 0, 1].into()).unwrap().peer(), other);
}

#[test]
fn traffic_of_two_tunnels_does_not_mix() {
    let mut world = World::connected();
    world.chat(A, ms(500), secs(5));
    world.chat(B, ms(500), secs(5));
    let status = [A, B].map(|n| world.status(n));
    assert_eq!(status[A].tally.tx_bytes, status[B].tally.rx_bytes);
    assert_eq!(status[B].tally.tx_bytes, status[A].tally.rx_bytes);
    let bytes: usize = world.log.iter().filter(|entry| entry.from == A).map(|entry| entry.bytes.len()).sum();
    // And the handshake and first packet before the log was cleared.
    assert_eq!(status[A].tally.tx_bytes, (bytes + 148 + 112 + 32) as u64);
    assert!(world.count(A, Kind::Packet) == 10);
}

fn allowed(device: &Device, now: &std::time::Instant, peer: wgtrace_tunnel::PeerId) -> Vec<String> {
    device.status(*now, peer).unwrap().allowed_ips.iter().map(ToString::to_string).collect()
}
