use proptest::prelude::*;

use super::*;
use crate::capture::order::Order;

fn pcapng_file(order: Order, packets: &[Vec<u8>]) -> pcapng::File {
    let mut file = pcapng::File::new(order);
    file.interface(101, &[]);
    for (packet, seconds) in packets.iter().zip(1_700_000_000_u64..) {
        file.packet(0, seconds * 1_000_000, packet);
    }
    file
}

/// All packets but number `lost`, in order.
fn without(packets: &[Vec<u8>], lost: usize) -> Vec<&[u8]> {
    packets.iter().enumerate().filter(|(i, _)| *i != lost).map(|(_, packet)| packet.as_slice()).collect()
}

#[test]
fn every_prefix_of_a_file_gives_a_prefix_of_its_frames() {
    let packets = packets(12);
    for file in [pcap::file(&packets), pcapng_file(Order::Big, &packets).bytes] {
        let whole = read(&file).frames;
        assert_eq!(data(&whole), packets);
        for len in 0..file.len() {
            for chunk_len in [1, 64, 100_000] {
                let Ok(got) = read_with(&file[..len], chunk_len) else {
                    assert!(len < 24);
                    continue;
                };
                assert_eq!(got.frames, whole[..got.frames.len()], "{len}");
                assert_eq!(got.notes.damaged.count, 0, "{len}");
                let read: usize =
                    len - got.notes.truncation.map_or(len, |t| usize::try_from(t.offset).unwrap());
                assert!(read < 16 + 32 + 200, "{len}");
            }
        }
    }
}

#[test]
fn a_torn_tail_says_where_and_how_much() {
    let packets = packets(5);
    let file = pcap::file(&packets);
    let got = read(&file[..file.len() - 3]);
    let truncation = got.notes.truncation.unwrap();
    assert_eq!(got.frames.len(), 4);
    assert_eq!(truncation.offset, u64::try_from(pcap::boundaries(&packets)[4]).unwrap());
    assert_eq!(truncation.missing, 3);
    assert!(truncation.to_string().contains("lacks at least 3 bytes"));
}

#[test]
fn zeros_behind_the_last_record_are_no_packets() {
    let packets = packets(30);
    for mut file in [pcap::file(&packets), pcapng_file(Order::Little, &packets).bytes] {
        file.resize(file.len() + 1_000_000, 0);
        let got = read(&file);
        assert_eq!(data(&got.frames), packets);
        assert_eq!((got.notes.damaged.count, got.notes.resync_bytes), (1, 1_000_000));
        assert_eq!(got.notes.warnings().len(), 2);
    }
}

#[test]
fn a_capture_inside_a_packet_is_not_taken_for_records() {
    let inner = pcap::file(&packets(20));
    let mut packets = packets(10);
    packets[5] = inner[24..].to_vec();
    let mut file = pcap::file(&packets);
    assert_eq!(data(&read(&file).frames), packets);
    // The record behind it is damaged: the search starts in the packet and must not stay there.
    let next = pcap::boundaries(&packets)[6];
    file[next + 8..next + 12].fill(0xff);
    assert_eq!(data(&read(&file).frames), without(&packets, 6));
}

#[test]
fn a_wrong_length_that_ends_at_a_later_record_costs_only_its_own() {
    let packets = packets(40);
    let boundaries = pcap::boundaries(&packets);
    // Four bytes behind a head its lengths look like a head again, as long as the fractions are zero.
    for (lost, swallowed, shift) in [(10, 3, 0), (10, 3, 4), (0, 1, 0), (20, 15, 0), (20, 5, 4)] {
        let mut file = pcap::file(&packets);
        let at = boundaries[lost];
        let len = u32::try_from(boundaries[lost + swallowed + 1] - at - 16 + shift).unwrap();
        file[at + 8..at + 12].copy_from_slice(&len.to_le_bytes());
        let got = read(&file);
        assert_eq!(data(&got.frames), without(&packets, lost), "{lost} {swallowed} {shift}");
        assert_eq!((got.notes.damaged.count, got.notes.damaged.first), (1, Some(at as u64)));
    }
}

#[test]
fn records_of_a_writer_without_original_lengths_are_read() {
    let packets = packets(40);
    let mut file = pcap::file(&packets);
    for at in pcap::boundaries(&packets).into_iter().take(packets.len()) {
        file[at + 12..at + 16].fill(0);
    }
    let got = read(&file);
    assert_eq!(data(&got.frames), packets);
    assert_eq!(got.notes.damaged.count, 0);
}

#[test]
fn the_next_section_is_read_although_its_header_is_damaged() {
    let mut file = pcapng_file(Order::Little, &packets(3));
    let start = file.bytes.len();
    file.section(Order::Big).interface(101, &[]).packet(0, 1, b"behind").packet(0, 1, b"that");
    file.bytes[start + 27] ^= 0xff;
    assert_eq!(read(&file.bytes).frames.len(), 5);
}

#[test]
fn damage_is_the_same_in_chunks_of_any_size() {
    let packets = packets(60);
    let mut file = pcap::file(&packets);
    let middle = file.len() / 2;
    file[middle..middle + 300].fill(0xee);
    let whole = read(&file);
    assert!(whole.frames.len() > 50);
    for chunk_len in [1, 17, 100, 1000, 5000] {
        let got = read_with(&file[..], chunk_len).unwrap();
        assert_eq!((got.frames, got.notes), (whole.frames.clone(), whole.notes.clone()));
    }
}

