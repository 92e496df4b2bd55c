//! Reading the whole capture once for handshakes and secrets, when order in the file is not enough.

use std::io::Read;

use wgtrace_wire::wireguard::{Message, reserved_is_zero};

use super::Front;
use crate::capture::{self, Chunk, Reader, SecretsBlock};
use crate::dissect::{Datagram, Dissector};
use crate::secrets::{Complaint, Fault, Secrets};
use crate::session::Moment;

type Learn<R> = fn(&mut Front<R>, &Chunk, &Datagram);

impl<R: Read> Front<R> {
    /// Reads the whole capture for handshakes and secrets, unless that was done.
    ///
    /// # Errors
    /// The capture cannot be opened or read a second time.
    pub fn gather(&mut self) -> Result<(), capture::Error> {
        if self.gathered {
            return Ok(());
        }
        self.gathered = true;
        let learn: Learn<R> = |front, chunk, datagram| {
            front.sort(chunk, datagram);
        };
        self.scan(learn)?;
        // Reserved bytes make a handshake only with a known mac1, and keys may have come last.
        if self.passed_over > 0 {
            self.scan(Self::learn_passed_over)?;
        }
        self.sessions.reconsider();
        Ok(())
    }

    /// Shows `learn` every datagram of the capture, from its beginning.
    fn scan(&mut self, learn: Learn<R>) -> Result<(), capture::Error> {
        let mut reader = Reader::new((self.reopen)()?)?;
        let mut dissector = Dissector::new();
        let (mut chunk, mut datagrams) = (Chunk::default(), Vec::new());
        let mut absorbed = 0;
        loop {
            let more = reader.fill(&mut chunk)?;
            absorbed = self.absorb_secrets(reader.take_secrets(), absorbed);
            if !more {
                return Ok(());
            }
            datagrams.clear();
            for frame in 0..chunk.frames.len() {
                dissector.dissect(&mut chunk, frame, &mut datagrams);
            }
            for datagram in &datagrams {
                learn(self, &chunk, datagram);
            }
            if let Some(last) = chunk.frames.last() {
                self.sessions.learned(last.number);
            }
        }
    }

    fn learn_passed_over(&mut self, chunk: &Chunk, datagram: &Datagram) {
        let payload = chunk.bytes.get(datagram.payload.clone()).unwrap_or_default();
        let Some(frame) = chunk.frames.get(datagram.frame) else { return };
        if reserved_is_zero(payload) {
            return;
        }
        if let Ok(message) = Message::parse(payload)
            && self.sessions.knows_mac1(&message)
            && !self.sessions.has_seen(&message)
        {
            self.sessions.learn(&message, Moment { frame: frame.number, time: frame.time });
        }
    }

    /// Adds the secrets of `blocks`, the capture's `from`th and following; gives back how many
    /// blocks came by. Blocks that another pass has read change nothing.
    pub(super) fn absorb_secrets(&mut self, blocks: Vec<SecretsBlock>, from: u64) -> u64 {
        let mut ordinal = from;
        for block in blocks {
            ordinal += 1;
            if ordinal > self.counts.secrets_blocks {
                self.counts.secrets_blocks = ordinal;
                let mut secrets = Secrets::new();
                for complaint in secrets.add(&block.payload, ORIGIN) {
                    self.complain(complaint);
                }
                self.sessions.add_secrets(secrets);
            }
        }
        ordinal
    }

    /// Keeps a complaint, or counts the lines that it is about: blocks may be many, each with its own.
    fn complain(&mut self, complaint: Complaint) {
        if self.complaints.len() < MAX_COMPLAINTS {
            self.complaints.push(complaint);
            return;
        }
        let lines = if let Fault::More(lines) = complaint.fault { lines } else { 1 };
        let Complaint { origin, line, .. } = complaint;
        let omitted = self.omitted.get_or_insert(Complaint { origin, line, fault: Fault::More(0) });
        if let Fault::More(count) = &mut omitted.fault {
            *count = count.saturating_add(lines);
        }
    }
}

/// Names the capture's own secrets in complaints.
const ORIGIN: &str = "decryption secrets block";
/// Complaints about all the capture's secrets together before the rest is only counted.
const MAX_COMPLAINTS: usize = 64;
