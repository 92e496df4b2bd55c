//! Recordings as files.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context as _, Result};
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapTsResolution, PcapWriter};
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::{DataLink, Endianness};

use super::Recording;

/// Kinds of capture files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// With the interface's name, and the direction of each packet.
    PcapNg,
    /// Packets and nanoseconds, nothing else.
    Pcap,
}

impl Container {
    /// The one that a file's name ends like; pcapng if it ends like none.
    pub fn of(path: &Path) -> Self {
        match path.extension() {
            Some(extension) if extension == "pcap" || extension == "cap" => Self::Pcap,
            _ => Self::PcapNg,
        }
    }
}

impl Recording {
    /// Writes it to a file, of the kind that its name ends like.
    pub fn write(&self, path: &Path) -> Result<()> {
        let content = self.encode(Container::of(path))?;
        std::fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
    }

    /// The content of a file.
    pub fn encode(&self, container: Container) -> Result<Vec<u8>> {
        match container {
            Container::PcapNg => self.pcapng(),
            Container::Pcap => self.pcap(),
        }
    }

    fn pcapng(&self) -> Result<Vec<u8>> {
        let section = SectionHeaderBlock {
            endianness: Endianness::Little,
            options: vec![SectionHeaderOption::UserApplication(Cow::Borrowed(concat!(
                "wgtrace-lab ",
                env!("CARGO_PKG_VERSION")
            )))],
            ..SectionHeaderBlock::default()
        };
        let mut writer = PcapNgWriter::with_section_header(Vec::new(), section)?;
        writer.write_pcapng_block(InterfaceDescriptionBlock {
            linktype: DataLink::from(u32::from(self.link)),
            snaplen: SNAPLEN,
            options: vec![
                InterfaceDescriptionOption::IfName(Cow::Borrowed(&self.interface)),
                InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO),
            ],
        })?;
        for frame in &self.frames {
            // pcapng draft, 4.3.1
            let direction = if frame.is_outgoing { 2 } else { 1 };
            writer.write_pcapng_block(EnhancedPacketBlock {
                interface_id: 0,
                timestamp: frame.time,
                original_len: u32::try_from(frame.bytes.len())?,
                data: Cow::Borrowed(&frame.bytes),
                options: vec![EnhancedPacketOption::Flags(direction)],
            })?;
        }
        Ok(writer.into_inner())
    }

    fn pcap(&self) -> Result<Vec<u8>> {
        let header = PcapHeader {
            snaplen: SNAPLEN,
            datalink: DataLink::from(u32::from(self.link)),
            ts_resolution: PcapTsResolution::NanoSecond,
            endianness: Endianness::Little,
            ..PcapHeader::default()
        };
        let mut writer = PcapWriter::with_header(Vec::new(), header)?;
        for frame in &self.frames {
            let len = u32::try_from(frame.bytes.len())?;
            writer.write_packet(&PcapPacket::new(frame.time, len, frame.bytes.as_slice())?)?;
        }
        Ok(writer.into_inner())
    }
}

const SNAPLEN: u32 = 1 << 18;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wgtrace_decrypt::capture::{Chunk, LinkType, Reader, Timestamp};

    use super::*;
    use crate::capture::Frame;

    #[test]
    fn our_own_reader_gets_out_what_was_recorded() {
        let frame = |nanos, is_outgoing| Frame {
            time: Duration::from_nanos(nanos),
            is_outgoing,
            bytes: vec![0x45, 0, 0, 21, 7],
        };
        let frames = vec![frame(1_700_000_000_000_000_001, true), frame(1_700_000_000_000_000_999, false)];
        let recording = Recording { interface: "cilium_wg0".into(), link: 101, frames, lost: 0 };
        for (container, name) in [(Container::PcapNg, "cilium_wg0"), (Container::Pcap, "")] {
            let content = recording.encode(container).unwrap();
            let mut reader = Reader::new(&content[..]).unwrap();
            let mut chunk = Chunk::default();
            assert!(reader.fill(&mut chunk).unwrap());
            let read: Vec<_> = chunk.frames.iter().map(|frame| (frame.time, chunk.data(frame))).collect();
            let bytes = &recording.frames[0].bytes[..];
            let first = 1_700_000_000_000_000_001;
            assert_eq!(read, [(Timestamp(first), bytes), (Timestamp(first + 998), bytes)]);
            let interface = &reader.interfaces()[0];
            assert_eq!((interface.link, interface.name.as_str()), (LinkType(101), name));
        }
    }

    #[test]
    fn a_files_name_says_what_it_is() {
        assert_eq!(Container::of(Path::new("eth0.cap")), Container::Pcap);
        assert_eq!(Container::of(Path::new("a.pcap/eth0")), Container::PcapNg);
    }
}
