use wgtrace_abi::PacketEvent;
use wgtrace_abi::forward::PlaceKind;
use wgtrace_flow::decode;

use super::*;
use crate::trace::samples;

const NODE: [u8; 4] = [172, 18, 0, 3];
const OTHER_NODE: [u8; 4] = [172, 18, 0, 4];
const NET: [u8; 4] = [10, 0, 1, 203];
const REMOTE: [u8; 4] = [10, 0, 2, 194];
const NOBODY: [u8; 4] = [10, 77, 0, 1];
const SERVICE: [u8; 4] = [10, 96, 142, 173];
const ALONE: [u8; 4] = [10, 200, 7, 7];
const WORLD: [u8; 4] = [8, 8, 8, 8];
const PORT: u16 = 51871;
const WIREGUARD: u32 = 0x600;

/// The first worker of the walkthrough.
fn guard(flags: u16) -> Guard {
    let settings = Settings {
        node: Address::v4(NODE),
        wireguard_ifindex: 9,
        wireguard_port: PORT,
        flags: Settings::READY | flags,
        ..Settings::default()
    };
    let places = [
        ("10.0.0.0/8", PlaceKind::Pool),
        ("10.0.1.0/24", PlaceKind::LocalPods),
        ("10.0.1.26/32", PlaceKind::OwnNode),
        ("172.18.0.3/32", PlaceKind::OwnNode),
        ("10.0.2.0/24", PlaceKind::RemotePods),
        ("172.18.0.4/32", PlaceKind::RemoteNode),
        ("10.96.0.0/16", PlaceKind::Services),
        ("10.200.0.0/16", PlaceKind::Cleartext),
    ];
    let place = |(prefix, kind): (&str, _)| (prefix.parse().unwrap(), Place::new(kind, Address::default()));
    Guard::new(Some(settings), places.map(place))
}

/// A datagram, as a device without link layer has it.
fn datagram(from: [u8; 4], to: [u8; 4], port: u16) -> Vec<u8> {
    let [high, low] = port.to_be_bytes();
    let header = [0x45, 0, 0, 28, 0, 7, 0x40, 0, 64, 17, 0, 0];
    [&header[..], &from, &to, &[high, low, 0, 53, 0, 8, 0, 0]].concat()
}

fn framed(behind: &[u8], packet: &[u8]) -> Vec<u8> {
    [&[2; 12], behind, packet].concat()
}

fn is_leak(guard: &Guard, hook: Hook, frame: &[u8], change: impl FnOnce(&mut PacketEvent)) -> bool {
    let mut event = samples::event(frame);
    event.hook = hook.number();
    change(&mut event);
    guard.is_leak(&decode(&samples::record(event, frame)).unwrap())
}

/// Of an Ethernet frame with a mark.
fn leaks(guard: &Guard, hook: Hook, [from, to]: [[u8; 4]; 2], port: u16, mark: u32) -> bool {
    is_leak(guard, hook, &framed(&[8, 0], &datagram(from, to, port)), |event| event.mark = mark)
}

#[test]
fn what_leaves_in_clear_is_a_leak_where_it_had_to_be_encrypted() {
    for (to, from_pod, from_node) in [
        (REMOTE, true, true),
        (OTHER_NODE, true, false),
        (NOBODY, true, true),
        (SERVICE, true, true),
        (ALONE, false, false),
        (WORLD, false, false),
    ] {
        for (from, expected) in [(NET, from_pod), (NODE, from_node)] {
            let ends = [from, to];
            assert_eq!(
                leaks(&guard(Settings::ENCRYPTION), Hook::TapOut, ends, 40000, 0),
                expected,
                "{ends:?}"
            );
        }
    }
}

#[test]
fn what_comes_in_for_a_pod_from_the_pool_was_leaked_by_another() {
    for (from, to, expected) in [
        (REMOTE, NET, true),
        (NOBODY, NET, true),
        (NET, NET, true),
        (OTHER_NODE, NET, false),
        (ALONE, NET, false),
        (WORLD, NET, false),
        // on its way to somebody else
        (NET, REMOTE, false),
        (REMOTE, NODE, false),
    ] {
        let is = leaks(&guard(Settings::ENCRYPTION), Hook::TapIn, [from, to], 40000, 0);
        assert_eq!(is, expected, "{from:?} to {to:?}");
    }
}

#[test]
fn the_nodes_own_wireguard_packets_are_exempt_by_mark_port_and_source_together() {
    // a peer behind an address of the pool
    let own =
        |from, port, mark| leaks(&guard(Settings::ENCRYPTION), Hook::TapOut, [from, NOBODY], port, mark);
    assert!(!own(NODE, PORT, WIREGUARD));
    assert!(own(NODE, PORT, 0) && own(NODE, 53, WIREGUARD) && own(OTHER_NODE, PORT, WIREGUARD));
}

#[test]
fn a_leak_is_told_where_packets_are_tapped_and_nowhere_else() {
    let hooks = Hook::ALL.into_iter();
    let told: Vec<_> =
        hooks.filter(|hook| leaks(&guard(Settings::ENCRYPTION), *hook, [NET, REMOTE], 9, 0)).collect();
    assert_eq!(told, [Hook::TapOut]);
}

#[test]
fn without_encryption_or_settings_nothing_is_a_leak() {
    let unsettled = Guard { settings: None, ..guard(Settings::ENCRYPTION) };
    for guard in [guard(0), unsettled, Guard::default()] {
        assert!(!leaks(&guard, Hook::TapOut, [NET, REMOTE], 9, 0), "{guard:?}");
        assert!(!leaks(&guard, Hook::TapIn, [REMOTE, NET], 9, 0), "{guard:?}");
    }
}

#[test]
fn a_node_that_would_rather_drop_than_encrypt_late_and_one_without_a_tunnel_leak_alike() {
    let strict = guard(Settings::ENCRYPTION | Settings::STRICT);
    let mut cut_off = guard(Settings::ENCRYPTION);
    cut_off.settings.as_mut().unwrap().wireguard_ifindex = 0;
    for guard in [strict, cut_off] {
        assert!(leaks(&guard, Hook::TapOut, [NET, REMOTE], 9, 0), "{guard:?}");
    }
}

#[test]
fn tags_and_devices_without_link_layer_hide_no_leak() {
    let packet = datagram(NET, REMOTE, 9);
    let guard = guard(Settings::ENCRYPTION);
    for tags in [&[0x81, 0, 0, 7][..], &[0x88, 0xa8, 0, 7, 0x81, 0, 0, 8]] {
        let frame = framed(&[tags, &[8, 0]].concat(), &packet);
        assert!(is_leak(&guard, Hook::TapOut, &frame, |_| {}), "{tags:?}");
    }
    let bare = |event: &mut PacketEvent| event.flags = PacketEvent::L3;
    assert!(is_leak(&guard, Hook::TapOut, &packet, bare));
    assert!(!is_leak(&guard, Hook::TapOut, &datagram(NODE, OTHER_NODE, 9), bare));
    assert!(!is_leak(&guard, Hook::TapOut, &framed(&[8, 6], &[0; 28]), |_| {}), "ARP");
}
