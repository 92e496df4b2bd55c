use super::End;
use crate::Packet;

/// What is left of a packet, within what its headers claim.
pub(super) struct View<'a, P: ?Sized> {
    packet: &'a P,
    at: usize,
    end: usize,
    /// Where the claims end; at or behind `end`.
    claimed: usize,
}

impl<P: ?Sized> Clone for View<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: ?Sized> Copy for View<'_, P> {}

impl<'a, P: Packet + ?Sized> View<'a, P> {
    #[inline(always)]
    pub(super) fn whole(packet: &'a P) -> Self {
        let end = packet.length();
        Self { packet, at: 0, end, claimed: end }
    }

    /// The `N` bytes at `offset`.
    #[inline(always)]
    pub(super) fn read<const N: usize>(&self, offset: usize) -> Result<[u8; N], End> {
        self.needs(offset.wrapping_add(N))?;
        Ok(self.packet.read(self.at.wrapping_add(offset))?)
    }

    /// Nothing but whether the first `len` bytes are there.
    #[inline(always)]
    pub(super) fn needs(&self, len: usize) -> Result<(), End> {
        // Offsets are below 2^17: no sum wraps.
        if self.at.wrapping_add(len) > self.end { Err(End::Truncated) } else { Ok(()) }
    }

    /// Leaves out `len` bytes that are there.
    #[inline(always)]
    pub(super) fn skip(&mut self, len: usize) {
        self.at = self.packet.forget(self.at.wrapping_add(len));
    }

    /// Leaves out what is behind the next `len` bytes.
    #[inline(always)]
    pub(super) fn claim(&mut self, len: usize) {
        self.claimed = self.at.wrapping_add(len);
        self.end = self.end.min(self.claimed);
    }

    /// What is claimed of what is left, in bytes.
    #[inline(always)]
    pub(super) fn claimed(&self) -> usize {
        self.claimed.saturating_sub(self.at)
    }
}
