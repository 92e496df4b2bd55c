use pcap_file::pcap::{PcapHeader, PcapReader, PcapTsResolution, PcapWriter, RawPcapPacket};
use pcap_file::{DataLink, Endianness};
use proptest::prelude::*;

use super::*;
use crate::capture::{Error, MAX_PACKET_LEN};

pub(super) const SECONDS: u32 = 1_700_000_000;

/// Little endian, microseconds, link type raw, one packet a second.
pub(super) fn file(packets: &[Vec<u8>]) -> Vec<u8> {
    written(Endianness::Little, PcapTsResolution::MicroSecond, packets)
}

fn written(endianness: Endianness, ts_resolution: PcapTsResolution, packets: &[Vec<u8>]) -> Vec<u8> {
    let header = PcapHeader { endianness, ts_resolution, datalink: DataLink::RAW, ..PcapHeader::default() };
    let mut writer = PcapWriter::with_header(Vec::new(), header).unwrap();
    for (packet, i) in packets.iter().zip(0..) {
        let len = u32::try_from(packet.len()).unwrap();
        let raw = RawPcapPacket {
            ts_sec: SECONDS + i,
            ts_frac: 999_999,
            incl_len: len,
            orig_len: len + 7,
            data: packet.into(),
        };
        writer.write_raw_packet(&raw).unwrap();
    }
    writer.into_inner()
}

/// Where each record begins, and the end.
pub(super) fn boundaries(packets: &[Vec<u8>]) -> Vec<usize> {
    let mut at = 24;
    let mut all = vec![at];
    for packet in packets {
        at += 16 + packet.len();
        all.push(at);
    }
    all
}

#[test]
fn every_byte_order_and_resolution_gives_the_same_packets() {
    let packets = packets(50);
    for endianness in [Endianness::Little, Endianness::Big] {
        for (resolution, nanos) in
            [(PcapTsResolution::MicroSecond, 999_999_000), (PcapTsResolution::NanoSecond, 999_999)]
        {
            let got = read(&written(endianness, resolution, &packets));
            assert_eq!(data(&got.frames), packets);
            assert_eq!(got.notes, Notes::default());
            assert_eq!(got.interfaces, [(101, String::new())]);
            let last = got.frames.last().unwrap();
            assert_eq!(
                (last.number, last.link, last.original_len),
                (50, 101, u32::try_from(last.data.len()).unwrap() + 7)
            );
            assert_eq!(last.time, (i64::from(SECONDS) + 49) * 1_000_000_000 + nanos);
        }
    }
}

#[test]
fn upper_bits_of_the_link_type_are_no_part_of_it() {
    let mut file = file(&packets(1));
    file[22..24].copy_from_slice(&[0x00, 0x54]);
    assert_eq!(read(&file).interfaces, [(101, String::new())]);
}

#[test]
fn patched_pcap_has_longer_record_heads() {
    let mut file = file(&[]);
    file[..4].copy_from_slice(&0xa1b2_cd34_u32.to_le_bytes());
    for i in 0..3_u32 {
        for field in [SECONDS + i, 5, 4, 4, 2, 0x0800] {
            file.extend_from_slice(&field.to_le_bytes());
        }
        file.extend_from_slice(b"abcd");
    }
    let got = read(&file);
    assert_eq!(data(&got.frames), [b"abcd"; 3]);
    assert_eq!(got.notes, Notes::default());
}

#[test]
fn odd_fields_of_buggy_writers_keep_their_packets() {
    let mut file = file(&[]);
    for i in 0..20_u32 {
        // A second and a half in microseconds; captured more than there was.
        for field in [SECONDS + i * 100_000, 1_500_000, 8, 4] {
            file.extend_from_slice(&field.to_le_bytes());
        }
        file.extend_from_slice(&noise(u64::from(i), 8));
    }
    let got = read(&file);
    assert_eq!(got.frames.len(), 20);
    assert_eq!(got.frames[0].time, i64::from(SECONDS) * 1_000_000_000 + 1_500_000_000);
    assert_eq!(got.frames[0].original_len, 8);
    assert_eq!((got.notes.invalid_fields.count, got.notes.invalid_fields.first), (20, Some(24)));
    assert_eq!(got.notes.damaged.count, 0);
}

