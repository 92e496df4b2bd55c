//! Packet marks (`skb->mark`).

use core::fmt;

/// A packet's mark; the magic in bits 8 to 11 says what was decided about it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Mark(pub u32);

impl Mark {
    /// Bits of the magic.
    pub const MAGIC: u32 = 0xf00;
    /// To be encrypted: the mark that sends a packet to table 201.
    pub const ENCRYPT: u32 = 0xe00;
    /// Came out of the tunnel.
    pub const DECRYPT: u32 = 0xd00;
    /// Sent by the host itself.
    pub const HOST: u32 = 0xc00;
    /// Carries an identity in its other bits.
    pub const IDENTITY: u32 = 0xf00;
    /// On WireGuard's own packets. `ENCRYPT` would lead them back into the tunnel.
    pub const WIREGUARD: u32 = 0x600;

    /// The magic alone.
    pub const fn magic(self) -> u32 {
        self.0 & Self::MAGIC
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:#x}", self.0)
    }
}
