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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_is_at_one_hook_and_all_else_at_the_other() {
        for kind in PacketType::ALL {
            let expected = if kind == PacketType::Outgoing { Hook::TapOut } else { Hook::TapIn };
            assert_eq!(Hook::from_number(hook(kind as u32)), Some(expected), "{kind:?}");
        }
    }
}
