mod spec;

use std::collections::BTreeMap;
use std::ops::Range;

use proptest::prelude::*;
use zerocopy::FromBytes as _;

use super::*;
use spec::{Spec, spec};

fn packets_of(header: VnetHeader, packet: &[u8]) -> Vec<Vec<u8>> {
    let segments = Segments::of(header, packet).unwrap();
    let written = |at| {
        let mut into = vec![0xee; segments.packet_len(at) + 5];
        segments.write(at, &mut into);
        assert_eq!(into.split_off(segments.packet_len(at)), [0xee; 5]);
        into
    };
    (0..segments.len()).map(written).collect()
}

/// Everything that the coalescer writes for `packets`.
fn coalesced(packets: &[Vec<u8>], udp: bool) -> Vec<(VnetHeader, Vec<u8>)> {
    let mut buffer = Vec::new();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for packet in packets {
        // Not one behind the other: in the tunnel there are tags and headers between.
        buffer.extend([0xcc; 32]);
        ranges.push(buffer.len()..buffer.len() + packet.len());
        buffer.extend(packet);
    }
    let mut coalescer = Coalescer::new(packets.len(), udp);
    for range in ranges {
        coalescer.push(&buffer, range);
    }
    let mut written = Vec::new();
    coalescer.flush(&mut buffer, |parts| {
        let bytes: Vec<u8> = parts.iter().flat_map(|part| part.to_vec()).collect();
        let (header, packet) = VnetHeader::read_from_prefix(&bytes).unwrap();
        written.push((header, packet.to_vec()));
    });
    written
}

/// Streams of a few flows, cut into packets, in one random order.
fn traffic() -> impl Strategy<Value = Vec<Spec>> {
    let streams = prop::collection::vec((spec(900), 1..200_u16), 1..6);
    (streams, prop::collection::vec(any::<prop::sample::Index>(), 200)).prop_map(|(streams, order)| {
        let mut queues: Vec<Vec<Spec>> = streams.iter().map(|(spec, size)| spec.split(*size)).collect();
        for queue in &mut queues {
            queue.reverse();
        }
        let mut packets = Vec::new();
        for turn in order {
            let at = turn.index(queues.len());
            packets.extend(queues[at].pop());
        }
        packets
    })
}

proptest! {
    #[test]
    fn super_packets_are_taken_apart_as_by_hand(spec in spec(3000), size in 1..1500_u16) {
        let (header, packet) = spec.build_super(size);
        let expected: Vec<_> = spec.split(size).iter().map(Spec::build).collect();
        prop_assert_eq!(packets_of(header, &packet), expected);
    }

    #[test]
    fn a_partial_checksum_is_completed(spec in spec(300)) {
        let complete = spec.build();
        let (mut header, mut packet) = spec.build_super(1);
        (header.gso_type, header.gso_size) = (0, 0.into());
        // As the kernel leaves it: the pseudo-header's sum.
        let network = super::headers::Network::parse(&complete).unwrap();
        let start = usize::from(header.csum_start.get());
        let len = u16::try_from(complete.len() - start).unwrap();
        let partial = network.pseudo(if spec.tcp { 6 } else { 17 }, len).fold();
        let at = start + usize::from(header.csum_offset.get());
        packet[at..at + 2].copy_from_slice(&partial);
        let mut expected = complete;
        if expected[at..at + 2] == [0, 0] {
            expected[at..at + 2].fill(0xff);
        }
        prop_assert_eq!(packets_of(header, &packet), [expected]);
    }

    #[test]
    fn what_is_put_together_comes_apart_as_it_was(packets in traffic(), udp: bool) {
        let built: Vec<_> = packets.iter().map(Spec::build).collect();
        let mut by_flow = BTreeMap::<_, Vec<_>>::new();
        for (spec, bytes) in packets.iter().zip(&built) {
            by_flow.entry(spec.flow()).or_default().push(bytes.clone());
        }
        for (header, packet) in coalesced(&built, udp) {
            for packet in packets_of(header, &packet) {
                let v6 = packet[0] >> 4 == 6;
                let (tcp, start) = if v6 { (packet[6] == 6, 40) } else { (packet[9] == 6, 20) };
                let port = u16::from_be_bytes([packet[start + 2], packet[start + 3]]);
                let mut expected = by_flow.get_mut(&(v6, tcp, port)).unwrap().remove(0);
                let mut packet = packet;
                if !v6 && expected[6] & 0x40 != 0 {
                    // Identification and header checksum: where fragments are ruled out they may change.
                    for bytes in [&mut expected, &mut packet] {
                        bytes[4..6].fill(0);
                        bytes[10..12].fill(0);
                    }
                }
                prop_assert_eq!(packet, expected);
            }
        }
        prop_assert!(by_flow.values().all(Vec::is_empty));
    }

    #[test]
    fn nothing_the_device_says_is_taken_on_trust(header: [u8; 10], packet in prop::collection::vec(any::<u8>(), 0..200), first in prop_oneof![Just(0x45), Just(0x60), any::<u8>()]) {
        let mut packet = packet;
        if let Some(byte) = packet.first_mut() {
            *byte = first;
        }
        let header = VnetHeader::read_from_bytes(&header).unwrap();
        if let Ok(segments) = Segments::of(header, &packet) {
            for at in 0..segments.len() {
                segments.write(at, &mut vec![0; segments.packet_len(at)]);
            }
        }
        coalesced(&[packet.clone(), packet], true);
    }
}

