//! What `eth0` carried, opened again.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::ping::ciphertext;
use crate::record::Keys;
use crate::walkthrough::inner::{Flows, count, flows, is_tail};
use crate::walkthrough::opened::Opened;
use crate::walkthrough::outcome::Evidence;
use crate::walkthrough::stage::{NODE_PORT, SERVICE, Stage, Watch, eventually, port};
use crate::walkthrough::traffic::{ask_for, wait_closed};
use crate::walkthrough::wire::Wire;
use crate::walkthrough::written;
use crate::{Capture, Frame, Recording, ping};

pub(super) fn decryption(stage: &Stage<'_>) -> Result<Evidence> {
    let program = stage.decrypter()?;
    let keys =
        stage.worker()?.key_log().context("the lab has no key logs: `wgtrace lab up --keys session`")?;
    ensure!(
        stage.lab.settings().keys == Keys::Session,
        "the lab's key logs have no session keys: `wgtrace lab up --keys session`"
    );
    let mut evidence = Evidence::of("wgtrace decrypt eth0.pcapng -k keys.log -w inner.pcap");
    let watch = Watch::start(stage)?;
    talk(stage, &watch, &mut evidence)?;
    let mut opened = Opened::default();
    let open = || -> Result<bool> {
        let wire =
            Recording { interface: "eth0".into(), link: ETHERNET, frames: watch.wire.frames(), lost: 0 };
        opened = Opened::with(program, &keys, &wire)?;
        Ok(of(&opened) == inside(&watch.tunnel.as_ref().map(Capture::frames).unwrap_or_default()))
    };
    // what was handed to cilium_wg0 leaves by eth0 a little later
    let is_same = eventually("the same packets on both", PATIENCE, open).is_ok();
    let seen = watch.stop()?;
    let whole = inside(&seen.tunnel.frames);
    evidence.holds(count(&whole) > 0, format!("cilium_wg0 had {} packets", count(&whole)));
    evidence.holds(
        is_same,
        format!(
            "all of eth0 opens with session keys to the same packets: {}, of {} sessions",
            count(&of(&opened)),
            opened.sessions
        ),
    );
    evidence.faults.append(&mut opened.failures);
    let wire = Wire::of(&seen.wire);
    ciphertext(stage, &wire, 1, &mut evidence)?;
    let late = behind_half(&seen.wire, &wire);
    let mut opened = Opened::with(program, &keys, &late)?;
    let part = of(&opened);
    let is_part = count(&part) > 0 && count(&part) < count(&whole) && is_tail(&part, &whole);
    evidence.holds(
        is_part && Wire::of(&late).handshakes == 0,
        format!(
            "cut amid a session, without a handshake, the rest opens to the same packets: {}",
            count(&part)
        ),
    );
    evidence.faults.append(&mut opened.failures);
    if let Some(folder) = &stage.captures {
        written::write(folder, &seen, &keys).context("cannot write the captures")?;
        evidence.notes.push(format!("written to {}", folder.display()));
    }
    Ok(evidence)
}

/// A ping, and the far pod's answers by both of the service's ways.
fn talk(stage: &Stage<'_>, watch: &Watch, evidence: &mut Evidence) -> Result<()> {
    let far = stage.far()?;
    let report = stage.net()?.run(|| ping(far.address(), 1))??;
    evidence.holds(report.is_whole(), format!("{} answers a ping", far.address()));
    for at in [port(SERVICE, 80), port(stage.worker()?.address(), NODE_PORT)] {
        match ask_for(stage, at, far)? {
            Ok(answer) => {
                wait_closed(watch, answer.from)?;
                evidence.notes.push(format!("{at} answers: {}", answer.body.trim_end()));
            }
            Err(fault) => evidence.faults.push(fault),
        }
    }
    Ok(())
}

/// What is behind the first half of the data, as of a capture that began then.
fn behind_half(recording: &Recording, wire: &Wire) -> Recording {
    let mut left = wire.data.len().div_ceil(2);
    let frames = recording.frames.iter().skip_while(|frame| {
        let is_first_half = left > 0;
        left -= usize::from(is_first_half && is_data(frame));
        is_first_half
    });
    let Recording { interface, link, lost, .. } = recording;
    Recording { interface: interface.clone(), link: *link, frames: frames.cloned().collect(), lost: *lost }
}

fn is_data(frame: &Frame) -> bool {
    let one = Recording { interface: String::new(), link: ETHERNET, frames: vec![frame.clone()], lost: 0 };
    !Wire::of(&one).data.is_empty()
}

fn inside(frames: &[Frame]) -> Flows {
    flows(frames.iter().map(|frame| frame.bytes.as_slice()))
}

fn of(opened: &Opened) -> Flows {
    flows(opened.packets.iter().map(Vec::as_slice))
}

const PATIENCE: Duration = Duration::from_secs(3);
/// As capture files have it.
const ETHERNET: u16 = 1;
