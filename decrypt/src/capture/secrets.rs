use std::fmt;

use zeroize::Zeroizing;

/// The payload of a Decryption Secrets Block.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretsBlock {
    /// Secrets type; [`SecretsBlock::WIREGUARD`] is the only one kept.
    pub kind: u32,
    /// The key log, as it stands in the file; wiped on drop.
    pub payload: Zeroizing<Vec<u8>>,
    /// Offset of the block in the capture.
    pub offset: u64,
}

impl SecretsBlock {
    /// "WGKL": a WireGuard key log as Wireshark reads it.
    pub const WIREGUARD: u32 = 0x5747_4b4c;
    /// Bytes of secrets kept of one file, over all its blocks.
    pub const MAX_TOTAL: usize = 16 << 20;
}

impl fmt::Debug for SecretsBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretsBlock(0x{:08x}, {} bytes at {})", self.kind, self.payload.len(), self.offset)
    }
}

/// Secrets not yet taken, and the room left for more.
#[derive(Debug)]
pub(super) struct Secrets {
    held: Vec<SecretsBlock>,
    room: usize,
}

impl Default for Secrets {
    fn default() -> Self {
        Self { held: Vec::new(), room: SecretsBlock::MAX_TOTAL }
    }
}

impl Secrets {
    pub(super) fn room(&self) -> usize {
        self.room
    }

    /// Whether there was room for it; each block costs its own bookkeeping too.
    pub(super) fn keep(&mut self, payload: &[u8], offset: u64) -> bool {
        let Some(room) = self.room.checked_sub(payload.len().saturating_add(size_of::<SecretsBlock>()))
        else {
            return false;
        };
        self.room = room;
        let payload = Zeroizing::new(payload.to_vec());
        self.held.push(SecretsBlock { kind: SecretsBlock::WIREGUARD, payload, offset });
        true
    }

    pub(super) fn take(&mut self) -> Vec<SecretsBlock> {
        std::mem::take(&mut self.held)
    }
}
