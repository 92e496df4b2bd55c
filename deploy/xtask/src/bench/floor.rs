//! What the machine needs for the bare steps: reading, opening, writing.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use rustix::fs::FallocateFlags;
use wgtrace_decrypt::aead::{Aead as _, RingKey};
use wgtrace_decrypt::key::TransportKey;
use wgtrace_wire::wireguard::Counter;

const CHUNK: usize = 1 << 20;
/// Larger than the caches, so that ciphertext comes from memory as it does in the real job.
const STREAM: usize = 96 << 20;

/// Seconds to read `path` through one buffer.
pub(super) fn read(path: &Path) -> Result<f64> {
    let mut buffer = vec![0; CHUNK];
    let mut file = File::open(path)?;
    let start = Instant::now();
    while file.read(&mut buffer)? > 0 {}
    Ok(start.elapsed().as_secs_f64())
}

/// Sealed messages of one length, enough of them to defeat the caches.
pub(super) struct Sealed {
    key: RingKey,
    length: usize,
    pristine: Vec<u8>,
}

impl Sealed {
    /// Messages whose plaintext has `plain` bytes.
    pub(super) fn new(plain: usize) -> Result<Self> {
        let key = RingKey::new(&TransportKey::from_bytes([7; 32]));
        let length = plain + 16;
        let mut pristine = vec![0x5a; STREAM / length * length];
        for (counter, message) in (0..).zip(pristine.chunks_exact_mut(length)) {
            key.seal(Counter(counter), message)?;
        }
        Ok(Self { key, length, pristine })
    }

    /// Seconds that the library alone needs to open `messages` of them, shared by `cores` threads.
    pub(super) fn open_together(&self, messages: u64, cores: usize) -> Result<f64> {
        let share = messages / cores as u64;
        let each = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..cores).map(|_| scope.spawn(|| self.open(share))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or(Ok(f64::NAN)))
                .collect::<Result<Vec<f64>>>()
        })?;
        Ok(each.into_iter().fold(0.0, f64::max))
    }

    /// Seconds that the library alone needs to open `messages` of them on one core.
    pub(super) fn open(&self, messages: u64) -> Result<f64> {
        let mut seconds = 0.0;
        let mut left = messages;
        let mut buffer = self.pristine.clone();
        while left > 0 {
            buffer.copy_from_slice(&self.pristine);
            let start = Instant::now();
            for (counter, message) in (0..).zip(buffer.chunks_exact_mut(self.length)) {
                if left == 0 {
                    break;
                }
                left -= 1;
                ensure!(
                    self.key.open(Counter(counter), message).is_ok(),
                    "the floor's own message does not open"
                );
            }
            seconds += start.elapsed().as_secs_f64();
        }
        Ok(seconds)
    }
}

/// Seconds to write `length` bytes into a new file whose space is reserved first.
pub(super) fn write(path: &Path, length: u64) -> Result<f64> {
    let buffer = vec![0x5a; CHUNK];
    let file = File::create(path)?;
    let start = Instant::now();
    rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, length)?;
    let mut position = 0;
    while position < length {
        let part = buffer.len().min(usize::try_from(length - position)?);
        file.write_all_at(buffer.get(..part).unwrap_or_default(), position)?;
        position += part as u64;
    }
    file.set_len(length)?;
    let seconds = start.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(seconds)
}
