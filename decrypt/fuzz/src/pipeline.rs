//! Captures of any content, through the whole pipeline.

use std::io::Cursor;

use wgtrace_decrypt::capture::{CHUNK_LEN, Chunk, Error, LinkType, Notes, Reader, SecretsBlock};
use wgtrace_decrypt::dissect;
use wgtrace_decrypt::keypair::Role;
use wgtrace_decrypt::pipeline::{
    Batch, Counts, Encoder, FailureGroup, Format, Front, Ledger, MAX_DEPTH, Nest, NestCounts, Outcome,
    Report, Totals,
};
use wgtrace_decrypt::secrets::Secrets;
use wgtrace_decrypt::session::SessionId;
use wgtrace_decrypt::sessions::{self, Sessions};

use crate::scenario;

/// Decrypts `data` with the fixed keys, in each way there is, and compares.
pub fn run(data: &[u8]) {
    if expands(data) {
        return;
    }
    let keys = scenario::secrets();
    let both = Encoder::new(Format::PcapNg, true);
    let whole = Decrypted::of(data, CHUNK_LEN, &both, keys);
    let cut = Decrypted::of(data, 1 + data.len() % 509, &both, keys);
    let (whole, cut) = match (whole, cut) {
        (Ok(whole), Ok(cut)) => (whole, cut),
        (whole, cut) => return assert_eq!(whole.err(), cut.err()),
    };
    assert_eq!(whole.seen, cut.seen, "the length of chunks makes a difference");
    // The blocks of interfaces stand before the chunk that first needs them.
    assert!(
        read(&whole.output) == read(&cut.output),
        "the length of chunks makes a difference to the output"
    );
    assert!(
        whole.transport_lines == cut.transport_lines,
        "the length of chunks makes a difference to the keys"
    );
    whole.seen.adds_up();
    whole.output_reads_back(data);

    for encoder in [Encoder::discard(), Encoder::new(Format::PcapNg, false), Encoder::new(Format::Pcap, true)]
    {
        let other = Decrypted::of(data, CHUNK_LEN, &encoder, keys).expect("it was read before");
        assert_eq!(other.seen, whole.seen, "what is written makes a difference");
        let written = read(&other.output);
        let expected = if other.output.is_empty() { 0 } else { whole.seen.packets().0 };
        assert_eq!(written.map_or(0, |written| written.frames.len() as u64), expected);
    }

    // The session keys alone open what all keys opened.
    let mut keys = Secrets::new();
    keys.add(whole.transport_lines.as_bytes(), "converted");
    let again = Decrypted::of(data, CHUNK_LEN, &Encoder::discard(), &keys).expect("it was read before");
    let opened = |of: &Decrypted| of.seen.depths[0].totals.opened.messages();
    assert!(opened(&again) >= opened(&whole));
}

/// A few bytes of compressed data may stand for gigabytes: slow, but no fault.
fn expands(data: &[u8]) -> bool {
    const LIMIT: usize = 2048;
    let compressed =
        matches!(data, [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]);
    compressed && data.len() > LIMIT
}

/// What came of a capture.
#[derive(Debug, PartialEq)]
pub struct Decrypted {
    /// The whole file.
    pub output: Vec<u8>,
    /// Level `session` of a key log.
    pub transport_lines: String,
    /// Everything else.
    pub seen: Seen,
}

/// What came of a capture, whatever was written of it.
#[derive(Debug, PartialEq)]
pub struct Seen {
    /// The messages in no other tunnel, then those inside one, and so on.
    pub depths: Vec<Depth>,
    pub front: Counts,
    pub frames: dissect::Counts,
    pub nest: NestCounts,
    pub notes: Notes,
}

/// What came of the messages inside equally many tunnels.
#[derive(Debug, PartialEq)]
pub struct Depth {
    pub totals: Totals,
    pub outcomes: Vec<Outcome>,
    pub failures: Vec<FailureGroup>,
    pub sessions: sessions::Counts,
    /// Per session and side: packets, bytes, keepalives, malformed.
    pub sides: Vec<[u64; 4]>,
    pub reasons: Vec<String>,
}

impl Depth {
    fn of(table: &Sessions, ledger: &Ledger, outcomes: Vec<Outcome>) -> Self {
        let ids = (0..).map(SessionId).take(table.all().len());
        let sides = ids
            .flat_map(|id| [Role::Initiator, Role::Responder].map(|role| ledger.of(id, role)))
            .map(|side| {
                let tally = side.map(|side| side.tally).unwrap_or_default();
                [tally.packets, tally.bytes, tally.keepalives, tally.malformed]
            })
            .collect();
        let failures = ledger.failures();
        let reasons = failures.iter().map(|group| table.explain(group.receiver).to_string()).collect();
        Self { totals: ledger.totals(), outcomes, failures, sessions: table.counts(), sides, reasons }
    }

    /// Every number is the sum of its parts.
    fn adds_up(&self) {
        let Self { totals, outcomes, failures, sides, .. } = self;
        let (mut opened, mut failed) = (0, 0);
        for outcome in outcomes {
            match outcome {
                Outcome::Opened { .. } => opened += 1,
                Outcome::Failed { messages, .. } => failed += messages,
            }
        }
        assert_eq!((totals.opened.messages(), totals.failed), (opened, failed));
        let grouped: u64 = failures.iter().map(|group| group.messages).sum();
        assert_eq!(grouped + totals.failed_ungrouped, totals.failed);
        let sum = |at: usize| sides.iter().map(|side| side[at]).sum::<u64>();
        let all = totals.opened;
        assert_eq!([sum(0), sum(1), sum(2), sum(3)], [all.packets, all.bytes, all.keepalives, all.malformed]);
    }
}

