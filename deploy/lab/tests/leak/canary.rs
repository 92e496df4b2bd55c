//! What all payloads of a test are made of, and known by.

use std::fs;

/// 32 letters that occur nowhere else: 128 random bits.
#[derive(Debug, Clone)]
pub(crate) struct Canary(String);

impl Canary {
    pub(crate) fn new() -> Self {
        let uuid = fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap();
        Self(uuid.trim().replace('-', ""))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// A payload that begins with a number and repeats the canary: a fragment of twice its length has it whole.
    pub(crate) fn payload(&self, number: u64, len: usize) -> Vec<u8> {
        let letters = self.0.bytes().cycle();
        number.to_be_bytes().into_iter().chain(letters).take(len).collect()
    }

    /// What no frame may have in it: the canary, and what the pods' web servers answer.
    pub(crate) fn needles(&self) -> [&[u8]; 2] {
        [self.0.as_bytes(), b"PodName: "]
    }
}

/// The number of a payload; `None` if it is not one.
pub(crate) fn number(payload: &[u8]) -> Option<u64> {
    payload.first_chunk().copied().map(u64::from_be_bytes)
}
