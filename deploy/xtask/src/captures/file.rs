//! Frames as a capture file, written by pcap-file: our own reader is what the captures are to test.

use std::borrow::Cow;
use std::time::Duration;

use anyhow::{Context as _, Result};
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapTsResolution, PcapWriter};
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketBlock;
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::pcapng::blocks::unknown::UnknownBlock;
use pcap_file::{DataLink, Endianness};

use super::link::Link;
use super::stage::Frame;

/// What kind of file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Container {
    /// pcapng, with a Decryption Secrets Block at the end, if it is to have one.
    PcapNg { secrets_at_end: Option<String> },
    /// Classic pcap in nanoseconds; one link type.
    Pcap { order: Endianness, snaplen: u32 },
}

impl Container {
    pub(super) const PCAPNG: Self = Self::PcapNg { secrets_at_end: None };

    pub(super) fn write(&self, frames: &[Frame]) -> Result<Vec<u8>> {
        match self {
            Self::PcapNg { secrets_at_end } => pcapng(frames, secrets_at_end.as_deref()),
            Self::Pcap { order, snaplen } => pcap(frames, *order, *snaplen),
        }
    }
}

const SNAPLEN: u32 = 262_144;

fn pcap(frames: &[Frame], endianness: Endianness, snaplen: u32) -> Result<Vec<u8>> {
    let link = frames.first().context("no frames")?.link.number();
    let header = PcapHeader {
        snaplen,
        datalink: DataLink::from(u32::from(link)),
        ts_resolution: PcapTsResolution::NanoSecond,
        endianness,
        ..PcapHeader::default()
    };
    let mut writer = PcapWriter::with_header(Vec::new(), header)?;
    for frame in frames {
        let packet =
            PcapPacket::new(since_1970(frame)?, u32::try_from(frame.original)?, frame.bytes.as_slice())?;
        writer.write_packet(&packet)?;
    }
    Ok(writer.into_inner())
}

fn pcapng(frames: &[Frame], secrets: Option<&str>) -> Result<Vec<u8>> {
    let section = SectionHeaderBlock {
        endianness: Endianness::Little,
        options: vec![SectionHeaderOption::UserApplication(Cow::Borrowed("wgtrace xtask captures"))],
        ..SectionHeaderBlock::default()
    };
    let mut writer = PcapNgWriter::with_section_header(Vec::new(), section)?;
    let mut links: Vec<Link> = Vec::new();
    for frame in frames {
        if !links.contains(&frame.link) {
            links.push(frame.link);
            writer.write_pcapng_block(InterfaceDescriptionBlock {
                linktype: DataLink::from(u32::from(frame.link.number())),
                snaplen: SNAPLEN,
                options: vec![
                    InterfaceDescriptionOption::IfName(Cow::Borrowed(frame.link.interface())),
                    InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO),
                ],
            })?;
        }
        let interface = links.iter().position(|link| *link == frame.link).unwrap_or_default();
        writer.write_pcapng_block(EnhancedPacketBlock {
            interface_id: u32::try_from(interface)?,
            timestamp: since_1970(frame)?,
            original_len: u32::try_from(frame.original)?,
            data: Cow::Borrowed(&frame.bytes),
            options: Vec::new(),
        })?;
    }
    if let Some(secrets) = secrets {
        writer.write_pcapng_block(secrets_block(secrets)?)?;
    }
    Ok(writer.into_inner())
}

/// Block 10 with secrets of type "WGKL".
fn secrets_block(lines: &str) -> Result<UnknownBlock<'static>> {
    let mut value = [0x5747_4b4c_u32.to_le_bytes(), u32::try_from(lines.len())?.to_le_bytes()].concat();
    value.extend_from_slice(lines.as_bytes());
    value.resize(value.len().next_multiple_of(4), 0);
    Ok(UnknownBlock { type_: 10, length: u32::try_from(value.len() + 12)?, value: Cow::Owned(value) })
}

fn since_1970(frame: &Frame) -> Result<Duration> {
    Ok(Duration::from_nanos(u64::try_from(frame.time)?))
}
