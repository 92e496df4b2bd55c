//! Ends that forget their sessions.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use super::pair::{End, Pair, Plan};
use super::talk::Talk;
use crate::port::Port;

/// Makes the checks, one after the other on one tunnel.
pub(super) fn restart(port: &mut Port) -> Result<()> {
    let mut pair = None;
    port.check("wireguard: a tunnel is laid between ends that will forget", || {
        let laid = Pair::lay(Plan { begins: None, ..Plan::begun_by(End::Ours) })?;
        let mut talk = Talk::new(&laid, false)?;
        for end in End::BOTH {
            talk.say(end)?;
        }
        pair = Some(laid);
        Ok(String::new())
    })?;
    let Some(mut pair) = pair else { return Ok(()) };
    port.check("wireguard: we are killed and started again, and traffic resumes", || killed(&mut pair))?;
    port.check(
        "wireguard: the kernel's device is made anew, and traffic resumes with its first word",
        || made_anew(&mut pair, End::Kernel),
    )?;
    port.check("wireguard: the kernel's device is made anew, and traffic resumes with our first word", || {
        made_anew(&mut pair, End::Ours)
    })
}

fn killed(pair: &mut Pair) -> Result<String> {
    let name = pair.ours.name().to_owned();
    let link = pair.line.right.link(&name)?;
    let start = Instant::now();
    pair.ours.kill()?;
    let kept = pair.line.right.link(&name).context("the device is gone")?;
    ensure!(kept.index == link.index, "the device is another one");
    pair.ours.start_again(&pair.line.right)?;
    let started = start.elapsed();
    let words = resume(pair, End::Kernel, start)?;
    ensure!(pair.line.right.link(&name)?.index == link.index, "the device is another one");
    Ok(format!("{words}, {} ms of them until the program ran", started.as_millis()))
}

/// The kernel's end forgets everything; `first` is who speaks then.
fn made_anew(pair: &mut Pair, first: End) -> Result<String> {
    let start = Instant::now();
    // without the other's address it cannot begin by itself
    pair.kernel.make_anew(&pair.line.left, first == End::Kernel)?;
    resume(pair, first, start)
}

/// Says a word each way and looks at what that took, since `start`.
fn resume(pair: &mut Pair, first: End, start: Instant) -> Result<String> {
    let mut talk = Talk::new(pair, false)?;
    talk.say(first)?;
    let there = start.elapsed();
    talk.say(first.other())?;
    let both = start.elapsed();
    let opened = pair.open()?;
    Ok(format!(
        "{first:?} is heard after {} ms, the other after {} ms; {}",
        there.as_millis(),
        both.as_millis(),
        opened.note()
    ))
}
