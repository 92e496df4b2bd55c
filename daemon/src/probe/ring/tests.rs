//! A ring in plain memory, with a producer as naive as can be.

use proptest::prelude::*;

use super::record::Memory;

#[derive(Debug, Clone)]
pub(super) enum Item {
    Sample(Vec<u8>),
    Lost(u64),
    Other(Vec<u8>),
}

pub(super) fn item() -> impl Strategy<Value = Item> {
    prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..150).prop_map(Item::Sample),
        1 => (0..u64::from(u32::MAX)).prop_map(Item::Lost),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Item::Other),
    ]
}

impl Item {
    /// As the kernel writes it, padded to 8 bytes.
    pub(super) fn record(&self) -> Vec<u8> {
        let (kind, body) = match self {
            Self::Sample(raw) => {
                let len = (raw.len() + 4).next_multiple_of(8) - 4;
                let mut body = u32::try_from(len).unwrap().to_ne_bytes().to_vec();
                body.extend_from_slice(raw);
                (9u32, body)
            }
            Self::Lost(count) => (2, [&0u64.to_ne_bytes()[..], &count.to_ne_bytes()].concat()),
            Self::Other(body) => (3, body.clone()),
        };
        let size = (8 + body.len()).next_multiple_of(8);
        let mut record = kind.to_ne_bytes().to_vec();
        record.extend_from_slice(&[0, 0]);
        record.extend_from_slice(&u16::try_from(size).unwrap().to_ne_bytes());
        record.extend_from_slice(&body);
        record.resize(size, 0);
        record
    }
}

#[derive(Debug)]
pub(super) struct Ring {
    pub(super) bytes: Vec<u8>,
    pub(super) tail: u64,
    head: u64,
}

impl Ring {
    pub(super) fn new(capacity: usize) -> Self {
        Self::raw(vec![0xee; capacity], 0, 0)
    }

    pub(super) fn raw(bytes: Vec<u8>, tail: u64, head: u64) -> Self {
        Self { bytes, tail, head }
    }

    pub(super) fn start_at(&mut self, position: u64) {
        (self.tail, self.head) = (position, position);
    }

    pub(super) fn write(&mut self, item: &Item) -> bool {
        self.write_bytes(&item.record())
    }

    /// False when there is no room.
    pub(super) fn write_bytes(&mut self, bytes: &[u8]) -> bool {
        if self.head - self.tail + bytes.len() as u64 > self.capacity() {
            return false;
        }
        for byte in bytes {
            let at = usize::try_from(self.head % self.capacity()).unwrap();
            self.bytes[at] = *byte;
            self.head += 1;
        }
        true
    }
}

impl Memory for Ring {
    fn capacity(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn load(&mut self) -> (u64, u64) {
        (self.tail, self.head)
    }

    fn pieces(&self, position: u64, len: usize) -> (&[u8], &[u8]) {
        let filled = (self.head - self.tail).min(self.capacity());
        let len = len.min(usize::try_from(filled.saturating_sub(position - self.tail)).unwrap());
        let offset = usize::try_from(position % self.capacity()).unwrap();
        let first = len.min(self.bytes.len() - offset);
        (&self.bytes[offset..offset + first], &self.bytes[..len - first])
    }

    fn commit(&mut self, position: u64) {
        assert!((self.tail..=self.head).contains(&position), "{position} is not read");
        self.tail = position;
    }
}
