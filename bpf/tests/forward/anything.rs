//! Any packet, against the model.

use proptest::prelude::*;
use wgtrace_abi::Mark;
use wgtrace_abi::forward::Settings;
use wgtrace_bpf::forward::{Decision, Meta};
use wgtrace_bpf::headers::Start;
use wgtrace_testbed::walkthrough::{NET, NODE, PORT, ROUTER, ethernet, ipv4, udp};
use wgtrace_wire::checksum;

use crate::model::{self, Fate, INTERESTING, Node};
use crate::world::{WIREGUARD_IFINDEX, World};
use crate::{FROM_NET, from_container, from_host, from_netdev, rewritten, to_netdev};

fn fate(decision: Decision) -> Fate {
    match decision {
        Decision::Pass(_) => Fate::Pass,
        Decision::Stack { mark, .. } => Fate::Stack(mark.0),
        Decision::Deliver { ifindex, .. } => Fate::Pod(ifindex),
        Decision::Encrypt { ifindex: WIREGUARD_IFINDEX } => Fate::Tunnel,
        Decision::Drop(reason) => Fate::Drop(reason.0),
        Decision::Encrypt { .. } | Decision::Answer { .. } => panic!("{decision:?}"),
    }
}

fn node() -> impl Strategy<Value = Node> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(encryption, strict, has_tunnel)| Node {
        encryption,
        strict,
        has_tunnel,
    })
}

fn world_of(node: Node) -> World {
    let flag = |set: bool, flag| if set { flag } else { 0 };
    let mut world =
        World::new(flag(node.encryption, Settings::ENCRYPTION) | flag(node.strict, Settings::STRICT));
    if let Some(settings) = world.settings.as_mut().filter(|_| !node.has_tunnel) {
        settings.wireguard_ifindex = 0;
    }
    world
}

fn address() -> impl Strategy<Value = [u8; 4]> {
    prop_oneof![4 => prop::sample::select(&INTERESTING[..]), 1 => any::<[u8; 4]>()]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_hook_decides_as_the_model_does(
        node in node(),
        from in prop_oneof![Just(NET), address()],
        to in address(),
        ttl in prop_oneof![Just(0_u8), Just(1), Just(2), any::<u8>()],
        mark in prop::sample::select(&[0_u32, 0x600, 0xe00, 0xf00, 0x0f00_0600][..]),
        port in prop_oneof![Just(PORT), any::<u16>()],
    ) {
        let world = world_of(node);
        let meta = Meta { mark: Mark(mark), ..FROM_NET };
        let [high, low] = port.to_be_bytes();
        let frame = &ethernet(0x0800, &ipv4(from, to, ttl, 17, &[high, low, 0, 9, 0, 8, 0, 0]))[..];
        let decided = from_container(frame, &meta, &world);
        prop_assert_eq!(fate(decided), model::from_container(node, from, to, ttl));
        prop_assert_eq!(fate(from_host(frame, &meta, &world)), model::from_host(to, ttl));
        prop_assert_eq!(fate(from_netdev(frame, &meta, &world)), model::from_netdev(node, from, to));
        let left = to_netdev(frame, &meta, &world);
        prop_assert_eq!(fate(left), model::to_netdev(node, from, to, mark, Some(port)));
        let barred = matches!(fate(left), Fate::Tunnel | Fate::Drop(195 | 206));
        prop_assert_eq!(left.wants_encryption(), barred);
        // one hop costs one, and the header stays whole
        let after = rewritten(frame, decided);
        let hops = u8::from(matches!(decided, Decision::Stack { .. } | Decision::Deliver { .. }));
        prop_assert_eq!((after[22], checksum::internet(&[&after[14..34]])), (ttl.wrapping_sub(hops), 0));
        prop_assert_eq!(&after[24..], &[&after[24..26], &frame[26..]].concat());
    }

    #[test]
    fn while_encryption_is_on_no_plaintext_for_the_pool_leaves_or_comes_in(
        from in address(),
        to in address(),
        strict: bool,
        mark: u32,
        port: u16,
    ) {
        let node = Node { encryption: true, strict, has_tunnel: true };
        let meta = Meta { mark: Mark(mark), ..FROM_NET };
        prop_assume!(from != NODE);
        let passes = |decision| matches!(decision, Decision::Pass(_));
        let frame = &udp(from, to, port)[..];
        let in_pool = |[a, b, ..]: [u8; 4]| a == 10 && b != 200;
        if passes(to_netdev(frame, &meta, &world_of(node))) {
            prop_assert!(!in_pool(to) || to == ROUTER);
        }
        if passes(from_netdev(frame, &meta, &world_of(node))) && in_pool(to) && to[..3] == NET[..3] {
            prop_assert!(!in_pool(from) || to == ROUTER || from == ROUTER);
        }
    }

    #[test]
    fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..80), tagged: bool, ip: bool) {
        let world = World::encrypted();
        let start = if ip { Start::Ip } else { Start::Ethernet };
        let meta = Meta { tagged, start, ..FROM_NET };
        for decision in [
            from_container(&bytes[..], &FROM_NET, &world),
            from_host(&bytes[..], &FROM_NET, &world),
            from_netdev(&bytes[..], &meta, &world),
            to_netdev(&bytes[..], &meta, &world),
        ] {
            // what is rewritten has that many bytes
            prop_assert_eq!(rewritten(&bytes, decision).len(), bytes.len());
        }
    }
}
