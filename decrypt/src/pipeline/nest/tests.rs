use std::io::Cursor;

use wgtrace_wire::wireguard::{Counter, SessionIndex, TransportHeader};

use super::*;
use crate::aead::{Aead as _, RingKey};
use crate::capture::Error;
use crate::key::TransportKey;
use crate::pipeline::{Format, Front, Outcome, Report};

/// Layers of tunnels in the packets below.
const TUNNELS: u8 = 7;

fn key(tunnel: u8) -> [u8; 32] {
    [tunnel + 1; 32]
}

/// `inner` sealed in a message of `tunnel`, in UDP, in IPv4.
fn wrapped(tunnel: u8, counter: u8, inner: &[u8]) -> Vec<u8> {
    let mut sealed = [inner, &vec![0; inner.len().wrapping_neg() % 16 + 16]].concat();
    RingKey::new(&TransportKey::from_bytes(key(tunnel))).seal(Counter(counter.into()), &mut sealed).unwrap();
    let header = [4, 0, 0, 0, tunnel, 0, 0, 0, counter, 0, 0, 0, 0, 0, 0, 0];
    let udp = u16::try_from(8 + TransportHeader::LEN + sealed.len()).unwrap().to_be_bytes();
    let total = u16::try_from(28 + TransportHeader::LEN + sealed.len()).unwrap().to_be_bytes();
    let ip = [0x45, 0, total[0], total[1], 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, tunnel, 10, 0, 1, tunnel];
    let ports = [0xca, 0x6c, 0xca, 0x6c, udp[0], udp[1], 0, 0];
    [&ip[..], &ports, &header, &sealed].concat()
}

/// A packet inside `tunnels` of them.
fn deep(tunnels: u8, counter: u8) -> Vec<u8> {
    let ping = [0x45, 0, 0, 20, 0, 0, 0, counter, 64, 1, 0, 0, 10, 0, 1, 203, 10, 0, 2, 194];
    (0..tunnels).rev().fold(ping.to_vec(), |inner, tunnel| wrapped(tunnel, counter, &inner))
}

/// A classic pcap of bare IP.
fn capture(packets: &[Vec<u8>]) -> Vec<u8> {
    let head: [u32; 6] = [0xa1b2_3c4d, 0x0004_0002, 0, 0, 262_144, 101];
    let mut file: Vec<u8> = head.iter().flat_map(|word| word.to_le_bytes()).collect();
    for (packet, second) in packets.iter().zip(1_u32..) {
        let len = u32::try_from(packet.len()).unwrap();
        file.extend([second, 0, len, len].iter().flat_map(|word| word.to_le_bytes()));
        file.extend(packet);
    }
    file
}

fn secrets(tunnels: std::ops::Range<u8>) -> Secrets {
    let mut secrets = Secrets::new();
    for tunnel in tunnels {
        let mut line = String::new();
        let key = TransportKey::from_bytes(key(tunnel));
        let receiver = SessionIndex(tunnel.into());
        let line_of = crate::keylog::TransportLine { receiver, key, direction: None, time: None, peer: None };
        line_of.write(&mut line).unwrap();
        assert!(secrets.add(line.as_bytes(), "test").is_empty());
    }
    secrets
}

struct Ran {
    nest: Nest,
    report: Report,
    /// Data of the records in the output.
    packets: Vec<Vec<u8>>,
    asked: usize,
}

fn run(packets: &[Vec<u8>], known: std::ops::Range<u8>) -> Ran {
    let file = capture(packets);
    let again = file.clone();
    let reopen = Box::new(move || Ok(Cursor::new(again.clone())));
    let mut front = Front::new(Cursor::new(file), reopen, secrets(known)).unwrap();
    let encoder = Encoder::new(Format::Pcap, false);
    let (mut batch, mut nest, mut report) = (Batch::new(), Nest::new(), Report::new());
    let (mut output, mut asked) = (Vec::new(), 0);
    while front.next(&mut batch).unwrap() {
        batch.open::<Error>(&encoder, &mut |receiver| front.late_slots(receiver)).unwrap();
        let all = || {
            asked += 1;
            Ok::<_, Error>(front.sessions().secrets().clone())
        };
        nest.descend(&mut batch, &encoder, all).unwrap();
        report.absorb(&batch);
        output.extend_from_slice(batch.output());
    }
    let mut packets = Vec::new();
    let mut rest = output.as_slice();
    while let Some((head, behind)) = rest.split_at_checked(16) {
        let len = usize::try_from(u32::from_le_bytes([head[8], head[9], head[10], head[11]])).unwrap();
        packets.push(behind[..len].to_vec());
        rest = &behind[len..];
    }
    Ran { nest, report, packets, asked }
}

