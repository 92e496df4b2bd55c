//! Captures as another's parser sees them.

use pcap_file::DataLink;
use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use pcap_file::pcapng::{Block, PcapNgReader};

/// A packet of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) link: DataLink,
    pub(crate) interface: u32,
    /// Nanoseconds since 1970.
    pub(crate) time: u64,
    pub(crate) original_len: u32,
    pub(crate) data: Vec<u8>,
    pub(crate) comment: Option<String>,
    pub(crate) flags: Option<u32>,
}

/// The packets of a pcapng file.
pub(crate) fn pcapng(bytes: &[u8]) -> Vec<Record> {
    let mut reader = PcapNgReader::new(bytes).unwrap();
    let mut records = Vec::new();
    while let Some(next) = reader.next_block() {
        let (block, state) = next.unwrap();
        let Block::EnhancedPacket(packet) = block else { continue };
        let mut record = Record {
            link: state.interfaces()[packet.interface_id as usize].linktype,
            interface: packet.interface_id,
            time: u64::try_from(packet.timestamp.as_nanos()).unwrap(),
            original_len: packet.original_len,
            data: packet.data.into_owned(),
            comment: None,
            flags: None,
        };
        for option in packet.options {
            if let EnhancedPacketOption::Flags(flags) = option {
                record.flags = Some(flags);
            } else if let EnhancedPacketOption::Common(CommonOption::Comment(text)) = option {
                record.comment = Some(text.into_owned());
            }
        }
        records.push(record);
    }
    records
}

/// The inner packets of a pcapng file that may have the captured frames beside them.
pub(crate) fn inner(bytes: &[u8]) -> Vec<Record> {
    pcapng(bytes).into_iter().filter(|record| record.interface == 0).collect()
}

/// The packets of a classic file.
pub(crate) fn pcap(bytes: &[u8]) -> Vec<Record> {
    let mut reader = PcapReader::new(bytes).unwrap();
    let link = reader.header().datalink;
    let mut records = Vec::new();
    while let Some(packet) = reader.next_packet() {
        let packet = packet.unwrap();
        records.push(Record {
            link,
            interface: 0,
            time: u64::try_from(packet.timestamp().as_nanos()).unwrap(),
            original_len: packet.orig_len(),
            data: packet.data().to_vec(),
            comment: None,
            flags: None,
        });
    }
    records
}

/// The bytes alone.
pub(crate) fn data(records: &[Record]) -> Vec<&[u8]> {
    records.iter().map(|record| record.data.as_slice()).collect()
}

/// Two digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
