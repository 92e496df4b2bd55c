//! Whole files in, frames out.

mod compressed;
mod damage;
mod pcap;
mod pcapng;

use std::io::{self, Read};

use super::{Chunk, Frame, Notes, Reader, SecretsBlock};

/// A frame with its bytes, wherever they lay.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    number: u64,
    time: i64,
    interface: u32,
    link: u16,
    data: Vec<u8>,
    original_len: u32,
}

#[derive(Debug, Default)]
struct Outcome {
    frames: Vec<Seen>,
    notes: Notes,
    secrets: Vec<SecretsBlock>,
    interfaces: Vec<(u16, String)>,
}

fn read_with(source: impl Read, chunk_len: usize) -> Result<Outcome, super::Error> {
    let mut reader = Reader::with_chunk_len(source, chunk_len)?;
    let mut chunk = Chunk::default();
    let mut read = Outcome::default();
    while reader.fill(&mut chunk)? {
        assert!(!chunk.frames.is_empty());
        read.frames.extend(chunk.frames.iter().map(|frame| seen(&chunk, frame)));
        // What a pipeline does to a chunk must not leak into the next one.
        chunk.bytes.extend_from_slice(b"reassembled");
    }
    assert!(chunk.bytes.is_empty() && chunk.frames.is_empty());
    read.secrets = reader.take_secrets();
    read.interfaces = reader.interfaces().iter().map(|i| (i.link.0, i.name.clone())).collect();
    read.notes = reader.notes().clone();
    Ok(read)
}

fn read(bytes: &[u8]) -> Outcome {
    read_with(bytes, super::CHUNK_LEN).unwrap()
}

fn seen(chunk: &Chunk, frame: &Frame) -> Seen {
    assert!(frame.data.end <= chunk.bytes.len());
    Seen {
        number: frame.number,
        time: frame.time.0,
        interface: frame.interface,
        link: frame.link.0,
        data: chunk.data(frame).to_vec(),
        original_len: frame.original_len,
    }
}

fn data(frames: &[Seen]) -> Vec<&[u8]> {
    frames.iter().map(|frame| frame.data.as_slice()).collect()
}

/// Packets of many lengths whose bytes look like ciphertext.
fn packets(count: u32) -> Vec<Vec<u8>> {
    (0..count).map(|i| noise(u64::from(i) + 1, (i as usize * 37) % 200)).collect()
}

fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    };
    (0..len).map(step).collect()
}

/// Hands out one byte at a time, with interruptions.
struct Trickle<'a>(&'a [u8], bool);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let len = buffer.len().min(1);
        self.0.read(&mut buffer[..len])
    }
}

/// Fails once everything is read.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::new(io::ErrorKind::ConnectionReset, "the disk is gone")),
            read => Ok(read),
        }
    }
}
