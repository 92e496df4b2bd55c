//! `L3_DEVICES`: which devices have no link-layer header.

use aya_ebpf::btf_maps::Array;
use aya_ebpf::macros::btf_map;
use wgtrace_abi::{PacketEvent, device};

#[btf_map]
static L3_DEVICES: Array<u64, { device::WORDS as usize }> = Array::new();

/// What is known of a device, as flags of its events.
#[derive(Clone, Copy)]
pub(super) struct Kind(u8);

impl Kind {
    /// As [`PacketEvent::flags`].
    #[inline(always)]
    pub(super) fn flags(self) -> u8 {
        self.0
    }

    /// Whether its packets start with the IP header.
    #[inline(always)]
    pub(super) fn is_l3(self) -> bool {
        self.0 & PacketEvent::L3 != 0
    }
}

/// The kind of the device with this index.
#[inline(always)]
pub(super) fn kind(ifindex: u32) -> Kind {
    let known = device::position(ifindex).and_then(|(word, bit)| Some((L3_DEVICES.get(word)?, bit)));
    Kind(match known {
        Some((word, bit)) if word & bit != 0 => PacketEvent::L3,
        Some(_) => 0,
        None => PacketEvent::UNKNOWN_DEVICE,
    })
}