proptest! {
    #[test]
    fn a_record_with_an_impossible_length_costs_itself(
        lost in 0_usize..40, len in prop_oneof![0x0020_0000_u32.., Just(u32::MAX)], chunk_len in 1_usize..5000,
    ) {
        let packets = packets(40);
        let mut file = pcap::file(&packets);
        let at = pcap::boundaries(&packets)[lost];
        file[at + 8..at + 12].copy_from_slice(&len.to_le_bytes());
        let got = read_with(&file[..], chunk_len).unwrap();
        prop_assert_eq!(data(&got.frames), without(&packets, lost));
        prop_assert_eq!((got.notes.damaged.count, got.notes.damaged.first), (1, Some(at as u64)));
        prop_assert_eq!(got.notes.resync_bytes, packets[lost].len() as u64 + 16);
    }

    #[test]
    fn a_record_with_a_wrong_but_possible_length_costs_itself(
        lost in 0_usize..40, len in 0_u32..0x0010_0000, chunk_len in 1_usize..5000,
    ) {
        let packets = packets(40);
        let mut file = pcap::file(&packets);
        let at = pcap::boundaries(&packets)[lost];
        file[at + 8..at + 12].copy_from_slice(&len.to_le_bytes());
        let got = read_with(&file[..], chunk_len).unwrap();
        // It may be there, cut to its wrong length, or may be gone; all others are there.
        let cut = packets[lost].get(..usize::try_from(len).unwrap());
        let others: Vec<_> = got.frames.iter().map(|f| &f.data[..]).filter(|data| Some(*data) != cut).collect();
        let expected: Vec<_> = without(&packets, lost).into_iter().filter(|data| Some(*data) != cut).collect();
        prop_assert_eq!(others, expected);
    }

    #[test]
    fn a_damaged_block_costs_itself(lost in 0_usize..40, field in 0_usize..2, xor in 1_u32.., big: bool) {
        let packets = packets(40);
        let order = if big { Order::Big } else { Order::Little };
        let mut file = pcapng_file(order, &packets);
        file.boundaries.push(file.bytes.len());
        // Behind the section header and the interface.
        let (start, end) = (file.boundaries[lost + 2], file.boundaries[lost + 3]);
        let at = if field == 0 { start + 4 } else { end - 4 };
        for (byte, xor) in file.bytes[at..at + 4].iter_mut().zip(xor.to_le_bytes()) {
            *byte ^= xor;
        }
        let got = read_with(&file.bytes[..], 1000).unwrap();
        prop_assert_eq!(data(&got.frames), without(&packets, lost));
        prop_assert_eq!((got.notes.damaged.count, got.notes.damaged.first), (1, Some(start as u64)));
    }

    #[test]
    fn lost_and_inserted_bytes_cost_the_record_they_are_in(
        lost in 1_usize..39, cut in 1_usize..60, insert: bool,
    ) {
        // All of different length: else eight lost bytes would leave the next block's length as a trailer.
        let packets: Vec<_> = (1_u8..41).map(|seed| noise(seed.into(), 100 + 4 * usize::from(seed))).collect();
        let file = pcapng_file(Order::Little, &packets);
        let files = [(pcap::file(&packets), pcap::boundaries(&packets)[lost] + 16), (file.bytes, file.boundaries[lost + 2] + 28)];
        for (mut file, at) in files {
            if insert {
                file.splice(at..at, noise(99, cut));
            } else {
                file.drain(at..at + cut);
            }
            let got = read(&file);
            let kept = data(&got.frames);
            let missing = packets.iter().filter(|packet| !kept.contains(&packet.as_slice())).count();
            prop_assert_eq!(missing, 1, "{:?}", got.notes);
            prop_assert!(kept.len() <= 40);
        }
    }

    #[test]
    fn any_bytes_are_survived(
        mut bytes in prop::collection::vec(any::<u8>(), 0..4000), kind in 0_usize..4, chunk_len in 1_usize..2000,
    ) {
        let start = match kind {
            0 => pcap::file(&[]),
            1 => pcapng::File::new(Order::Big).bytes,
            2 => vec![0x1f, 0x8b, 8, 0],
            _ => vec![0x28, 0xb5, 0x2f, 0xfd],
        };
        bytes.splice(0..0, start);
        let _ = read_with(&bytes[..], chunk_len);
    }

    #[test]
    fn any_scribbles_are_survived(
        scribbles in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>()), 1..20), big: bool, classic: bool,
        chunk_len in 1_usize..3000,
    ) {
        let packets = packets(40);
        let order = if big { Order::Big } else { Order::Little };
        let mut file = if classic { pcap::file(&packets) } else { pcapng_file(order, &packets).bytes };
        for (at, value) in scribbles {
            let at = at.index(file.len() - 4);
            file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        if let Ok(got) = read_with(&file[..], chunk_len) {
            prop_assert!(got.notes.resync_bytes <= file.len() as u64);
        }
    }
}
