//! Any inputs in any order: nothing panics, nothing grows, and in the end two peers still meet.

use std::num::NonZeroU16;
use std::time::Duration;

use proptest::prelude::*;
use wgtrace_decrypt::key::PresharedKey;
use wgtrace_tunnel::{DeviceSettings, HandshakeLimits, PeerSettings, Sent};

use crate::world::{A, B, GOOD, Link, World, inner, ms, outer, packet, private, public, secs};

#[derive(Debug, Clone)]
enum Input {
    Packet(usize),
    /// One of the datagrams sent before, perhaps damaged, perhaps from elsewhere, to either end.
    Again {
        to: usize,
        which: prop::sample::Index,
        flip: Option<prop::sample::Index>,
        from: u8,
    },
    Pass(Duration),
    Wire {
        loss: u32,
        duplicate: u32,
        spread: u64,
    },
    Initiate(usize),
    Keepalive(usize, u16),
    Psk(usize, u8),
    Allow(usize, bool),
    Remove(usize),
    Key(usize, bool),
    Mtu(usize, u16),
    Counters(usize, u64),
}

fn input() -> impl Strategy<Value = Input> {
    let end = || 0_usize..2;
    let index = any::<prop::sample::Index>;
    prop_oneof![
        8 => end().prop_map(Input::Packet),
        6 => (end(), index(), prop::option::of(index()), 0_u8..4)
            .prop_map(|(to, which, flip, from)| Input::Again { to, which, flip, from }),
        4 => (0_u64..400).prop_map(|n| Input::Pass(ms(n))),
        3 => (0_u64..700).prop_map(|n| Input::Pass(secs(n))),
        1 => (0_u32..700, 0_u32..500, 0_u64..3000)
            .prop_map(|(loss, duplicate, spread)| Input::Wire { loss, duplicate, spread }),
        2 => end().prop_map(Input::Initiate),
        1 => (end(), 0_u16..40).prop_map(|(end, secs)| Input::Keepalive(end, secs)),
        1 => (end(), 0_u8..2).prop_map(|(end, psk)| Input::Psk(end, psk)),
        1 => (end(), any::<bool>()).prop_map(|(end, allow)| Input::Allow(end, allow)),
        1 => end().prop_map(Input::Remove),
        1 => (end(), any::<bool>()).prop_map(|(end, own)| Input::Key(end, own)),
        1 => (end(), any::<u16>()).prop_map(|(end, mtu)| Input::Mtu(end, mtu)),
        1 => (end(), any::<u64>()).prop_map(|(end, count)| Input::Counters(end, count)),
    ]
}

fn apply(world: &mut World, input: &Input) {
    let clock = world.clock();
    match *input {
        Input::Packet(from) => drop(world.try_send(from, 1)),
        Input::Again { to, ref which, ref flip, from } => {
            if world.log.is_empty() {
                return;
            }
            let mut bytes = which.get(&world.log).bytes.clone();
            if let Some(at) = flip {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << (at % 8);
            }
            let _ = world.inject(to, outer(from.into()), &bytes);
        }
        Input::Pass(span) => world.run(span),
        Input::Wire { loss, duplicate, spread } => {
            world.link = Link { loss, duplicate, spread: ms(spread), ..GOOD };
        }
        Input::Initiate(n) => {
            let peer = world.nodes[n].peer;
            let _ = world.nodes[n].device.initiate(clock, &mut world.rng, peer);
            world.flush(n);
        }
        Input::Keepalive(n, secs) => {
            let peer = world.nodes[n].peer;
            let interval = NonZeroU16::new(secs);
            let _ = world.nodes[n].device.set_persistent_keepalive(clock, peer, interval);
        }
        Input::Psk(n, psk) => {
            let (peer, psk) = (world.nodes[n].peer, PresharedKey::from_bytes([psk; 32]));
            let _ = world.nodes[n].device.set_preshared_key(peer, psk);
        }
        Input::Allow(n, allow) => {
            let (peer, device) = (world.nodes[n].peer, &mut world.nodes[n].device);
            let prefix = wgtrace_tunnel::Prefix::host(inner(1 - n));
            let _ = if allow { device.allow(peer, prefix) } else { device.disallow(peer, prefix).map(drop) };
        }
        Input::Remove(n) => {
            let peer = world.nodes[n].peer;
            let _ = world.nodes[n].device.remove_peer(clock, &mut world.rng, peer);
            add_peer(world, n);
        }
        Input::Key(n, own) => {
            let key = if own { private(n) } else { private(40 + n) };
            world.nodes[n].device.set_private_key(clock, &mut world.rng, key).unwrap();
        }
        Input::Mtu(n, mtu) => world.nodes[n].device.set_mtu(mtu.into()),
        Input::Counters(n, count) => {
            for session in world.nodes[n].device.sessions(world.nodes[n].peer).unwrap() {
                let _ = session.reserve(world.now, count);
                let sent = Sent { bytes: count, data: true };
                world.nodes[n].device.handle_sent(clock, &mut world.rng, &session, sent);
                world.flush(n);
            }
        }
    }
}

fn add_peer(world: &mut World, n: usize) {
    let settings = PeerSettings {
        endpoint: Some(outer(1 - n)),
        allowed_ips: vec![wgtrace_tunnel::Prefix::host(inner(1 - n))],
        ..PeerSettings::new(public(1 - n))
    };
    let clock = world.clock();
    world.nodes[n].peer = world.nodes[n].device.add_peer(clock, settings).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_inputs_in_any_order_are_survived(
        seed: u64, before_load in 0_u32..5, inputs in prop::collection::vec(input(), 1..80)
    ) {
        let mut world = World::with(seed, &PresharedKey::NONE, |key| DeviceSettings {
            limits: HandshakeLimits { before_load: before_load * 50, at_most: 1000 },
            ..DeviceSettings::new(key)
        });
        for input in inputs {
            apply(&mut world, &input);
            for node in &world.nodes {
                // Previous, current and next session, and a handshake.
                let (indices, sources) = node.device.footprint();
                prop_assert!(indices <= 4 && sources <= 8);
            }
        }
        // All is set right again, on both sides.
        world.link = GOOD;
        for n in [A, B] {
            let (clock, peer) = (world.clock(), world.nodes[n].peer);
            let device = &mut world.nodes[n].device;
            device.set_private_key(clock, &mut world.rng, private(n)).unwrap();
            device.remove_peer(clock, &mut world.rng, peer).unwrap();
            device.set_mtu(1420);
            add_peer(&mut world, n);
        }
        world.run(secs(10));
        for from in [A, B] {
            world.nodes[1 - from].got.clear();
            world.send(from, 77);
            world.run(secs(30));
            prop_assert!(world.nodes[1 - from].got.contains(&packet(from, 1 - from, 77, 100)));
        }
    }
}
