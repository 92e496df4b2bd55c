use std::time::Duration;

use super::*;
use crate::sample::{echo4, ethernet, ipv4, udp4};

#[test]
fn counters_are_kept_by_hook_beyond_the_entrys_own_room() {
    let mut table = table();
    for (time, hook) in (1_u64..).zip(Hook::ALL) {
        for _ in 0..=hook.number() {
            let event = sample::event(hook, time * 1000);
            sample::with(event, &udp4(CLIENT, SERVER, &[0; 58]), |packet| table.update(packet));
        }
    }
    assert_eq!(table.len(), 1);
    let flow = table.iter().next().unwrap();
    let hooks: Vec<_> = flow.hooks().collect();
    assert_eq!(hooks.iter().map(|count| count.place.hook).collect::<Vec<_>>(), Hook::ALL);
    for count in &hooks {
        let packets = u64::from(count.place.hook.number()) + 1;
        assert_eq!(count.forward, Count { packets, frames: packets, bytes: packets * 100 });
        assert_eq!((count.first, count.last), (packets * 1000, packets * 1000));
    }
    assert_eq!((flow.first_seen(), flow.last_seen()), (1000, 10_000));
    assert!(table.memory().spill > 0);
    table.expire(u64::MAX);
    assert_eq!(table.places.find(&hooks[9].place), None);
}

#[test]
fn the_same_interface_number_in_another_namespace_is_another_place() {
    let mut table = table();
    for netns in [1, 2] {
        let event = wgtrace_abi::PacketEvent { netns, ..sample::event(Hook::ToNetdev, 5) };
        sample::with(event, &udp4(CLIENT, SERVER, &[]), |packet| table.update(packet));
    }
    assert_eq!(table.len(), 1);
    assert_eq!(table.iter().next().unwrap().hooks().count(), 2);
}

#[test]
fn echoes_are_a_flow_by_identifier_with_a_round_trip() {
    let mut table = table();
    let mut see = |hook, time, is_reply, id| {
        let (from, to) = if is_reply { (2, 1) } else { (1, 2) };
        let event = sample::event(hook, time);
        sample::with(event, &echo4(from, to, is_reply, id, 1), |packet| table.update(packet).unwrap())
    };
    let id = see(Hook::FromContainer, 64_000, false, 77);
    see(Hook::ToWireguard, 65_000, false, 77);
    see(Hook::FromWireguard, 127_000, true, 77);
    assert_eq!(see(Hook::ToContainer, 128_000, true, 77), id);
    assert_ne!(see(Hook::FromContainer, 130_000, false, 78), id);
    let flow = table.get(id).unwrap();
    assert_eq!(flow.rtt().unwrap().responder, Duration::from_micros(64));
    assert_eq!((flow.key().echo_id(), flow.ports()), (Some(77), None));
}

#[test]
fn what_has_no_ports_is_a_flow_by_addresses_and_protocol() {
    let mut table = table();
    for (from, to) in [(1, 2), (2, 1)] {
        let frame = ethernet(0x0800, &ipv4(50, from, to, &[0; 8]));
        sample::with(sample::event(Hook::TapOut, 1), &frame, |packet| table.update(packet).unwrap());
    }
    assert_eq!(table.len(), 1);
    let arp = ethernet(0x0806, &[0; 28]);
    assert_eq!(sample::with(sample::event(Hook::TapOut, 1), &arp, |packet| table.update(packet)), None);
    assert_eq!(table.counts().without_flow, 1);
}

#[test]
fn wireguards_outer_flow_is_known_as_such() {
    let mut table = table();
    let mut message = [0; 92];
    message[0] = 2;
    let frame = udp4((1, 51_871), (2, 51_871), &message);
    let id = sample::with(sample::event(Hook::TapOut, 1), &frame, |packet| table.update(packet)).unwrap();
    assert!(table.get(id).unwrap().is_wireguard());
    let key = *table.get(id).unwrap().key();
    assert_eq!(table.find(&key).unwrap().id(), id);
}