#[test]
fn each_packet_is_followed_by_what_it_carries() {
    let packets: Vec<_> = (0..3).map(|counter| deep(5, counter)).collect();
    let ran = run(&packets, 0..5);
    // Inner packets have no WireGuard in them at last.
    let unwrapped = |counter: u8| {
        (1..6).map(move |from| {
            let ping = deep(0, counter);
            (from..5).rev().fold(ping, |inner, tunnel| wrapped(tunnel, counter, &inner))
        })
    };
    let need: Vec<Vec<u8>> = (0..3).flat_map(unwrapped).collect();
    assert_eq!(ran.packets, need);
    for depth in 0..=MAX_DEPTH {
        assert_eq!(ran.report.at(depth).unwrap().totals().opened.packets, 3, "{depth}");
    }
    assert_eq!((ran.nest.counts(), ran.asked), (NestCounts::default(), 1));
}

#[test]
fn beyond_the_limit_messages_stay_closed_and_are_counted() {
    let ran = run(&[deep(TUNNELS, 0), deep(TUNNELS, 1)], 0..TUNNELS);
    assert_eq!(ran.packets.len(), 2 * (1 + MAX_DEPTH));
    assert_eq!(ran.nest.counts().too_deep, 2);
    assert_eq!(ran.nest.tables().count(), MAX_DEPTH);
}

#[test]
fn what_does_not_open_inside_is_reported_at_its_depth() {
    let ran = run(&[deep(4, 0), deep(4, 1)], 0..2);
    assert_eq!(ran.packets.len(), 4);
    let failed = |depth: usize| ran.report.at(depth).unwrap().totals().failed;
    assert_eq!([0, 1, 2, 3].map(failed), [0, 0, 2, 0]);
    let group = ran.report.at(2).unwrap().failures()[0];
    assert_eq!((group.receiver, group.messages, group.first.frame), (SessionIndex(2), 2, 1));
}

#[test]
fn without_tunnels_inside_nobody_asks_for_secrets() {
    let ran = run(&[deep(1, 0)], 0..1);
    assert_eq!((ran.asked, ran.nest.tables().count(), ran.packets.len()), (0, 0, 1));
}

#[test]
fn a_super_frame_inside_is_split_and_its_messages_carry_on() {
    // Two messages of tunnel 1 in one datagram of it, each with a message of tunnel 2.
    let parts: Vec<Vec<u8>> =
        (0..2).map(|counter| wrapped(1, counter, &wrapped(2, counter, &deep(0, counter)))).collect();
    let payload = [&parts[0][28..], &parts[1][28..]].concat();
    let mut packet = parts[0][..28].to_vec();
    packet.extend(payload);
    let [high, low] = u16::try_from(packet.len()).unwrap().to_be_bytes();
    (packet[2], packet[3]) = (high, low);
    let [high, low] = u16::try_from(packet.len() - 20).unwrap().to_be_bytes();
    (packet[24], packet[25]) = (high, low);
    let ran = run(&[wrapped(0, 0, &packet)], 0..3);
    let need = [packet, wrapped(2, 0, &deep(0, 0)), deep(0, 0), wrapped(2, 1, &deep(0, 1)), deep(0, 1)];
    assert_eq!(ran.packets, need);
}

#[test]
fn events_are_told_by_depth() {
    let file = capture(&[deep(2, 9)]);
    let again = file.clone();
    let reopen = Box::new(move || Ok(Cursor::new(again.clone())));
    let mut front = Front::new(Cursor::new(file), reopen, secrets(0..2)).unwrap();
    let (mut batch, mut nest, encoder) = (Batch::new(), Nest::new(), Encoder::discard());
    while front.next(&mut batch).unwrap() {
        batch.open::<Error>(&encoder, &mut |receiver| front.late_slots(receiver)).unwrap();
        nest.descend(&mut batch, &encoder, || Ok::<_, Error>(secrets(0..2))).unwrap();
        if batch.events().is_empty() {
            continue;
        }
        for depth in [0, 1] {
            let [event] = batch.events_at(depth) else { panic!("one event at {depth}") };
            assert!(matches!(event.outcome, Outcome::Opened { counter: Counter(9), .. }));
        }
        assert!(batch.output().is_empty() && batch.events_at(2).is_empty());
        assert!(batch.events_at(99).is_empty());
    }
}
