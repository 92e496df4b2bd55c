//! A packet for socket filters, which may not look at bytes where they lie (linux: `sk_filter_is_valid_access`).

use wgtrace_bpf::{OutOfBounds, Packet};

use super::skb::Skb;

/// The same packet, of which all that is read is copied.
pub(super) struct Copied<'a>(pub(super) &'a Skb);

impl Packet for Copied<'_> {
    #[inline(always)]
    fn length(&self) -> usize {
        self.0.length()
    }

    #[inline(always)]
    fn read<const N: usize>(&self, offset: usize) -> Result<[u8; N], OutOfBounds> {
        self.0.read(offset)
    }
}
