use super::entry::{Entry, NONE};

/// Entries in chunks: growing moves none of them, and leaves at most one chunk half empty.
#[derive(Debug)]
pub(super) struct Slab {
    chunks: Vec<Vec<Entry>>,
    len: u32,
    /// The first of the free entries, linked through `older`.
    free: u32,
}

impl Default for Slab {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0, free: NONE }
    }
}

impl Slab {
    #[inline]
    pub(super) fn get(&self, at: u32) -> Option<&Entry> {
        let (chunk, offset) = place(at);
        self.chunks.get(chunk)?.get(offset)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, at: u32) -> Option<&mut Entry> {
        let (chunk, offset) = place(at);
        self.chunks.get_mut(chunk)?.get_mut(offset)
    }

    /// A place for `entry`, whose version goes on from the flow that had it before.
    pub(super) fn insert(&mut self, entry: Entry) -> u32 {
        if let Some(old) = self.get_mut(self.free) {
            let next = old.older;
            let version = old.version;
            *old = entry;
            old.version = version;
            return std::mem::replace(&mut self.free, next);
        }
        let at = self.len;
        let (chunk, _) = place(at);
        if chunk == self.chunks.len() {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        if let Some(chunk) = self.chunks.get_mut(chunk) {
            chunk.push(entry);
        }
        self.len = at.saturating_add(1);
        at
    }

    pub(super) fn free(&mut self, at: u32) {
        let next = self.free;
        if let Some(entry) = self.get_mut(at) {
            // a version in use is even less likely to be met again than 2^32 flows in one place
            entry.version = entry.version.wrapping_add(1);
            entry.older = next;
            self.free = at;
        }
    }

    pub(super) fn memory(&self) -> usize {
        let chunks = self.chunks.iter().map(|chunk| chunk.capacity().saturating_mul(size_of::<Entry>()));
        chunks.sum::<usize>().saturating_add(self.chunks.capacity().saturating_mul(size_of::<Vec<Entry>>()))
    }
}

fn place(at: u32) -> (usize, usize) {
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    (at / CHUNK, at % CHUNK)
}

/// Entries of a chunk: about 61 KiB.
const CHUNK: usize = 256;