fn stream(spec: &Spec, size: u16) -> Vec<Vec<u8>> {
    spec.split(size).iter().map(Spec::build).collect()
}

fn plain() -> Spec {
    let (v6, tcp, port, id, df, tos, ttl, seq, flags, options) = (false, true, 1, 7, true, 0, 64, 5, 0x10, 3);
    Spec { v6, tcp, port, id, df, tos, ttl, seq, flags, options, payload: vec![3; 1000] }
}

#[test]
fn a_stream_becomes_one_super_packet() {
    for (v6, tcp) in [(false, true), (true, true), (false, false), (true, false)] {
        let written = coalesced(&stream(&Spec { v6, tcp, ..plain() }, 300), true);
        let [(header, packet)] = written.as_slice() else { panic!("{} packets", written.len()) };
        assert_eq!((header.gso_size.get(), header.needs_checksum()), (300, true));
        assert_eq!(packet.len(), stream(&Spec { v6, tcp, ..plain() }, 1000)[0].len());
    }
}

#[test]
fn udp_stays_apart_where_the_device_does_not_take_it() {
    assert_eq!(coalesced(&stream(&Spec { tcp: false, ..plain() }, 300), false).len(), 4);
}

#[test]
fn interleaved_flows_are_told_apart() {
    let streams: Vec<_> = (1..5).map(|port| stream(&Spec { port, ..plain() }, 100)).collect();
    let packets: Vec<_> = (0..10).flat_map(|at| streams.iter().map(move |one| one[at].clone())).collect();
    assert_eq!(coalesced(&packets, true).len(), 4);
}

#[test]
fn a_wrong_checksum_stays_the_kernels_to_find() {
    for wrong in 0..4 {
        let mut packets = stream(&plain(), 250);
        packets[wrong][60] ^= 1;
        let written = coalesced(&packets, true);
        assert!(
            written
                .iter()
                .any(|(header, packet)| *header == VnetHeader::default() && *packet == packets[wrong])
        );
    }
}

#[test]
fn a_gap_a_push_and_a_new_acknowledgement_end_a_super_packet() {
    let mut packets = stream(&plain(), 200);
    packets.remove(2);
    assert_eq!(coalesced(&packets, true).len(), 2);
    let mut pushed = stream(&Spec { flags: 0x18, ..plain() }, 500);
    let rest = Spec { seq: 5 + 1000, id: 9, ..plain() };
    pushed.extend(stream(&rest, 500));
    assert_eq!(coalesced(&pushed, true).len(), 2);
    let pure = Spec { payload: Vec::new(), ..plain() };
    assert_eq!(coalesced(&[pure.build(), pure.build()], true).len(), 2);
}

