//! Messages with nothing in them.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

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
    port.check("wireguard: persistent keepalives come from either end without traffic", persistent)?;
    port.check("wireguard: who is spoken to and has nothing to say sends a keepalive", passive)
}

/// On two tunnels, from one end of each: what is heard puts off what is due, so that of two ends that both send keepalives the one that is
/// ahead may be the only one to do so.
fn persistent() -> Result<String> {
    let mut waiting = Vec::new();
    for from in End::BOTH {
        let pair = Pair::lay(Plan { keepalive: Some(from), ..Plan::begun_by(from) })?;
        let before = until("there is a session", PATIENCE, || {
            let shown = pair.shown(from.other())?;
            Ok((shown.handshake > 0).then_some(shown.received))
        })?;
        waiting.push((from, pair, before, Instant::now()));
    }
    let mut notes = Vec::new();
    for (from, pair, before, since) in &mut waiting {
        let received = until("three keepalives arrived", PATIENCE, || {
            let received = pair.shown(from.other())?.received - *before;
            Ok((received >= 3 * EMPTY).then_some(received))
        })
        .with_context(|| format!("{from:?} sends them"))?;
        let took = since.elapsed();
        ensure!(received % EMPTY == 0, "{received} bytes are not keepalives alone");
        notes.push(format!("from {from:?} three in {} ms; {}", took.as_millis(), pair.open()?.note()));
    }
    Ok(notes.join("; "))
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
