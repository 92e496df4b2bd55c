//! Capture files as pcap-file reads them, which knows nothing of this project.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use pcap_file::DataLink;
use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use pcap_file::pcapng::{Block, PcapNgReader};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

/// Time of each frame in nanoseconds since 1970.
pub(crate) fn times(capture: &Path) -> Vec<i64> {
    let bytes = fs::read(capture).unwrap();
    if bytes.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) {
        let mut reader = PcapNgReader::new(bytes.as_slice()).unwrap();
        let mut times = Vec::new();
        while let Some(block) = reader.next_block() {
            if let (Block::EnhancedPacket(packet), _) = block.unwrap() {
                times.push(nanos(packet.timestamp));
            }
        }
        return times;
    }
    pcap_packets(&bytes).into_iter().map(|(time, _)| time).collect()
}

/// A frame as it stands in a file: link type, time, length on the wire, data.
pub(crate) type Frame = (DataLink, i64, u32, Vec<u8>);

/// Every frame of a pcapng's interfaces from `first` on.
pub(crate) fn frames(file: &[u8], first: u32) -> Vec<Frame> {
    let mut reader = PcapNgReader::new(file).unwrap();
    let mut frames = Vec::new();
    while let Some(block) = reader.next_block() {
        let (block, state) = block.unwrap();
        let Block::EnhancedPacket(packet) = block else { continue };
        if packet.interface_id >= first {
            let link = state.interfaces()[usize::try_from(packet.interface_id).unwrap()].linktype;
            frames.push((link, nanos(packet.timestamp), packet.original_len, packet.data.to_vec()));
        }
    }
    frames
}

/// Time and data of every packet of a classic pcap.
pub(crate) fn pcap_packets(file: &[u8]) -> Vec<(i64, Vec<u8>)> {
    let mut reader = PcapReader::new(file).unwrap();
    let mut packets = Vec::new();
    while let Some(packet) = reader.next_packet() {
        let packet = packet.unwrap();
        packets.push((nanos(packet.timestamp()), packet.data().to_vec()));
    }
    packets
}

/// The decrypted packets of a pcapng, with what their comments and flags say.
pub(crate) fn packets(file: &[u8]) -> Vec<Value> {
    let mut reader = PcapNgReader::new(file).unwrap();
    let mut packets = Vec::new();
    while let Some(block) = reader.next_block() {
        let (block, state) = block.unwrap();
        let Block::EnhancedPacket(packet) = block else { continue };
        // Where outer packets are kept, they have the other interfaces.
        if packet.interface_id != 0 {
            continue;
        }
        assert_eq!(state.interfaces()[0].linktype, DataLink::RAW);
        assert_eq!(usize::try_from(packet.original_len).unwrap(), packet.data.len());
        let comment = packet.options.iter().find_map(|option| match option {
            EnhancedPacketOption::Common(CommonOption::Comment(text)) => Some(text.to_string()),
            EnhancedPacketOption::Common(_)
            | EnhancedPacketOption::Flags(_)
            | EnhancedPacketOption::Hash(_)
            | EnhancedPacketOption::DropCount(_) => None,
        });
        let flags = packet.options.iter().find_map(|option| match option {
            EnhancedPacketOption::Flags(flags) => Some(flags & 3),
            EnhancedPacketOption::Common(_)
            | EnhancedPacketOption::Hash(_)
            | EnhancedPacketOption::DropCount(_) => None,
        });
        let comment = comment.expect("every packet has a comment");
        let field = |name: &str| {
            let start = comment.find(name).unwrap_or_else(|| panic!("no {name} in {comment}")) + name.len();
            comment[start..].split([',', ' ']).next().unwrap().to_owned()
        };
        let carrier = comment.contains("inside ").then(|| field("inside "));
        packets.push(json!({
            "frame": field("frame ").parse::<u64>().unwrap(),
            "carrier": carrier,
            "time": nanos(packet.timestamp),
            "receiver": field("index "),
            "counter": field("counter ").parse::<u64>().unwrap(),
            "len": packet.data.len(),
            "sha256": sha256(&packet.data),
            "outbound": match flags {
                Some(1) => false,
                Some(2) => true,
                other => panic!("direction {other:?}"),
            },
        }));
    }
    packets
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut hex = String::new();
    for byte in digest(&SHA256, bytes).as_ref() {
        write!(hex, "{byte:02x}").unwrap();
    }
    hex
}

fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap()
}
