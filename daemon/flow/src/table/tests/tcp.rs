use std::time::Duration;

use super::*;

const UP: (End, End) = (CLIENT, SERVER);
const DOWN: (End, End) = (SERVER, CLIENT);
const PSH_ACK: Flags = Flags(Flags::PSH.0 | Flags::ACK.0);
const FIN_ACK: Flags = Flags(Flags::FIN.0 | Flags::ACK.0);
const SECOND: u64 = 1_000_000_000;

/// The handshake, as the hooks of a pod's device and of the tunnel's see it.
fn handshake(table: &mut FlowTable, start: u64) -> FlowId {
    let (out, inward) = ((Hook::FromContainer, Hook::ToWireguard), (Hook::FromWireguard, Hook::ToContainer));
    segment(table, out.0, start, UP, (100, Flags::SYN, 0));
    segment(table, out.1, start + 1_000, UP, (100, Flags::SYN, 0));
    segment(table, inward.0, start + 640_000, DOWN, (900, SYN_ACK, 0));
    segment(table, inward.1, start + 641_024, DOWN, (900, SYN_ACK, 0));
    segment(table, out.0, start + 661_504, UP, (101, Flags::ACK, 0));
    segment(table, out.1, start + 663_000, UP, (101, Flags::ACK, 0))
}

#[test]
fn a_handshake_is_followed_and_timed_at_one_interface() {
    let mut table = table();
    segment(&mut table, Hook::FromContainer, 1_000_000, UP, (100, Flags::SYN, 0));
    assert_eq!(table.iter().next().unwrap().tcp_state(), Some(TcpState::SynSent));
    let mut table = super::table();
    let id = handshake(&mut table, 64_000_000);
    let flow = table.get(id).unwrap();
    assert_eq!(flow.tcp_state(), Some(TcpState::Established));
    let rtt = flow.rtt().unwrap();
    assert_eq!(rtt.responder, Duration::from_nanos(641_024));
    assert_eq!(rtt.initiator, Some(Duration::from_nanos(20_480)));
    assert_eq!(flow.ports(), Some((40_000, 443)));
    assert_eq!(flow.retransmissions(Direction::Up) + flow.retransmissions(Direction::Down), 0);
    assert_eq!(flow.tcp_flags(flow.forward()), SYN_ACK);
    assert_eq!(table.len(), 1);
}

#[test]
fn the_same_packet_at_three_hooks_is_no_retransmission_and_twice_at_one_is() {
    let mut table = table();
    let id = handshake(&mut table, 1_000_000);
    for hook in [Hook::FromContainer, Hook::ToWireguard, Hook::ToNetdev] {
        segment(&mut table, hook, 2_000_000, UP, (101, PSH_ACK, 1000));
    }
    let forward = table.get(id).unwrap().forward();
    assert_eq!(table.get(id).unwrap().retransmissions(forward), 0);
    for hook in [Hook::FromContainer, Hook::ToWireguard, Hook::ToNetdev] {
        segment(&mut table, hook, 3_000_000, UP, (101, PSH_ACK, 1000));
    }
    assert_eq!(table.get(id).unwrap().retransmissions(forward), 1);
    assert_eq!(table.get(id).unwrap().retransmissions(forward.reverse()), 0);
}

#[test]
fn keepalives_and_bare_acknowledgments_are_no_retransmissions() {
    let mut table = table();
    let id = handshake(&mut table, 1_000_000);
    for (sequence, len) in [(101, 500), (601, 0), (600, 0), (600, 1), (101, 0), (601, 0)] {
        segment(&mut table, Hook::FromContainer, 2_000_000, UP, (sequence, Flags::ACK, len));
    }
    assert_eq!(table.get(id).unwrap().retransmissions(Direction::Up), 0);
}

#[test]
fn sequence_numbers_wrap_around() {
    let mut table = table();
    let start = u32::MAX - 999;
    for (at, sequence) in (1_u64..).zip([start, start.wrapping_add(800), start.wrapping_add(1600)]) {
        segment(&mut table, Hook::TapOut, at, UP, (sequence, Flags::ACK, 800));
    }
    let retransmissions = |table: &FlowTable| table.iter().next().unwrap().retransmissions(Direction::Up);
    assert_eq!(retransmissions(&table), 0);
    segment(&mut table, Hook::TapOut, 9, UP, (start.wrapping_add(800), Flags::ACK, 800));
    assert_eq!(retransmissions(&table), 1);
}

#[test]
fn a_super_frame_counts_as_its_segments() {
    let mut table = table();
    let mut event = sample::event(Hook::FromContainer, 5_000);
    (event.gso_size, event.gso_segs) = (1448, 10);
    for _ in 0..2 {
        let frame = tcp4(CLIENT, SERVER, 1, Flags::ACK, 14_480);
        sample::with(event, &frame, |packet| table.update(packet));
    }
    let flow = table.iter().next().unwrap();
    let hook = flow.hooks().next().unwrap();
    assert_eq!(hook.forward, Count { packets: 20, frames: 2, bytes: 2 * 14_534 });
    assert_eq!(hook.backward, Count::default());
    assert_eq!(flow.retransmissions(Direction::Up), 10);
}

#[test]
fn a_repeated_syn_leaves_the_round_trip_unknown() {
    let mut table = table();
    for (time, ends, what) in [
        (1_000, UP, (100, Flags::SYN, 0)),
        (1_000_000, UP, (100, Flags::SYN, 0)),
        (1_500_000, DOWN, (900, SYN_ACK, 0)),
        (1_600_000, UP, (101, Flags::ACK, 0)),
    ] {
        segment(&mut table, Hook::TapOut, time, ends, what);
    }
    let flow = table.iter().next().unwrap();
    assert_eq!(flow.rtt(), None);
    assert_eq!(flow.retransmissions(Direction::Up), 1);
    assert_eq!(flow.tcp_state(), Some(TcpState::Established));
}

