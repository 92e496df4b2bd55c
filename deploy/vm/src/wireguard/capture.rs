//! What the outer link carried, opened with the keys that our end exported.

use std::io::Cursor;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use wgtrace_decrypt::capture::Error;
use wgtrace_decrypt::keypair::Role;
use wgtrace_decrypt::pipeline::{Batch, Encoder, Format, Front, Report};
use wgtrace_decrypt::secrets::Secrets;
use wgtrace_decrypt::session::SessionId;
use wgtrace_testbed::FrameReceiver;
use wgtrace_wire::wireguard::SessionIndex;

/// What was in the messages of a capture, every one of which opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) messages: u64,
    pub(super) sessions: Vec<Session>,
}

/// One session that the capture has messages of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Session {
    /// Index under which the kernel receives, and ours.
    pub(super) indices: [SessionIndex; 2],
    /// Messages from us to the kernel, and the other way.
    pub(super) messages: [u64; 2],
}

impl Opened {
    /// In words.
    pub(super) fn note(&self) -> String {
        let sessions = self.sessions.iter().map(|session| {
            let ([to_kernel, to_us], [sent, received]) = (session.indices, session.messages);
            format!("{to_kernel} {sent} sent, {to_us} {received} received")
        });
        format!("{} messages opened: {}", self.messages, sessions.collect::<Vec<_>>().join("; "))
    }
}

/// Opens every transport message among the frames; one that does not open, or is missing, is an error.
pub(super) fn open(frames: &mut FrameReceiver, keys: &[u8]) -> Result<Opened> {
    let mut secrets = Secrets::new();
    let complaints = secrets.add(keys, "keys");
    ensure!(complaints.is_empty(), "the key log has lines that are none: {complaints:?}");
    let capture: Arc<[u8]> = capture(frames)?.into();
    let again = Arc::clone(&capture);
    let reopen = Box::new(move || Ok(Cursor::new(Arc::clone(&again))));
    let mut front = Front::new(Cursor::new(capture), reopen, secrets)?;
    let encoder = Encoder::new(Format::PcapNg, false);
    let (mut batch, mut report) = (Batch::new(), Report::new());
    while front.next(&mut batch)? {
        batch.open::<Error>(&encoder, &mut |receiver| front.late_slots(receiver))?;
        report.absorb(&batch);
    }
    let totals = report.totals();
    ensure!(totals.failed == 0, "{} messages do not open: {:?}", totals.failed, report.failures());
    ensure!(totals.opened.malformed == 0, "{} packets are none", totals.opened.malformed);
    let mut sessions = Vec::new();
    for (id, session) in (0..).map(SessionId).zip(front.sessions().all()) {
        // who exports stands in the initiator's place
        let ways = [Role::Initiator, Role::Responder].map(|sender| report.of(id, sender));
        let lost: u64 = ways.iter().flatten().map(|way| way.counters.lost()).sum();
        ensure!(lost == 0, "{lost} messages of a session are not in the capture");
        let messages = ways.map(|way| way.map_or(0, |way| way.tally.messages()));
        let indices = [session.responder.index, session.initiator.index];
        if let [Some(kernel), Some(ours)] = indices
            && messages != [0, 0]
        {
            sessions.push(Session { indices: [kernel, ours], messages });
        }
    }
    let messages: u64 = sessions.iter().flat_map(|session| session.messages).sum();
    ensure!(messages > 0 && messages == totals.opened.messages(), "{messages} messages, but {totals:?}");
    Ok(Opened { messages, sessions })
}

/// All frames so far as a capture file in its classic form; when they came is of no importance here.
fn capture(frames: &mut FrameReceiver) -> Result<Vec<u8>> {
    const ETHERNET: u32 = 1;
    let mut file = Vec::new();
    // magic, version, time zone, accuracy of times, longest frame, link type
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 1 << 18, ETHERNET] {
        file.extend(u32::to_le_bytes(word));
    }
    while let Some(frame) = frames.take()? {
        let len = u32::try_from(frame.len()).context("a frame longer than any")?;
        for word in [0, 0, len, len] {
            file.extend(u32::to_le_bytes(word));
        }
        file.extend(frame);
    }
    Ok(file)
}
