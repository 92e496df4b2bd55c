//! Which of the tap's two hooks a packet is at.

use wgtrace_abi::{Hook, PacketType};

/// Number of the hook for packets of this `skb->pkt_type`.
///
/// A sum, not a choice: of that, the compiler makes two programs in one.
#[inline(always)]
pub fn hook(packet_type: u32) -> u8 {
    let differs = packet_type ^ PacketType::Outgoing as u32;
    let [outgoing, ..] = (u64::from(differs).wrapping_sub(1) >> 63).to_le_bytes();
    Hook::TapIn.number().wrapping_add(outgoing)
}

const _: () = assert!(Hook::TapOut.number() == Hook::TapIn.number() + 1);