#[test]
fn identifications_matter_where_fragments_are_allowed() {
    let mut spec = Spec { df: false, ..plain() };
    let mut packets = vec![spec.split(500)[0].build()];
    (spec.id, packets) = (99, [packets, vec![spec.split(500)[1].build()]].concat());
    assert_eq!(coalesced(&packets, true).len(), 1);
    packets[1] = Spec { id: 42, ..spec.split(500)[1].clone() }.build();
    assert_eq!(coalesced(&packets, true).len(), 2);
}

#[test]
fn a_super_packet_that_is_none_is_refused() {
    let (header, packet) = plain().build_super(100);
    let refused = |change: &dyn Fn(&mut VnetHeader, &mut Vec<u8>)| {
        let (mut header, mut packet) = (header, packet.clone());
        change(&mut header, &mut packet);
        Segments::of(header, &packet).map(|_| ()).unwrap_err()
    };
    assert_eq!(refused(&|header, _| header.gso_type = 3), OffloadError::UnknownType(3));
    assert_eq!(refused(&|header, _| header.gso_type = 4), OffloadError::OtherProtocol);
    assert_eq!(refused(&|header, _| header.gso_type = 5), OffloadError::OtherProtocol);
    assert_eq!(refused(&|header, _| header.gso_size = 0.into()), OffloadError::NoSegmentSize);
    assert_eq!(refused(&|header, _| header.flags = 0), OffloadError::NoSegmentSize);
    assert_eq!(refused(&|header, _| header.csum_start = 24.into()), OffloadError::OtherProtocol);
    assert_eq!(refused(&|_, packet| packet[0] = 0x55), OffloadError::NotIp(5));
    assert_eq!(refused(&|_, packet| packet[0] = 0x44), OffloadError::ShortHeader(16));
    assert_eq!(refused(&|_, packet| packet[6] = 0x20), OffloadError::Fragment);
    assert_eq!(refused(&|_, packet| packet[32] = 0x40), OffloadError::ShortHeader(16));
    let options = refused(&|_, packet| {
        packet[32] = 0xf0;
        packet.truncate(70);
    });
    assert_eq!(options, OffloadError::Truncated { need: 60, have: 50 });
    assert_eq!(refused(&|_, packet| packet.truncate(30)), OffloadError::Truncated { need: 20, have: 10 });
    assert_eq!(refused(&|_, packet| packet.clear()), OffloadError::Truncated { need: 1, have: 0 });
    let beyond = refused(&|header, packet| {
        header.gso_type = 0;
        packet.truncate(37);
    });
    assert_eq!(beyond, OffloadError::Truncated { need: 38, have: 37 });
}

#[test]
fn extension_headers_in_front_of_tcp_are_walked() {
    let spec = Spec { v6: true, ..plain() };
    let (mut header, mut packet) = spec.build_super(400);
    packet[6] = 60;
    packet.splice(40..40, [6, 0, 1, 4, 0, 0, 0, 0]);
    header.csum_start = 48.into();
    let packets = packets_of(header, &packet);
    assert_eq!(packets.len(), 3);
    let bare: Vec<_> = packets
        .into_iter()
        .map(|mut packet| {
            packet.drain(40..48);
            packet[6] = 6;
            let len = u16::try_from(packet.len() - 40).unwrap();
            packet[4..6].copy_from_slice(&len.to_be_bytes());
            packet
        })
        .collect();
    assert_eq!(bare, stream(&spec, 400));
    packet[40] = 43;
    assert_eq!(Segments::of(header, &packet).map(|_| ()).unwrap_err(), OffloadError::OtherProtocol);
}
