//! Messages with nothing in them.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::pair::{End, PATIENCE, Pair, Plan};
use super::talk::Talk;
use crate::port::Port;
use crate::wait::until;

/// Bytes of a message with nothing in it.
const EMPTY: u64 = 32;
/// It is due ten seconds after the first word that it answers, which may have been said again before.
const EARLIEST: Duration = Duration::from_secs(5);

/// Makes the checks.
pub(super) fn keepalive(port: &mut Port) -> Result<()> {
    port.check("wireguard: persistent keepalives come both ways without traffic", persistent)?;
    port.check("wireguard: who is spoken to and has nothing to say sends a keepalive", passive)
}

fn persistent() -> Result<String> {
    let mut pair = Pair::lay(Plan { keepalive: Some(1), ..Plan::begun_by(End::Ours) })?;
    until("there is a session", PATIENCE, || Ok((pair.shown(End::Kernel)?.handshake > 0).then_some(())))?;
    let start = Instant::now();
    let before = End::BOTH.map(|end| pair.shown(end));
    let [kernel, ours] = before;
    let (kernel, ours) = (kernel?.received, ours?.received);
    until("three keepalives arrived at either end", PATIENCE, || {
        let least = |before: u64| before + 3 * EMPTY;
        let arrived = pair.shown(End::Kernel)?.received >= least(kernel)
            && pair.shown(End::Ours)?.received >= least(ours);
        Ok(arrived.then_some(()))
    })?;
    let took = start.elapsed();
    let opened = pair.open()?;
    Ok(format!("three each way in {} ms; {}", took.as_millis(), opened.note()))
}

/// On two tunnels at once, as each takes ten seconds: a word each way, on each the other.
fn passive() -> Result<String> {
    let mut notes = Vec::new();
    let mut waiting = Vec::new();
    for from in End::BOTH {
        let mut pair = Pair::lay(Plan::begun_by(from))?;
        let mut talk = Talk::new(&pair, false)?;
        // the last word is the other's, so that this end is the one to answer
        talk.say(from)?;
        talk.say(from.other())?;
        pair.agree()?;
        pair.open()?;
        let before = pair.shown(from)?.received;
        talk.drop_a_word(from);
        waiting.push((from, pair, talk, before, Instant::now()));
    }
    for (from, pair, _talk, before, since) in &mut waiting {
        let received = until("the keepalive", PATIENCE, || {
            let received = pair.shown(*from)?.received;
            Ok((received > *before).then_some(received))
        })?;
        let after = since.elapsed();
        ensure!(after > EARLIEST, "it came after {} ms", after.as_millis());
        ensure!(received - *before == EMPTY, "{} bytes came back", received - *before);
        notes.push(format!("{from:?} has it after {} ms; {}", after.as_millis(), pair.open()?.note()));
    }
    Ok(notes.join("; "))
}