#[test]
fn fins_of_both_ends_close_and_a_new_syn_reopens() {
    let mut table = table();
    let id = handshake(&mut table, 1_000_000);
    segment(&mut table, Hook::FromContainer, 2_000_000, UP, (101, FIN_ACK, 0));
    assert_eq!(table.get(id).unwrap().tcp_state(), Some(TcpState::Closing));
    segment(&mut table, Hook::FromWireguard, 2_100_000, DOWN, (901, FIN_ACK, 0));
    segment(&mut table, Hook::FromContainer, 2_200_000, UP, (102, Flags::ACK, 0));
    assert_eq!(table.get(id).unwrap().tcp_state(), Some(TcpState::Closed));
    let again = handshake(&mut table, 3_000_000);
    assert_eq!(again, id);
    let flow = table.get(id).unwrap();
    assert_eq!(flow.tcp_state(), Some(TcpState::Established));
    assert!(!flow.tcp_flags(flow.forward()).contains(Flags::FIN));
    assert_eq!(flow.retransmissions(Direction::Up), 0);
    segment(&mut table, Hook::FromWireguard, 4_000_000, DOWN, (901, Flags::RST, 0));
    assert_eq!(table.get(id).unwrap().tcp_state(), Some(TcpState::Reset));
}

/// The way into a pod from another node: its answers are first seen at the fourth hook and beyond.
#[test]
fn a_flow_is_followed_at_hooks_beyond_the_room_of_its_entry() {
    let mut table = table();
    let inward = [Hook::FromWireguard, Hook::FromHost, Hook::ToContainer];
    let out = [Hook::FromContainer, Hook::ToWireguard, Hook::ToNetdev];
    let mut time = 1_000_000;
    let mut pass = |hooks: [Hook; 3], ends, what| {
        for hook in hooks {
            time += 1_000;
            segment(&mut table, hook, time, ends, what);
        }
    };
    pass(inward, UP, (100, Flags::SYN, 0));
    pass(out, DOWN, (900, SYN_ACK, 0));
    pass(inward, UP, (101, Flags::ACK, 0));
    for _ in 0..2 {
        pass(out, DOWN, (901, PSH_ACK, 100));
    }
    pass(out, DOWN, (1001, FIN_ACK, 0));
    pass(inward, UP, (101, FIN_ACK, 0));
    pass(out, DOWN, (1002, Flags::ACK, 0));
    let flow = table.iter().next().unwrap();
    assert_eq!(flow.hooks().map(|hook| hook.place.hook).collect::<Vec<_>>(), [inward, out].concat());
    assert_eq!(flow.tcp_state(), Some(TcpState::Closed));
    assert_eq!(flow.retransmissions(flow.forward().reverse()), 1);
    assert!(flow.rtt().is_some(), "from the tunnel's device and back to it");
    table.expire(time + 11_000_000_000);
    assert_eq!(table.len(), 0);
}

#[test]
fn a_connection_that_one_end_closed_waits_two_minutes_for_the_other() {
    let mut table = table();
    let id = handshake(&mut table, 1_000_000);
    segment(&mut table, Hook::FromContainer, SECOND, UP, (101, FIN_ACK, 0));
    assert_eq!(table.expire(100 * SECOND), 0);
    segment(&mut table, Hook::FromWireguard, 100 * SECOND, DOWN, (901, PSH_ACK, 100));
    assert_eq!(table.expire(219 * SECOND), 0);
    assert_eq!(table.get(id).unwrap().tcp_state(), Some(TcpState::Closing));
    assert_eq!(table.expire(220 * SECOND), 1);
}

#[test]
fn an_end_that_was_lost_at_one_hook_is_seen_at_the_next() {
    let mut table = table();
    let id = handshake(&mut table, 1_000_000);
    segment(&mut table, Hook::ToWireguard, 2_000_000, UP, (101, FIN_ACK, 0));
    assert_eq!(table.get(id).unwrap().tcp_state(), Some(TcpState::Closing));
    segment(&mut table, Hook::ToContainer, 2_100_000, DOWN, (901, FIN_ACK, 0));
    assert_eq!(table.get(id).unwrap().tcp_state(), Some(TcpState::Closed));
    assert_eq!(table.get(id).unwrap().retransmissions(Direction::Up), 0);
    handshake(&mut table, 3_000_000);
    segment(&mut table, Hook::ToContainer, 4_000_000, DOWN, (901, Flags::RST, 0));
    assert_eq!(table.get(id).unwrap().tcp_state(), Some(TcpState::Reset));
}

#[test]
fn a_flow_first_seen_by_its_answer_has_the_other_end_as_initiator() {
    let mut table = table();
    segment(&mut table, Hook::FromNetdev, 1_000, DOWN, (900, SYN_ACK, 0));
    assert_eq!(table.iter().next().unwrap().ports(), Some((40_000, 443)));
}

#[test]
fn another_hook_takes_over_from_one_that_fell_silent() {
    let mut table = table();
    segment(&mut table, Hook::FromContainer, 1_000, UP, (100, Flags::ACK, 100));
    let late = 5_000_000_000;
    for (at, sequence) in [(0, 200), (1, 300), (2, 200)] {
        segment(&mut table, Hook::TapOut, late + at, UP, (sequence, Flags::ACK, 100));
    }
    assert_eq!(table.iter().next().unwrap().retransmissions(Direction::Up), 1);
}