impl Seen {
    /// Packets that came out, and their bytes, in how many tunnels ever they were.
    fn packets(&self) -> (u64, u64) {
        let sum = |of: fn(&Depth) -> u64| self.depths.iter().map(of).sum();
        (sum(|depth| depth.totals.opened.packets), sum(|depth| depth.totals.opened.bytes))
    }

    /// Every number is the sum of its parts.
    fn adds_up(&self) {
        let Self { depths, front, frames, .. } = self;
        depths.iter().for_each(Depth::adds_up);
        assert!(front.transport <= depths[0].outcomes.len() as u64, "neither opened nor failed");
        assert_eq!(frames.frames, front.frames);
        assert_eq!(frames.datagrams, front.datagrams);
        assert_eq!(frames.frames, frames.datagrams + frames.fruitless());
        let sorted = front.not_wireguard + front.handshakes_truncated + front.transport;
        assert!(sorted <= front.datagrams);
    }
}

impl Decrypted {
    /// Runs the pipeline from end to end.
    pub fn of(capture: &[u8], chunk_len: usize, encoder: &Encoder, keys: &Secrets) -> Result<Self, Error> {
        let again = capture.to_vec();
        let reopen = Box::new(move || Ok(Cursor::new(again.clone())));
        let source = Cursor::new(capture.to_vec());
        let mut front = Front::with_chunk_len(source, chunk_len, reopen, keys.clone())?;
        let (mut batch, mut nest, mut report) = (Batch::new(), Nest::new(), Report::new());
        let mut output = encoder.header(None).expect("buffers take everything");
        let mut outcomes: [Vec<Outcome>; MAX_DEPTH + 1] = Default::default();
        while front.next(&mut batch)? {
            batch.open(encoder, &mut |receiver| front.late_slots(receiver))?;
            nest.descend(&mut batch, encoder, || {
                front.gather()?;
                Ok::<_, Error>(front.sessions().secrets().clone())
            })?;
            output.extend_from_slice(batch.output());
            for (depth, outcomes) in outcomes.iter_mut().enumerate() {
                outcomes.extend(batch.events_at(depth).iter().map(|event| event.outcome.clone()));
            }
            report.absorb(&batch);
        }
        let tables = std::iter::once(front.sessions()).chain(nest.tables());
        let depths = tables
            .zip(outcomes)
            .enumerate()
            .map(|(depth, (table, outcomes))| {
                Depth::of(table, report.at(depth).expect("as deep as the tables"), outcomes)
            })
            .collect();
        let seen = Seen {
            depths,
            front: front.counts(),
            frames: front.dissector().counts().clone(),
            nest: nest.counts(),
            notes: front.reader().notes().clone(),
        };
        let _ = (seen.notes.warnings(), seen.frames.warnings());
        Ok(Self { output, transport_lines: front.sessions().transport_lines().to_string(), seen })
    }

    /// The output is a sound capture of the packets counted and of all frames of the input.
    fn output_reads_back(&self, input: &[u8]) {
        let input = read(input).expect("it was read before");
        let written = read(&self.output).expect("our own output");
        assert_eq!(written.notes, Notes::default());
        assert_eq!(written.secrets, [], "nobody asked for secrets in the output");
        let (inner, outer): (Vec<_>, Vec<_>) = written.frames.iter().partition(|frame| frame.interface == 0);
        let bytes = inner.iter().map(|frame| frame.data.len() as u64).sum();
        assert_eq!((inner.len() as u64, bytes), self.seen.packets());
        assert!(inner.iter().all(|frame| frame.link == LinkType(101)));
        assert_eq!(outer.len(), input.frames.len());
        for (written, read) in outer.iter().zip(&input.frames) {
            assert_eq!(written.data, read.data);
            assert_eq!((written.interface, written.link), (read.interface + 1, read.link));
            assert_eq!(written.time, read.time.max(0));
            assert_eq!(
                written.original_len,
                read.original_len.max(u32::try_from(read.data.len()).expect("a short frame"))
            );
        }
    }
}

/// A capture, taken apart.
#[derive(PartialEq)]
struct Read {
    frames: Vec<Frame>,
    notes: Notes,
    secrets: Vec<SecretsBlock>,
}

#[derive(PartialEq)]
struct Frame {
    data: Vec<u8>,
    interface: u32,
    link: LinkType,
    time: i64,
    original_len: u32,
}

fn read(capture: &[u8]) -> Option<Read> {
    let mut reader = Reader::new(capture).ok()?;
    let (mut chunk, mut frames) = (Chunk::default(), Vec::new());
    while reader.fill(&mut chunk).expect("a slice does not fail") {
        frames.extend(chunk.frames.iter().map(|frame| Frame {
            data: chunk.data(frame).to_vec(),
            interface: frame.interface,
            link: frame.link,
            time: frame.time.0,
            original_len: frame.original_len,
        }));
    }
    let notes = reader.notes().clone();
    Some(Read { frames, notes, secrets: reader.take_secrets() })
}
