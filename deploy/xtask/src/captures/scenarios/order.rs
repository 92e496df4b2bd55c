//! What is missing, and what comes in another order.

use anyhow::{Context as _, Result};
use wgtrace_decrypt::key::PresharedKey;

use super::{ping, pong};
use crate::captures::file::Container;
use crate::captures::scenario::{Fail, KEYS, Known, Run, Scenario, TRANSPORT};
use crate::captures::stage::{A, B, Stage};

const NONE: &PresharedKey = &PresharedKey::NONE;

pub(super) fn loss() -> Result<Scenario> {
    let mut stage = Stage::pair("loss-reordering-duplicates");
    let mut session = stage.handshake(A, B, NONE)?;
    let mut messages = Vec::new();
    for seq in 0..10 {
        messages.push(stage.seal(&mut session, A, &ping(seq))?);
    }
    // Lost: 2, 7. Reordered: 1, 4. Duplicated: 3 twice, 9 once.
    for number in [0, 3, 1, 3, 5, 4, 6, 3, 8, 9, 9] {
        stage.transmit(vec![messages.get(number).context("no such message")?.clone()]);
    }
    for seq in 0..4 {
        let sent = stage.seal(&mut session, B, &pong(seq))?;
        if seq != 0 {
            stage.transmit(vec![sent]);
        }
    }
    Ok(Scenario::new(
        "loss-reordering-duplicates",
        stage,
        "Ten messages one way, of which 2 and 7 are lost, 1 and 4 come late, 3 comes three times \
         and 9 twice; the other way the first is lost",
        "Loss, reordering and duplicates are counted from the counters; a first message never \
         seen is no loss, as the capture may have begun after it",
    ))
}

pub(super) fn mid_session() -> Result<Scenario> {
    let mut stage = Stage::pair("mid-session");
    let mut session = stage.handshake(A, B, NONE)?;
    stage.send(&mut session, A, &ping(0))?;
    stage.frames.clear();
    stage.send(&mut session, B, &pong(0))?;
    stage.send(&mut session, A, &ping(1))?;
    stage.send(&mut session, B, &pong(1))?;
    let runs =
        vec![Run::all(&[TRANSPORT], A, Known::TransportKeys), Run::nothing(&[KEYS], Fail::nothing_known)];
    Ok(Scenario::new(
        "mid-session",
        stage,
        "The capture begins after the handshake",
        "Transport keys open it; a key log cannot, and the reason says what is missing",
    )
    .with_runs(runs))
}

pub(super) fn late_handshake() -> Result<Scenario> {
    let mut stage = Stage::pair("late-handshake");
    let mut first = stage.handshake(A, B, NONE)?;
    stage.send(&mut first, A, &ping(0))?;
    stage.send(&mut first, B, &pong(0))?;
    let mut second = stage.handshake(A, B, NONE)?;
    stage.send(&mut second, A, &ping(1))?;
    stage.send(&mut second, B, &pong(1))?;
    // Data, data, response, initiation; then the same of the second session.
    let order = [2, 3, 1, 0, 6, 5, 7, 4];
    let frames: Option<Vec<_>> = order.iter().map(|&number| stage.frames.get(number).cloned()).collect();
    stage.frames = frames.context("no such frame")?;
    let log = stage.actor(A)?.log.wireshark();
    let runs = vec![
        Run::all(&[], A, Known::Handshakes),
        Run::all(&[KEYS], A, Known::Handshakes),
        Run::all(&[TRANSPORT], A, Known::TransportKeys),
    ];
    let scenario = Scenario::new(
        "late-handshake",
        stage,
        "Two sessions, the data of each before its response, the responses before the \
         initiations, the times going backwards; the keys in a Decryption Secrets Block at the \
         end of the file",
        "Order does not matter, and the capture's own secrets do without a key file",
    );
    Ok(Scenario { container: Container::PcapNg { secrets_at_end: Some(log) }, ..scenario }.with_runs(runs))
}
