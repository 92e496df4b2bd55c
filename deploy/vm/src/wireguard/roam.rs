//! Ends that get another address.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context as _, Result, ensure};

use super::pair::{End, PATIENCE, Pair, Plan};
use super::talk::Talk;
use crate::port::Port;
use crate::wait::until;

/// Makes the checks, one after the other on one tunnel.
pub(super) fn roam(port: &mut Port) -> Result<()> {
    let mut pair = None;
    port.check("wireguard: a tunnel is laid between ends that will move", || {
        let laid = Pair::lay(Plan::begun_by(End::Ours))?;
        let mut talk = Talk::new(&laid, false)?;
        talk.say(End::Ours)?;
        talk.say(End::Kernel)?;
        pair = Some(laid);
        Ok(String::new())
    })?;
    let Some(mut pair) = pair else { return Ok(()) };
    let [kernel, ours] = End::BOTH.map(moved);
    port.check("wireguard: we move, and the kernel follows", || {
        follow(&mut pair, End::Ours, ours, End::Kernel.outer(false))
    })?;
    port.check("wireguard: the kernel moves, and we follow", || follow(&mut pair, End::Kernel, kernel, ours))
}

/// Where an end moves to.
fn moved(end: End) -> IpAddr {
    IpAddr::from([10, 77, 0, 20 + end.host()])
}

fn follow(pair: &mut Pair, end: End, to: IpAddr, far: IpAddr) -> Result<String> {
    let mut talk = Talk::new(pair, false)?;
    let before = pair.shown(end.other())?;
    let from = before.endpoint.context("the other end does not know where this one is")?;
    pair.move_to(end, from.ip(), to, far)?;
    let there = talk.say(end)?;
    let expected = SocketAddr::new(to, end.port());
    until("the other end knows the new address", PATIENCE, || {
        Ok((pair.shown(end.other())?.endpoint == Some(expected)).then_some(()))
    })?;
    let back = talk.say(end.other())?;
    let agreed = pair.agree()?;
    let after = pair.shown(end.other())?;
    ensure!(after.handshake == before.handshake, "it took another handshake");
    let opened = pair.open()?;
    Ok(format!(
        "{from} is now {expected}, in the same session; there in {} ms, back in {} ms; {agreed}; {}",
        there.as_millis(),
        back.as_millis(),
        opened.note()
    ))
}
