//! Inner packets as capture records.
//!
//! The file's first blocks come from pcap-file; packet records are laid out here, because they are
//! written once per packet, around a plaintext that is opened in place.

use std::borrow::Cow;

use pcap_file::DataLink;
use pcap_file::pcap::{PcapHeader, PcapTsResolution};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::pcapng::blocks::unknown::UnknownBlock;
use pcap_file::pcapng::{PcapNgWriteError, PcapNgWriter};
use wgtrace_wire::wireguard::Counter;

use super::batch::Slot;
use super::open::Place;
use crate::capture::{Frame, Interface, LinkType, SecretsBlock, Timestamp};

/// Container of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// pcapng with comments and direction flags.
    PcapNg,
    /// Classic pcap in nanoseconds.
    Pcap,
}

/// Lays out the output file.
#[derive(Debug, Clone)]
pub struct Encoder {
    /// `None`: nothing is written.
    format: Option<Format>,
    with_outer: bool,
}

/// A record begun in the output buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// Where the record starts.
    pub(super) record: usize,
    /// Where the packet's bytes start.
    pub(super) data: usize,
}

const LINKTYPE_RAW: u16 = 101;
const SNAPLEN: u32 = 262_144;
const ENHANCED_PACKET: u32 = 6;
const DECRYPTION_SECRETS: u32 = 10;
/// Head of an Enhanced Packet Block up to the packet's bytes.
const EPB_HEAD: usize = 28;
/// Head of a classic pcap record.
const PCAP_HEAD: usize = 16;
/// `epb_flags`: direction in the two lowest bits.
const INBOUND: u32 = 1;
const OUTBOUND: u32 = 2;

impl Encoder {
    /// Writes nothing; messages are opened to be counted.
    pub fn discard() -> Self {
        Self { format: None, with_outer: false }
    }

    /// Writes inner packets in `format`; `with_outer` keeps the frames they came in beside them,
    /// which only pcapng can.
    pub fn new(format: Format, with_outer: bool) -> Self {
        Self { format: Some(format), with_outer: with_outer && format == Format::PcapNg }
    }

    /// Beginning of the file. `secrets` becomes a Decryption Secrets Block of WireGuard key log
    /// lines, which only pcapng can hold.
    ///
    /// # Errors
    /// The writer's, which cannot happen on a buffer.
    pub fn header(&self, secrets: Option<&str>) -> Result<Vec<u8>, PcapNgWriteError> {
        match self.format {
            None => Ok(Vec::new()),
            Some(Format::Pcap) => {
                let header = PcapHeader {
                    snaplen: SNAPLEN,
                    datalink: DataLink::from(u32::from(LINKTYPE_RAW)),
                    ts_resolution: PcapTsResolution::NanoSecond,
                    endianness: pcap_file::Endianness::Little,
                    ..PcapHeader::default()
                };
                let mut bytes = Vec::new();
                // Writing to a buffer cannot fail.
                let _ = header.write_to(&mut bytes);
                Ok(bytes)
            }
            Some(Format::PcapNg) => {
                let section = SectionHeaderBlock {
                    endianness: pcap_file::Endianness::Little,
                    options: vec![SectionHeaderOption::UserApplication(Cow::Borrowed(concat!(
                        "wgtrace ",
                        env!("CARGO_PKG_VERSION")
                    )))],
                    ..SectionHeaderBlock::default()
                };
                let mut writer = PcapNgWriter::with_section_header(Vec::new(), section)?;
                if let Some(secrets) = secrets {
                    writer.write_pcapng_block(secrets_block(secrets))?;
                }
                writer.write_pcapng_block(interface_block(LinkType(LINKTYPE_RAW), "decrypted"))?;
                Ok(writer.into_inner())
            }
        }
    }

    /// Whether anything is written at all.
    pub(super) fn writes(&self) -> bool {
        self.format.is_some()
    }

    /// Whether the capture's own frames are written too.
    pub(super) fn keeps_outer(&self) -> bool {
        self.with_outer
    }

    /// Describes an interface of the input, when its frames are kept. Inner packets are interface
    /// 0; interface n of the input becomes n + 1.
    pub(super) fn interface(&self, out: &mut Vec<u8>, interface: &Interface) {
        if self.with_outer {
            // The crate writes blocks behind a section header only: take what follows one.
            let Ok(mut writer) = PcapNgWriter::new(Vec::new()) else { return };
            let head = writer.get_ref().len();
            if writer.write_pcapng_block(interface_block(interface.link, &interface.name)).is_ok() {
                out.extend_from_slice(writer.get_ref().get(head..).unwrap_or_default());
            }
        }
    }

    /// Writes a frame of the input as it is.
    pub(super) fn outer(out: &mut Vec<u8>, frame: &Frame, data: &[u8]) {
        let record = out.len();
        epb_head(out, frame.interface.saturating_add(1), frame.time);
        out.extend_from_slice(data);
        pad(out, data.len());
        close_epb(out, record, data.len(), frame.original_len);
    }

