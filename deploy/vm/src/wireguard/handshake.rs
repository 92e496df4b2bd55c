//! Who begins, over what, with which keys; and then traffic in bulk.

use std::time::Instant;

use anyhow::{Result, ensure};
use wgtrace_testbed::transfer;

use super::pair::{End, Pair, Plan};
use super::talk::Talk;
use crate::port::Port;

/// Bytes each way: bursts, and the round trips between them.
const LARGE: u64 = 1 << 20;

/// Every way in which a session can begin.
pub(super) fn handshake(port: &mut Port) -> Result<()> {
    for begins in End::BOTH {
        for v6 in [false, true] {
            for psk in [false, true] {
                let plan = Plan { v6, psk, begins: Some(begins), keepalive: None };
                port.check(&name(plan), || begin(plan))?;
            }
        }
    }
    Ok(())
}

fn name(plan: Plan) -> String {
    let who = match plan.begins {
        Some(End::Kernel) => "the kernel begins",
        Some(End::Ours) => "we begin",
        None => "either begins",
    };
    let over = if plan.v6 { "IPv6" } else { "IPv4" };
    let with = if plan.psk { "with" } else { "without" };
    format!("wireguard: {who} over {over}, {with} a preshared key")
}

fn begin(plan: Plan) -> Result<String> {
    let mut pair = Pair::lay(plan)?;
    let first = plan.begins.unwrap_or(End::Kernel);
    let mut took = Vec::new();
    for v6 in [false, true] {
        let mut talk = Talk::new(&pair, v6)?;
        took.extend([talk.say(first)?, talk.say(first.other())?]);
    }
    let took: Vec<String> = took.iter().map(|took| took.as_millis().to_string()).collect();
    let (agreed, opened) = (pair.agree()?, pair.open()?);
    ensure!(opened.sessions.len() == 1, "more than one session: {}", opened.note());
    Ok(format!("words took {} ms; {agreed}; {}", took.join(", "), opened.note()))
}

/// Megabytes of both kinds both ways, over both kinds of network.
pub(super) fn traffic(port: &mut Port) -> Result<()> {
    for outer6 in [false, true] {
        let over = if outer6 { "IPv6" } else { "IPv4" };
        let mut pair = None;
        port.check(&format!("wireguard: a tunnel for streams is laid over {over}"), || {
            let plan = Plan { v6: outer6, ..Plan::begun_by(End::Ours) };
            pair = Some(Pair::lay(plan)?);
            Ok(String::new())
        })?;
        let Some(mut pair) = pair else { continue };
        for inner6 in [false, true] {
            let inside = if inner6 { "IPv6" } else { "IPv4" };
            for from in End::BOTH {
                let whose = match from {
                    End::Kernel => "from the kernel to us",
                    End::Ours => "from us to the kernel",
                };
                port.check(&format!("wireguard: a stream of {inside} over {over} {whose} is whole"), || {
                    stream(&pair, from, inner6)
                })?;
            }
        }
        port.check(&format!("wireguard: after streams over {over} both ends count the same"), || {
            pair.agree()
        })?;
        port.check(&format!("wireguard: our session keys open all streams over {over}"), || {
            let opened = pair.open()?;
            let least = 4 * LARGE / 1420;
            ensure!(opened.messages > least, "{} messages for {least} packets", opened.messages);
            Ok(opened.note())
        })?;
    }
    Ok(())
}

fn stream(pair: &Pair, from: End, v6: bool) -> Result<String> {
    let start = Instant::now();
    let at = Pair::inner_port(from.other(), v6, 5001);
    let arrived = transfer(pair.namespace(from), pair.namespace(from.other()), at, LARGE)?;
    ensure!(arrived == LARGE, "{arrived} of {LARGE} bytes arrived");
    Ok(format!("{arrived} bytes in {} ms", start.elapsed().as_millis()))
}
