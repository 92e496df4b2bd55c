//! The kernel's parser and filter against `wgtrace-wire` and a naive model: captures, generated packets, and the
//! fuzz corpus.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test reads files, and may fail by panicking"
)]

#[expect(unreachable_pub, reason = "a crate of its own, included")]
#[path = "../fuzz/src/lib.rs"]
mod fuzz;
#[path = "headers/packets.rs"]
mod packets;

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use wgtrace_bpf::headers::{self, End, Headers, MAX_EXTENSIONS, MAX_TAGS, Start};
use wgtrace_decrypt::capture::{Chunk, Reader};

#[test]
fn every_frame_of_every_capture_is_read_as_wire_reads_it() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../captures")];
    folders.extend(std::env::var_os("WGTRACE_CONFORMANCE").map(PathBuf::from));
    let mut messages = 0_u64;
    let mut frames = 0_u64;
    for path in folders.iter().flat_map(|folder| captures(folder)) {
        let mut reader = Reader::new(fs::File::open(&path).unwrap()).unwrap();
        let mut chunk = Chunk::default();
        while reader.fill(&mut chunk).is_ok_and(|more| more) {
            for frame in &chunk.frames {
                let bytes = chunk.data(frame);
                for start in [Start::Ethernet, Start::Ip] {
                    fuzz::check(bytes, start, frame.number.to_le_bytes()[0]);
                    messages += u64::from(headers::parse(bytes, start).wireguard.kind != 0);
                }
                frames += 1;
            }
        }
    }
    assert!(frames > 200 && messages > 100, "{frames} frames, {messages} messages");
}

fn captures(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(captures(&path));
        } else if path.extension().is_some_and(|end| end == "pcap" || end == "pcapng") {
            found.push(path);
        }
    }
    found
}

#[test]
fn the_fuzz_corpus_passes() {
    wgtrace_testbed::replay(env!("CARGO_MANIFEST_DIR"), "headers", fuzz::run).unwrap();
}

#[test]
fn tags_and_extension_headers_are_followed_as_far_as_wire_follows_them() {
    assert_eq!(MAX_TAGS, wgtrace_wire::vlan::MAX_TAGS);
    assert_eq!(MAX_EXTENSIONS, wgtrace_wire::ipv6::extension::MAX_EXTENSIONS);
    for (tags, end) in [(MAX_TAGS, End::NotIp), (MAX_TAGS + 1, End::TooDeep)] {
        let frame = packets::ethernet(&vec![0x88a8; tags], 0x0806, &[0; 28]);
        assert_eq!(headers::parse(&frame[..], Start::Ethernet).end, end);
        fuzz::check(&frame, Start::Ethernet, 0);
    }
    for (extensions, end) in [(MAX_EXTENSIONS, End::Whole), (MAX_EXTENSIONS + 1, End::TooDeep)] {
        let chain = vec![packets::Extension::Options(60, 0); extensions];
        let packet = packets::ipv6(&chain, 17, &packets::udp(1, 2, &[]), None);
        assert_eq!(headers::parse(&packet[..], Start::Ip).end, end);
        fuzz::check(&packet, Start::Ip, 0);
    }
}

#[test]
fn a_first_fragment_has_the_headers_of_the_whole_and_a_later_one_none() {
    let message = packets::message(4, 1408);
    let datagram = packets::udp(51871, 51820, &message);
    let first = headers::parse(&packets::ipv4(&[], 17, 0x2000, &datagram[..800], None)[..], Start::Ip);
    assert!(first.knows(Headers::PORTS | Headers::FIRST_FRAGMENT));
    assert_eq!((first.wireguard.kind, first.source_port), (4, 51871));
    let later = headers::parse(&packets::ipv4(&[], 17, 100, &datagram[800..], None)[..], Start::Ip);
    assert!(later.knows(Headers::PROTOCOL | Headers::LATER_FRAGMENT) && !later.knows(Headers::PORTS));
    assert_eq!((later.end, later.wireguard.kind, later.source_port), (End::Whole, 0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_as_wire_reads_them(bytes in prop::collection::vec(any::<u8>(), 0..200), seed: u8) {
        fuzz::check(&bytes, Start::Ethernet, seed);
        fuzz::check(&bytes, Start::Ip, seed);
    }

    #[test]
    fn stacks_of_headers_are_read_as_wire_reads_them_wherever_they_are_cut(
        packet in packets::any_packet(),
        seed: u8,
    ) {
        let (bytes, start) = packet;
        for len in 0..=bytes.len() {
            fuzz::check(&bytes[..len], start, seed);
        }
    }

    #[test]
    fn a_damaged_stack_of_headers_is_read_as_wire_reads_it(
        packet in packets::any_packet(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        seed: u8,
    ) {
        let (mut bytes, start) = packet;
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        fuzz::check(&bytes, start, seed);
    }
}
