//! Bytes of a packet, wherever they are.

/// A packet that can be read from: a slice on the host, a socket buffer in the kernel.
pub trait Packet {
    /// Bytes that it has.
    fn length(&self) -> usize;

    /// The `N` bytes at `offset`.
    fn read<const N: usize>(&self, offset: usize) -> Result<[u8; N], OutOfBounds>;

    /// The first `N` bytes; in the kernel, read where they lie if they lie in one piece.
    #[inline(always)]
    fn head<const N: usize>(&self) -> Result<[u8; N], OutOfBounds> {
        self.read(0)
    }

    /// `offset`; in the kernel, of a value that the verifier does not know, so that all ways to it are one.
    #[inline(always)]
    fn forget(&self, offset: usize) -> usize {
        offset
    }
}

/// The packet ends before the bytes that were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfBounds;

impl Packet for [u8] {
    fn length(&self) -> usize {
        self.len()
    }

    fn read<const N: usize>(&self, offset: usize) -> Result<[u8; N], OutOfBounds> {
        self.get(offset..).and_then(|rest| rest.first_chunk()).copied().ok_or(OutOfBounds)
    }
}
