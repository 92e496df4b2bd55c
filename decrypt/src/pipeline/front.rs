//! The part that goes first and in order: reading, dissecting, learning.

mod gather;

use std::collections::HashMap;
use std::io::Read;
use std::ops::Range;

use wgtrace_wire::wireguard::{Message, SessionIndex, TransportHeader, reserved_is_zero};
use zerocopy::FromBytes as _;

use super::batch::{Batch, Job, Slot};
use crate::capture::{self, CHUNK_LEN, Chunk, Reader};
use crate::dissect::{Datagram, Dissector};
use crate::secrets::{Complaint, Secrets};
use crate::session::Moment;
use crate::sessions::Sessions;

/// Opens the capture once more from its beginning.
pub type Reopen<R> = Box<dyn FnMut() -> Result<R, capture::Error> + Send>;

/// Reads a capture and says for each transport message which keys may open it.
pub struct Front<R: Read> {
    reader: Reader<R>,
    reopen: Reopen<R>,
    dissector: Dissector,
    sessions: Sessions,
    datagrams: Vec<Datagram>,
    found: HashMap<SessionIndex, Range<usize>>,
    /// The last one found: messages come in runs.
    last_found: Option<(SessionIndex, Range<usize>)>,
    interfaces_passed: usize,
    tickets: u64,
    gathered: bool,
    /// Handshake-shaped messages with reserved bytes set that fitted no key known by then.
    passed_over: u64,
    /// Secrets came behind frames of an earlier chunk.
    late_secrets: bool,
    /// Secrets blocks that the ordered pass has read.
    absorbed: u64,
    counts: Counts,
    complaints: Vec<Complaint>,
    /// Stands for the complaints that found no room.
    omitted: Option<Complaint>,
}

/// What the front has seen, for the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Frames of the capture.
    pub frames: u64,
    /// UDP datagrams, fragments put together.
    pub datagrams: u64,
    /// Datagrams that are no WireGuard message by shape.
    pub not_wireguard: u64,
    /// Handshake messages and cookie replies that the capture cut.
    pub handshakes_truncated: u64,
    /// Datagrams with transport data.
    pub transport: u64,
    /// Secrets found in the capture's own Decryption Secrets Blocks, in blocks.
    pub secrets_blocks: u64,
}

/// Keys made ready for one batch, about 700 bytes each.
const MAX_SLOTS: usize = 2048;

/// What a datagram turned out to be.
enum Kind {
    Learned,
    Transport(SessionIndex),
    Truncated,
    Other,
}

impl<R: Read> Front<R> {
    /// Starts on `source`; `reopen` gives the same bytes again, should that be needed.
    ///
    /// # Errors
    /// What is wrong with the beginning of the capture.
    pub fn new(source: R, reopen: Reopen<R>, secrets: Secrets) -> Result<Self, capture::Error> {
        Self::with_chunk_len(source, CHUNK_LEN, reopen, secrets)
    }

    /// As [`Front::new`], with chunks of about `chunk_len` bytes.
    ///
    /// # Errors
    /// As [`Front::new`].
    pub fn with_chunk_len(
        source: R,
        chunk_len: usize,
        reopen: Reopen<R>,
        secrets: Secrets,
    ) -> Result<Self, capture::Error> {
        Ok(Self {
            reader: Reader::with_chunk_len(source, chunk_len)?,
            reopen,
            dissector: Dissector::new(),
            sessions: Sessions::new(secrets),
            datagrams: Vec::new(),
            found: HashMap::new(),
            last_found: None,
            interfaces_passed: 0,
            tickets: 0,
            gathered: false,
            passed_over: 0,
            late_secrets: false,
            absorbed: 0,
            counts: Counts::default(),
            complaints: Vec::new(),
            omitted: None,
        })
    }

    /// Fills `batch` with the next chunk of the capture; `false` at its end.
    ///
    /// # Errors
    /// The input cannot be read any further.
    pub fn next(&mut self, batch: &mut Batch) -> Result<bool, capture::Error> {
        batch.clear();
        let more = self.reader.fill(&mut batch.chunk)?;
        let blocks = self.reader.take_secrets();
        self.late_secrets |= self.counts.frames > 0 && !blocks.is_empty();
        self.absorbed = self.absorb_secrets(blocks, self.absorbed);
        if !more {
            // Handshakes before these secrets deserve another look, even when nothing else asked.
            if self.late_secrets {
                self.gather()?;
            }
            return Ok(false);
        }
        // Gathering in the middle of this chunk comes too late for the candidates chosen before.
        batch.complete = self.gathered;
        batch.ticket = self.tickets;
        self.tickets += 1;
        let known = self.reader.interfaces();
        batch.interfaces.extend(known.iter().skip(self.interfaces_passed).cloned());
        self.interfaces_passed = known.len();

        let mut datagrams = std::mem::take(&mut self.datagrams);
        datagrams.clear();
        for frame in 0..batch.chunk.frames.len() {
            self.dissector.dissect(&mut batch.chunk, frame, &mut datagrams);
        }
        self.counts.frames += batch.chunk.frames.len() as u64;
        self.counts.datagrams += datagrams.len() as u64;
        self.found.clear();
        self.last_found = None;
        for datagram in &datagrams {
            match self.sort(&batch.chunk, datagram) {
                Kind::Learned => {}
                Kind::Transport(receiver) => self.take_on(batch, datagram, receiver)?,
                Kind::Truncated => self.counts.handshakes_truncated += 1,
                Kind::Other => self.counts.not_wireguard += 1,
            }
        }
        self.datagrams = datagrams;
        if let Some(last) = batch.chunk.frames.last() {
            self.sessions.learned(last.number);
        }
        Ok(true)
    }