    /// Begins the record of an inner packet; its ciphertext goes behind.
    pub(super) fn begin(&self, out: &mut Vec<u8>, frame: &Frame) -> Start {
        let record = out.len();
        match self.format {
            None => {}
            Some(Format::PcapNg) => epb_head(out, 0, frame.time),
            Some(Format::Pcap) => {
                let (seconds, nanos) = split_time(frame.time);
                out.extend_from_slice(&seconds.to_le_bytes());
                out.extend_from_slice(&nanos.to_le_bytes());
                out.extend_from_slice(&[0; 8]);
            }
        }
        Start { record, data: out.len() }
    }

    /// Completes the record: the first `length` bytes behind its head are the packet.
    pub(super) fn finish(
        &self,
        out: &mut Vec<u8>,
        start: &Start,
        length: usize,
        place: &Place<'_>,
        slot: &Slot,
        counter: Counter,
    ) {
        match self.format {
            None => out.truncate(start.record),
            Some(Format::Pcap) => {
                out.truncate(start.data + length);
                patch(out, start.record + PCAP_HEAD - 8, u32_of(length));
                patch(out, start.record + PCAP_HEAD - 4, u32_of(length));
            }
            Some(Format::PcapNg) => {
                out.truncate(start.data + length);
                pad(out, length);
                inner_options(out, place, slot, counter);
                close_epb(out, start.record, length, u32_of(length));
            }
        }
    }
}

fn interface_block(link: LinkType, name: &str) -> InterfaceDescriptionBlock<'static> {
    let mut options = vec![InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO)];
    if !name.is_empty() {
        options.push(InterfaceDescriptionOption::IfName(Cow::Owned(name.to_owned())));
    }
    InterfaceDescriptionBlock { linktype: DataLink::from(u32::from(link.0)), snaplen: SNAPLEN, options }
}

/// pcap-file knows no Decryption Secrets Block, but writes blocks of any type.
fn secrets_block(lines: &str) -> UnknownBlock<'static> {
    let mut value = Vec::with_capacity(8 + lines.len() + 3);
    value.extend_from_slice(&SecretsBlock::WIREGUARD.to_le_bytes());
    value.extend_from_slice(&u32_of(lines.len()).to_le_bytes());
    value.extend_from_slice(lines.as_bytes());
    pad(&mut value, lines.len());
    UnknownBlock { type_: DECRYPTION_SECRETS, length: u32_of(value.len() + 12), value: Cow::Owned(value) }
}

fn epb_head(out: &mut Vec<u8>, interface: u32, time: Timestamp) {
    let time = u64::try_from(time.0).unwrap_or(0);
    let [t0, t1, t2, t3, t4, t5, t6, t7] = time.to_le_bytes();
    out.extend_from_slice(&ENHANCED_PACKET.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&interface.to_le_bytes());
    // High half first, each in the section's byte order.
    out.extend_from_slice(&[t4, t5, t6, t7, t0, t1, t2, t3]);
    out.extend_from_slice(&[0; 8]);
}

/// Completes the block at `record`, whose packet has `captured` bytes in the buffer.
fn close_epb(out: &mut Vec<u8>, record: usize, captured: usize, original: u32) {
    let total = u32_of(out.len() - record + 4);
    out.extend_from_slice(&total.to_le_bytes());
    patch(out, record + 4, total);
    patch(out, record + EPB_HEAD - 8, u32_of(captured));
    patch(out, record + EPB_HEAD - 4, original.max(u32_of(captured)));
}

/// Flags and comment behind the packet, then the end of the block.
fn inner_options(out: &mut Vec<u8>, place: &Place<'_>, slot: &Slot, counter: Counter) {
    const FLAGS: [u8; 4] = [2, 0, 4, 0];
    const COMMENT: [u8; 2] = [1, 0];
    let flags = if slot.outbound { OUTBOUND } else { INBOUND };
    out.extend_from_slice(&FLAGS);
    out.extend_from_slice(&flags.to_le_bytes());
    out.extend_from_slice(&COMMENT);
    let length_at = out.len();
    out.extend_from_slice(&[0; 2]);
    let text = out.len();
    out.extend_from_slice(b"frame ");
    out.extend_from_slice(itoa::Buffer::new().format(place.frame.number).as_bytes());
    if let Some(carrier) = place.inside {
        out.extend_from_slice(format!(", inside {carrier}").as_bytes());
    }
    out.extend_from_slice(slot.label.as_bytes());
    out.extend_from_slice(itoa::Buffer::new().format(counter.0).as_bytes());
    let length = out.len() - text;
    let short = u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes();
    if let Some(place) = out.get_mut(length_at..text) {
        place.copy_from_slice(&short);
    }
    pad(out, length);
    out.extend_from_slice(&[0; 4]);
}

/// Zeroes up to the next multiple of four behind something of `length` bytes.
fn pad(out: &mut Vec<u8>, length: usize) {
    out.resize(out.len() + length.wrapping_neg() % 4, 0);
}

fn patch(out: &mut [u8], at: usize, value: u32) {
    if let Some(place) = out.get_mut(at..at + 4) {
        place.copy_from_slice(&value.to_le_bytes());
    }
}

/// Records are bounded far below 4 GiB.
fn u32_of(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn split_time(time: Timestamp) -> (u32, u32) {
    const NANOS: u64 = 1_000_000_000;
    let time = u64::try_from(time.0).unwrap_or(0);
    let seconds = u32::try_from(time / NANOS).unwrap_or(u32::MAX);
    (seconds, u32::try_from(time % NANOS).unwrap_or(0))
}
