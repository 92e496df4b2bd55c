use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::{DropReason, Hook};

/// What became of packets at one hook in one way, on one CPU; only ever added to, whoever listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Metric {
    /// Packets, super-frames as one.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
}

const _: () = assert!(size_of::<Metric>() == 16);

impl Metric {
    /// How many there are: for each hook one for each drop reason, and at reason 0 what was not dropped.
    pub const COUNT: usize = Hook::COUNT * Self::REASONS;
    const REASONS: usize = 256;
    /// Where packets are counted that left by a native device in clear and had to be encrypted: nothing dropped them.
    pub const LEAK: (Hook, DropReason) = (Hook::TapOut, DropReason::UNENCRYPTED);

    /// Where that of a hook and a reason is; 0 is what was not dropped.
    #[inline]
    pub const fn position(hook: u8, reason: u8) -> u32 {
        (hook as u32) << 8 | reason as u32
    }

    /// The hook and the reason of a position; the reason is `None` for what was not dropped.
    pub fn meaning(position: u32) -> Option<(Hook, Option<DropReason>)> {
        let [reason, hook, 0, 0] = position.to_le_bytes() else { return None };
        Some((Hook::from_number(hook)?, (reason != 0).then_some(DropReason(reason))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_lead_back() {
        let position = Metric::position(Hook::ToNetdev.number(), 195);
        assert_eq!(Metric::meaning(position), Some((Hook::ToNetdev, Some(DropReason::UNENCRYPTED))));
        assert_eq!(Metric::meaning(0), Some((Hook::FromContainer, None)));
        let end = u32::try_from(Metric::COUNT).unwrap();
        assert!(Metric::meaning(end - 1).is_some() && Metric::meaning(end).is_none());
    }
}
