//! Real packets for tests: frames of the captures as the kernel would hand them over.

use pcap_file::DataLink;
use pcap_file::pcapng::{Block, PcapNgReader};
use wgtrace_abi::{ABI_VERSION, Hook, PacketEvent};
use wgtrace_flow::time::WallOffset;
use zerocopy::{FromZeros as _, IntoBytes as _};

use super::clock::Clock;
use super::names::{Names, Naming};

pub(super) const NETNS: u32 = 4_026_531_840;

/// One interface, `eth0` with index 2, in one namespace.
pub(super) fn names() -> Names {
    let mut names = Names::new([(NETNS, "host")].into_iter());
    names.learn(&Naming { netns: NETNS, ifindex: 2, name: "eth0".into() });
    names
}

/// A clock for events whose time is the wall's.
pub(super) fn clock() -> Clock {
    Clock::with(WallOffset(0))
}

/// An event of `eth0` for a whole frame.
pub(crate) fn event(frame: &[u8]) -> PacketEvent {
    let mut event = PacketEvent::new_zeroed();
    event.version = ABI_VERSION;
    event.kind = PacketEvent::KIND;
    event.hook = Hook::ToNetdev.number();
    event.ifindex = 2;
    event.netns = NETNS;
    event.len = frame.len().try_into().unwrap();
    event.captured = frame.len().try_into().unwrap();
    event
}

/// Event and bytes as the ring has them.
pub(crate) fn record(event: PacketEvent, frame: &[u8]) -> Vec<u8> {
    [event.as_bytes(), frame, &[0; 4]].concat()
}

/// The records of a capture, cut at `snaplen`.
pub(super) fn records(capture: &str, snaplen: usize) -> Vec<Vec<u8>> {
    let path = format!("{}/../captures/{capture}.pcapng", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut reader = PcapNgReader::new(&bytes[..]).unwrap();
    let mut records = Vec::new();
    while let Some(next) = reader.next_block() {
        let (block, state) = next.unwrap();
        let Block::EnhancedPacket(packet) = block else { continue };
        assert_eq!(state.interfaces()[packet.interface_id as usize].linktype, DataLink::ETHERNET);
        let frame = &packet.data[..packet.data.len().min(snaplen)];
        let mut event = event(frame);
        event.len = packet.original_len;
        event.time = packet.timestamp.as_nanos().try_into().unwrap();
        event.sequence = records.len().try_into().unwrap();
        records.push(record(event, frame));
    }
    records
}
