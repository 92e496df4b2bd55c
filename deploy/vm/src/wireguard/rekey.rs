//! Sessions that are replaced by age, with traffic on them.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use wgtrace_decrypt::capture::Timestamp;
use wgtrace_decrypt::secrets::Secrets;

use super::pair::{End, Pair, Plan};
use super::talk::{Talk, Trickle};
use crate::port::Port;
use crate::wait::until;

/// Two tunnels, each with a session that one of the ends began, and a trickle on it.
#[derive(Debug)]
pub(crate) struct Rekey(Vec<Aging>);

#[derive(Debug)]
struct Aging {
    pair: Pair,
    began: End,
    since: Instant,
    /// Sessions that our end had written the keys of when this began.
    known: usize,
    trickle: Trickle,
}

impl Rekey {
    /// Begins both sessions, to grow old while other checks are made.
    pub(crate) fn begin(port: &mut Port) -> Result<Self> {
        let mut aging = Vec::new();
        for began in End::BOTH {
            port.check(&format!("wireguard: {} and the session is left to grow old", begin(began)), || {
                aging.push(Aging::begin(began)?);
                Ok(String::new())
            })?;
        }
        Ok(Self(aging))
    }

    /// Waits until new sessions have replaced them.
    pub(crate) fn end(self, port: &mut Port) -> Result<()> {
        for aging in self.0 {
            let name =
                format!("wireguard: {}, and the session is replaced under traffic", begin(aging.began));
            port.check(&name, || aging.end())?;
        }
        Ok(())
    }
}

fn begin(began: End) -> &'static str {
    match began {
        End::Kernel => "the kernel began",
        End::Ours => "we began",
    }
}

impl Aging {
    fn begin(began: End) -> Result<Self> {
        let pair = Pair::lay(Plan::begun_by(began))?;
        let mut talk = Talk::new(&pair, false)?;
        let since = Instant::now();
        for end in [began, began.other()] {
            talk.say(end)?;
        }
        let known = exported(&pair)?.len();
        Ok(Self { pair, began, since, known, trickle: Trickle::start(talk) })
    }

    fn end(self) -> Result<String> {
        let Self { mut pair, since, known, trickle, .. } = self;
        let left = PATIENCE.saturating_sub(since.elapsed());
        let times = until("the keys of another session", left, || {
            Ok(Some(exported(&pair)?).filter(|times| times.len() > known))
        })?;
        let [.., before, after] = times[..] else { bail!("only one session: {times:?}") };
        let age = Duration::from_nanos(after.0.abs_diff(before.0));
        let now = trickle.rounds();
        until("words under the new keys", SOON, || Ok((trickle.rounds() > now + 4).then_some(())))?;
        let tally = trickle.end()?.whole()?;
        let agreed = pair.agree()?;
        let age = age.as_secs_f64();
        ensure!((119.0..150.0).contains(&age), "a session came {age:.1} s after the one before");
        let opened = pair.open()?;
        let [.., old, new] = opened.sessions[..] else { bail!("not two sessions: {}", opened.note()) };
        let changed = (0..2).all(|end| old.indices.get(end) != new.indices.get(end));
        ensure!(changed, "an index did not change: {}", opened.note());
        ensure!(!new.messages.contains(&0), "not both ends use the new session: {}", opened.note());
        Ok(format!("after {age:.1} s; {tally}; {agreed}; {}", opened.note()))
    }
}

/// When the sessions began that our end has written the keys of, in order.
fn exported(pair: &Pair) -> Result<Vec<Timestamp>> {
    let mut secrets = Secrets::new();
    secrets.add(&pair.ours.keys()?, "keys");
    let mut times: Vec<Timestamp> = secrets.transport().iter().filter_map(|line| line.time).collect();
    times.dedup();
    Ok(times)
}

/// From the first handshake to the second; 120 seconds and what the emulator takes.
const PATIENCE: Duration = Duration::from_secs(160);
const SOON: Duration = Duration::from_secs(20);
