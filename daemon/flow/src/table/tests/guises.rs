use proptest::prelude::*;
use wgtrace_abi::DropReason;

use super::*;
use crate::sample::udp4;

#[test]
fn a_flow_remembers_as_what_it_passed_a_hook() {
    let mut table = table();
    let frame = udp4(CLIENT, SERVER, &[0; 8]);
    sample::with(sample::event(Hook::TapOut, 1000), &frame, |packet| {
        table.update(packet);
        table.update_leaked(packet);
        table.update_sealed(packet, packet)
    });
    let flow = table.iter().next().unwrap();
    let guises: Vec<_> = flow.hooks().map(|hop| (hop.place.guise, hop.forward.packets)).collect();
    assert_eq!(guises, [(Guise::Plain, 1), (Guise::Leaked, 1), (Guise::Sealed, 1)]);
}

#[test]
fn what_is_sealed_times_no_handshake() {
    let mut table = table();
    for (time, flags, ends) in [
        (1_000_000, Flags::SYN, (CLIENT, SERVER)),
        (2_000_000, SYN_ACK, (SERVER, CLIENT)),
        (3_000_000, Flags::ACK, (CLIENT, SERVER)),
    ] {
        let frame = tcp4(ends.0, ends.1, 1, flags, 0);
        sample::with(sample::event(Hook::TapOut, time), &frame, |packet| table.update_sealed(packet, packet));
    }
    let flow = table.iter().next().unwrap();
    assert!(flow.rtt().is_none() && flow.tcp_state() == Some(TcpState::SynSent));
}

/// Reason, hook, packets.
type Counted = (u8, Hook, u64);

proptest! {
    #[test]
    fn drops_of_a_flow_are_those_of_a_naive_list(
        steps in prop::collection::vec((0..3_u16, 0..4_u8, 0..10_usize, any::<bool>()), 1..120),
    ) {
        let mut table = FlowTable::new(Limits { flows: 2, ..Limits::default() }, 3);
        let mut model: Vec<(u16, Vec<Counted>)> = Vec::new();
        for (time, (port, reason, hook, up)) in (1..).zip(steps) {
            table.mark();
            let hook = Hook::ALL[hook];
            let event = wgtrace_abi::PacketEvent { drop_reason: reason, ..sample::event(hook, time) };
            let ends = if up { ((1, port), (2, 9)) } else { ((2, 9), (1, port)) };
            sample::with(event, &udp4(ends.0, ends.1, &[]), |packet| table.update(packet));
            let known = model.iter().position(|(other, _)| *other == port);
            let (_, mut drops) = known.map_or((port, Vec::new()), |at| model.remove(at));
            if model.len() == 2 {
                model.remove(0);
            }
            let has_room = drops.len() < 16;
            match drops.iter_mut().find(|drop| (drop.0, drop.1) == (reason, hook)) {
                _ if reason == 0 => {}
                Some(drop) => drop.2 += 1,
                None if has_room => drops.push((reason, hook, 1)),
                None => {}
            }
            model.push((port, drops));
        }
        for flow in table.iter() {
            let (low, high) = flow.key().ports(Direction::Up).unwrap();
            let (_, drops) = model.iter().find(|(port, _)| [low, high].contains(port) && *port != 9).unwrap();
            let found: Vec<_> = flow.drops().iter().map(|it| (it.reason, it.hook, it.packets)).collect();
            let wanted: Vec<_> = drops.iter().map(|drop| (DropReason(drop.0), drop.1, drop.2)).collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
