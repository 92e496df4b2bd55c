//! Packets of the API as blocks of a pcapng.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result};
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::{DataLink, Endianness};
use wgtrace_abi::hook::Attachment;
use wgtrace_abi::{DropReason, Hook};
use wgtrace_api::v1::{EncryptionState, Packet, Party};

/// The type of a Section Header Block, which every pcapng begins with.
pub(super) const MAGIC: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

/// A section that is being written: its header, then interfaces as they first appear, and packets.
pub(super) struct Section {
    writer: PcapNgWriter<Vec<u8>>,
    interfaces: HashMap<Place, u32>,
}

/// What is an interface of the file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    node: String,
    interface: String,
    ifindex: u32,
    hook: String,
    l2: bool,
}

impl Section {
    pub(super) fn begin() -> Result<Self> {
        let application = concat!("wgtrace ", env!("CARGO_PKG_VERSION"));
        let section = SectionHeaderBlock {
            endianness: Endianness::Little,
            options: vec![SectionHeaderOption::UserApplication(Cow::Borrowed(application))],
            ..SectionHeaderBlock::default()
        };
        let writer =
            PcapNgWriter::with_section_header(Vec::new(), section).context("the capture's header")?;
        Ok(Self { writer, interfaces: HashMap::new() })
    }

    /// What was not taken yet.
    pub(super) fn pending(&self) -> &[u8] {
        self.writer.get_ref()
    }

    /// Takes it.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.writer.get_mut())
    }

    pub(super) fn packet(&mut self, packet: &Packet) -> Result<()> {
        let captured = u32::try_from(packet.bytes.len()).unwrap_or(u32::MAX);
        let block = EnhancedPacketBlock {
            interface_id: self.interface(packet)?,
            timestamp: Duration::from_nanos(u64::try_from(packet.time).unwrap_or(0)),
            original_len: packet.length.max(captured),
            data: Cow::Borrowed(&packet.bytes),
            options: vec![
                EnhancedPacketOption::Flags(direction(&packet.hook)),
                EnhancedPacketOption::Common(CommonOption::Comment(Cow::Owned(comment(packet)))),
            ],
        };
        self.writer.write_pcapng_block(block).context("a packet of the capture")?;
        Ok(())
    }

    /// Its number; described first where it is new.
    fn interface(&mut self, packet: &Packet) -> Result<u32> {
        let place = Place {
            node: packet.node.clone(),
            interface: packet.interface.clone(),
            ifindex: packet.ifindex,
            hook: packet.hook.clone(),
            l2: packet.l2,
        };
        if let Some(number) = self.interfaces.get(&place) {
            return Ok(*number);
        }
        let description = format!("{}, {}", place.hook, place.node);
        let block = InterfaceDescriptionBlock {
            linktype: if place.l2 { DataLink::ETHERNET } else { DataLink::RAW },
            snaplen: 0,
            options: vec![
                InterfaceDescriptionOption::IfName(Cow::Borrowed(&place.interface)),
                InterfaceDescriptionOption::IfDescription(Cow::Borrowed(&description)),
                InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO),
            ],
        };
        self.writer.write_pcapng_block(block).context("an interface of the capture")?;
        let number = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
        self.interfaces.insert(place, number);
        Ok(number)
    }
}

/// Bits 0 and 1 of the flags: 1 in, 2 out (pcapng draft, 4.3.1).
fn direction(hook: &str) -> u32 {
    let hook = Hook::ALL.into_iter().find(|known| known.name() == hook);
    hook.map_or(0, |hook| match (hook, hook.attachment()) {
        (Hook::TapOut, _) | (_, Attachment::Egress) => 2,
        (_, Attachment::Ingress | Attachment::Socket) => 1,
    })
}

fn comment(packet: &Packet) -> String {
    let mut comment = format!("{}, verdict {}, mark {:#x}", packet.hook, packet.verdict, packet.mark);
    // A string takes everything.
    if let Some(number) = u8::try_from(packet.drop_reason).ok().filter(|number| *number != 0) {
        let _ = write!(comment, ", drop reason {:?}", DropReason(number));
    }
    for (word, party) in [("from", &packet.source), ("to", &packet.destination)] {
        let _ = write_party(&mut comment, word, party.as_ref());
    }
    match packet.encryption() {
        EncryptionState::None => {}
        EncryptionState::Encrypted => comment.push_str(", encrypted"),
        EncryptionState::Clear => comment.push_str(", in the clear"),
        EncryptionState::Leak => comment.push_str(", LEAKED in the clear"),
    }
    if let Some(message) = &packet.wireguard {
        let _ = write!(comment, ", WireGuard {}", message.kind);
        if !message.peer.is_empty() {
            let _ = write!(comment, ", peer {} ({})", message.peer_node, message.peer);
        }
    }
    for (word, party) in [("inside from", &packet.inner_source), ("inside to", &packet.inner_destination)] {
        let _ = write_party(&mut comment, word, party.as_ref());
    }
    if packet.segments > 1 {
        let _ = write!(comment, ", super-frame of {} segments", packet.segments);
    }
    comment
}

fn write_party(comment: &mut String, word: &str, party: Option<&Party>) -> std::fmt::Result {
    match party {
        Some(party) if !party.pod.is_empty() => write!(comment, ", {word} pod {}", party.pod),
        Some(party) if !party.node.is_empty() => write!(comment, ", {word} node {}", party.node),
        Some(_) | None => Ok(()),
    }
}