#[test]
fn clocks_that_jump_cost_nothing() {
    let mut file = file(&[]);
    for seconds in [SECONDS, 0, SECONDS, SECONDS + 1, 5, 6, u32::MAX, u32::MAX, SECONDS] {
        for field in [seconds, 0, 4, 4] {
            file.extend_from_slice(&field.to_le_bytes());
        }
        file.extend_from_slice(b"abcd");
    }
    let got = read(&file);
    assert_eq!(got.frames.len(), 9);
    assert_eq!(got.notes, Notes::default());
}

#[test]
fn records_longer_than_a_chunk_are_whole() {
    let packets = vec![noise(1, 10), noise(2, MAX_PACKET_LEN), noise(3, 10), noise(4, 300_000)];
    assert_eq!(data(&read_with(&file(&packets)[..], 1000).unwrap().frames), packets);
}

#[test]
fn packets_beyond_the_limit_are_stepped_over_and_counted() {
    let packets = vec![noise(1, 10), noise(2, MAX_PACKET_LEN * 3), noise(3, 10), noise(4, 10), noise(5, 10)];
    let got = read(&file(&packets));
    assert_eq!(data(&got.frames), [&packets[0], &packets[2], &packets[3], &packets[4]]);
    assert_eq!(got.frames[1].number, 3);
    assert_eq!((got.notes.oversized.count, got.notes.damaged.count, got.notes.resync_bytes), (1, 0, 0));
}

#[test]
fn other_files_are_called_what_they_are() {
    let error = |bytes: &[u8]| read_with(bytes, 100).unwrap_err().to_string();
    assert_eq!(error(b""), "the file is empty");
    assert_eq!(
        error(b"LOCAL_STATIC_PRIVATE_KEY = secret"),
        "not a pcap or pcapng capture (it is text, starting with \"LOCA\")"
    );
    assert_eq!(error(b"snoop\0\0\0\0\0\0\x02"), "not a pcap or pcapng capture (it is a snoop capture)");
    assert_eq!(error(&[0; 100]), "not a pcap or pcapng capture (it is something starting with 00 00 00 00)");
    assert_eq!(error(&file(&[])[..23]), "the pcap header is cut off: 23 of 24 bytes");
    assert_eq!(error(&[10, 13, 13, 10, 0]), "the pcapng header is cut off: 5 of 12 bytes");
    assert!(matches!(
        read_with(&[10, 13, 13, 10, 0, 0, 0, 28, 1, 2, 3, 4][..], 100),
        Err(Error::BadByteOrder { magic: 0x0102_0304, .. })
    ));
}

#[test]
fn what_was_read_before_a_failure_is_handed_out() {
    let packets = packets(10);
    let file = file(&packets);
    let mut reader = Reader::new(Failing(&file)).unwrap();
    let mut chunk = Chunk::default();
    assert_eq!(reader.fill(&mut chunk), Ok(true));
    assert!(chunk.frames.len() >= 9);
    for _ in 0..2 {
        let Err(Error::Io { kind, message, offset }) = reader.fill(&mut chunk) else { panic!() };
        assert_eq!((kind, message.as_str()), (io::ErrorKind::ConnectionReset, "the disk is gone"));
        assert_eq!(offset, u64::try_from(file.len()).unwrap());
    }
}

proptest! {
    #[test]
    fn any_file_reads_as_another_reader_reads_it(
        lens in prop::collection::vec(0_usize..3000, 0..60), big: bool, nano: bool, chunk_len in 1_usize..5000,
    ) {
        let packets: Vec<_> = lens.iter().zip(1..).map(|(len, seed)| noise(seed, *len)).collect();
        let endianness = if big { Endianness::Big } else { Endianness::Little };
        let resolution = if nano { PcapTsResolution::NanoSecond } else { PcapTsResolution::MicroSecond };
        let file = written(endianness, resolution, &packets);
        let got = read_with(&file[..], chunk_len).unwrap();
        let mut model = PcapReader::new(&file[..]).unwrap();
        for frame in &got.frames {
            let packet = model.next_packet().unwrap().unwrap();
            prop_assert_eq!(&frame.data[..], packet.data());
            prop_assert_eq!(i128::from(frame.time), packet.timestamp().as_nanos().cast_signed());
        }
        prop_assert!(model.next_packet().is_none());
        prop_assert_eq!(got.notes, Notes::default());
        prop_assert_eq!(read_with(Trickle(&file, false), chunk_len).unwrap().frames, got.frames);
    }
}