    /// Keys for `receiver` once the whole capture is known, for a message that none of its batch's
    /// candidates opened.
    ///
    /// # Errors
    /// As [`Front::gather`].
    pub fn late_slots(&mut self, receiver: SessionIndex) -> Result<Vec<Slot>, capture::Error> {
        self.gather()?;
        let openers = self.sessions.openers(receiver).iter();
        Ok(openers.filter_map(|opener| Slot::new(&self.sessions, opener)).collect())
    }

    /// The session table.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The capture reader, for its interfaces and what it had to leave out.
    pub fn reader(&self) -> &Reader<R> {
        &self.reader
    }

    /// The dissector, for its counters.
    pub fn dissector(&self) -> &Dissector {
        &self.dissector
    }

    /// Counters so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Complaints about the capture's own secrets since the last call; beyond a bound, how many more.
    pub fn take_complaints(&mut self) -> Vec<Complaint> {
        let mut complaints = std::mem::take(&mut self.complaints);
        complaints.extend(self.omitted.take());
        complaints
    }

    /// Tells what a datagram is, and learns from it when it belongs to a handshake.
    fn sort(&mut self, chunk: &Chunk, datagram: &Datagram) -> Kind {
        let payload = chunk.bytes.get(datagram.payload.clone()).unwrap_or_default();
        let Some(&kind) = payload.first() else { return Kind::Other };
        if kind == TransportHeader::TYPE {
            return match TransportHeader::ref_from_prefix(payload) {
                Ok((header, _)) if datagram.claimed >= 32 => {
                    Kind::Transport(SessionIndex(header.receiver.get()))
                }
                _ => Kind::Other,
            };
        }
        let Ok(message) = Message::parse(payload) else {
            let cut = payload.len() < datagram.claimed && reserved_is_zero(payload);
            let handshake = matches!((kind, datagram.claimed), (1, 148) | (2, 92) | (3, 64));
            return if cut && handshake { Kind::Truncated } else { Kind::Other };
        };
        if !reserved_is_zero(payload) && !self.sessions.knows_mac1(&message) {
            self.passed_over += 1;
            return Kind::Other;
        }
        let Some(frame) = chunk.frames.get(datagram.frame) else { return Kind::Other };
        if !self.sessions.has_learned(frame.number) {
            self.sessions.learn(&message, Moment { frame: frame.number, time: frame.time });
            // Now, not at the end of the chunk: gathering may begin in the middle of it.
            self.sessions.learned(frame.number);
        }
        Kind::Learned
    }

    /// The batch's keys for `receiver`, made ready when they are not yet.
    fn find(&mut self, batch: &mut Batch, receiver: SessionIndex) -> Result<Range<usize>, capture::Error> {
        let picks = if let Some(picks) = self.found.get(&receiver) {
            picks.clone()
        } else {
            if self.sessions.openers(receiver).is_empty() {
                self.gather()?;
            }
            if batch.slots.len() < MAX_SLOTS {
                add_slots(&self.sessions, batch, receiver)
            } else {
                // The rest is asked for message by message.
                batch.complete = false;
                0..0
            }
        };
        // An empty run is not remembered: a handshake later in this chunk may fill it.
        if !picks.is_empty() {
            self.found.insert(receiver, picks.clone());
            self.last_found = Some((receiver, picks.clone()));
        }
        Ok(picks)
    }

    /// Puts a transport datagram into the batch, with the keys that may open it.
    fn take_on(
        &mut self,
        batch: &mut Batch,
        datagram: &Datagram,
        receiver: SessionIndex,
    ) -> Result<(), capture::Error> {
        let picks = match &self.last_found {
            Some((last, picks)) if *last == receiver => picks.clone(),
            Some(_) | None => self.find(batch, receiver)?,
        };
        let payload = batch.chunk.bytes.get(datagram.payload.clone()).unwrap_or_default();
        let unknown = picks.is_empty() && self.sessions.openers(receiver).is_empty();
        if unknown && !reserved_is_zero(payload) {
            self.counts.not_wireguard += 1;
            return Ok(());
        }
        self.counts.transport += 1;
        batch.jobs.push(Job {
            frame: datagram.frame,
            payload: datagram.payload.clone(),
            claimed: datagram.claimed,
            receiver,
            picks,
            src: datagram.src,
        });
        Ok(())
    }
}

fn add_slots(sessions: &Sessions, batch: &mut Batch, receiver: SessionIndex) -> Range<usize> {
    let start = batch.picks.len();
    for opener in sessions.openers(receiver) {
        if let Some(slot) = Slot::new(sessions, opener) {
            batch.picks.push(u32::try_from(batch.slots.len()).unwrap_or(u32::MAX));
            batch.slots.push(slot);
        }
    }
    start..batch.picks.len()
}

#[cfg(test)]
mod tests;
