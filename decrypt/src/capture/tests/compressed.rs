use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::capture::Error;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Codec = fn(&[u8]) -> Vec<u8>;

const CODECS: [Codec; 2] = [gzip, zstd];

#[test]
fn one_stream_or_several_give_the_same_frames() {
    let packets = packets(100);
    let file = pcap::file(&packets);
    for codec in CODECS {
        let (head, tail) = file.split_at(777);
        for stored in [codec(&file), [codec(head), codec(tail)].concat()] {
            let got = read(&stored);
            assert_eq!(data(&got.frames), packets);
            assert_eq!(got.notes, Notes::default());
            assert_eq!(read_with(Trickle(&stored, true), 50).unwrap().frames, got.frames);
        }
    }
}

#[test]
fn skippable_zstd_frames_are_skipped() {
    let packets = packets(10);
    let stored = [&b"\x50\x2a\x4d\x18\x04\0\0\0abcd"[..], &zstd(&pcap::file(&packets))].concat();
    assert_eq!(data(&read(&stored).frames), packets);
}

#[test]
fn a_torn_stream_keeps_what_was_decompressed() {
    let packets = packets(20_000);
    for codec in CODECS {
        let stored = codec(&pcap::file(&packets));
        let got = read(&stored[..stored.len() / 2]);
        assert!(got.frames.len() > 2000, "{}", got.frames.len());
        assert_eq!(data(&got.frames), packets[..got.frames.len()]);
        let truncation = got.notes.truncation.unwrap();
        assert!(truncation.cause.is_some(), "{truncation}");
    }
}

#[test]
fn a_corrupt_stream_keeps_what_was_decompressed() {
    let packets = packets(20_000);
    for codec in CODECS {
        let mut stored = codec(&pcap::file(&packets));
        let middle = stored.len() / 2;
        stored[middle..middle + 40].fill(0xff);
        let got = read(&stored);
        assert!(got.frames.len() > 100, "{}", got.frames.len());
        assert!(got.notes.truncation.unwrap().cause.is_some());
    }
}

#[test]
fn what_is_inside_is_named() {
    let error = |bytes: &[u8]| read_with(bytes, 100).unwrap_err().to_string();
    assert_eq!(error(&gzip(b"")), "inside gzip: the file is empty");
    assert_eq!(
        error(&zstd(b"hello, hello, hello, hello")),
        "inside zstd: not a pcap or pcapng capture (it is text, starting with \"hell\")"
    );
    assert!(error(&gzip(&gzip(b"hello"))).contains("gzip a second time"));
    assert!(matches!(
        read_with(&b"\x1f\x8b\x08\xff"[..], 100),
        Err(Error::Decompress { compression: "gzip", .. })
    ));
}

#[test]
fn windows_beyond_the_memory_budget_are_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&pcap::file(&packets(10))).unwrap();
    let stored = encoder.finish().unwrap();
    assert_eq!(
        read_with(&stored[..], 100).unwrap_err().to_string(),
        "the zstd stream cannot be decompressed: its window is larger than 32 MiB"
    );
}

#[test]
fn a_failing_source_is_no_corrupt_stream() {
    let stored = gzip(&pcap::file(&packets(2000)));
    let result = read_with(Failing(&stored[..stored.len() / 2]), 100);
    assert!(matches!(result, Err(Error::Io { .. })), "{result:?}");
}
