//! What is inside of a capture's ciphertext: a second pass over it, by the pipeline of `wgtrace decrypt`.

use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context as _, Result};
use wgtrace_decrypt::capture::{self, Chunk, Reader};
use wgtrace_decrypt::pipeline::{Batch, Encoder, Format, Front};

use crate::decrypt::{Keys, front};
use crate::io::{Input, Reading};

/// Packets that were opened, in the order of the frames that they were in.
pub(crate) struct Inside {
    reader: Reader<Box<dyn Read + Send>>,
    chunk: Chunk,
    next: usize,
    opened: u64,
}

/// A packet that was in ciphertext.
#[derive(Debug, Clone)]
pub(super) struct Inner {
    /// The peer's public key, if it is known.
    pub(super) peer: String,
    /// From its IP header on.
    pub(super) bytes: Vec<u8>,
}

impl Inside {
    /// Begins to open what these keys open.
    ///
    /// # Errors
    /// When it is no capture, or cannot be read.
    pub(crate) fn open(input: &Input, keys: Keys, name: &Path) -> Result<Self> {
        let encoder = Encoder::new(Format::PcapNg, false);
        let header = encoder.header(None).context("the head of what is inside")?;
        let front = front(input, keys, name)?;
        let opening = Opening { front, encoder, header, batch: Batch::new(), at: 0, is_begun: false };
        let reader = Reader::new(Box::new(opening) as Box<dyn Read + Send>)?;
        Ok(Self { reader, chunk: Chunk::default(), next: 0, opened: 0 })
    }

    /// What was in the frame with this number; of those before, nothing is wanted any more.
    pub(super) fn of(&mut self, frame: u64) -> Result<Vec<Inner>, capture::Error> {
        let mut found = Vec::new();
        loop {
            let Some(inner) = self.chunk.frames.get(self.next) else {
                self.next = 0;
                if !self.reader.fill(&mut self.chunk)? {
                    return Ok(found);
                }
                continue;
            };
            let interface = usize::try_from(inner.interface).ok();
            let interface = interface.and_then(|number| self.reader.interfaces().get(number));
            let remarks = interface.map(|interface| self.chunk.remarks(inner, interface)).unwrap_or_default();
            let (outer, peer) = origin(&remarks.comment.unwrap_or_default());
            if outer > frame {
                return Ok(found);
            }
            if outer == frame {
                self.opened = self.opened.saturating_add(1);
                found.push(Inner { peer, bytes: self.chunk.data(inner).to_vec() });
            }
            self.next = self.next.saturating_add(1);
        }
    }

    /// What there is to say at the end.
    pub(super) fn faults(&self) -> Option<String> {
        (self.opened == 0).then(|| "these keys open nothing of it (`wgtrace decrypt` says why)".to_owned())
    }
}

/// The frame and the peer that a comment of the pipeline's names: `frame 12, peer KEY, index ..`.
fn origin(comment: &str) -> (u64, String) {
    let mut pieces = comment.split(", ");
    let frame = pieces.next().and_then(|piece| piece.strip_prefix("frame ")?.parse().ok());
    let peer = pieces.find_map(|piece| piece.strip_prefix("peer ")).filter(|peer| *peer != "unknown");
    (frame.unwrap_or(0), peer.unwrap_or_default().to_owned())
}

/// The pcapng that the pipeline writes, as it is read.
struct Opening {
    front: Front<Reading>,
    encoder: Encoder,
    header: Vec<u8>,
    batch: Batch,
    at: usize,
    /// The header was read.
    is_begun: bool,
}

impl Read for Opening {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let source = if self.is_begun { self.batch.output() } else { &self.header };
            let left = source.get(self.at..).unwrap_or_default();
            if !left.is_empty() {
                let len = left.len().min(buffer.len());
                let (Some(to), Some(from)) = (buffer.get_mut(..len), left.get(..len)) else { return Ok(0) };
                to.copy_from_slice(from);
                self.at = self.at.saturating_add(len);
                return Ok(len);
            }
            (self.at, self.is_begun) = (0, true);
            if !self.front.next(&mut self.batch).map_err(io::Error::other)? {
                return Ok(0);
            }
            let Self { front, encoder, batch, .. } = self;
            batch.open(encoder, &mut |receiver| front.late_slots(receiver)).map_err(io::Error::other)?;
        }
    }
}
