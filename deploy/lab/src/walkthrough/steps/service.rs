//! The service: by its own address, by ports of nodes, in connection tracking and in rules.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use wgtrace_wire::{Arp, EtherType, Ethernet, Protocol};
use wgtraced::datapath::conntrack::{Conntrack, Entry, Filter};
use wgtraced::datapath::nat::kube_proxy;

use super::ping::{ciphertext, packet};
use crate::http::Answer;
use crate::plan::KUBE_PROXY;
use crate::show::{self, Medium, Packets, read_tables};
use crate::walkthrough::Order;
use crate::walkthrough::neighbour::ask_again;
use crate::walkthrough::outcome::Evidence;
use crate::walkthrough::stage::{NODE_PORT, SERVICE, Seen, Stage, eventually, only, port};
use crate::walkthrough::traffic::{is_of, watched};
use crate::walkthrough::wire::Wire;
use crate::{Frame, Pod};

pub(super) fn cluster(stage: &Stage<'_>) -> Result<Evidence> {
    let mut evidence = Evidence::of("kubectl exec -ti net -- curl 10.96.142.173");
    let at = port(SERVICE, 80);
    if let Some((_, seen)) = asked(stage, at, stage.near()?, &mut evidence)? {
        evidence.holds(seen.tunnel.frames.is_empty(), "what a near pod answered did not touch cilium_wg0");
    }
    encrypted(stage, at, &mut evidence)?;
    Ok(evidence)
}

pub(super) fn node_port(stage: &Stage<'_>) -> Result<Evidence> {
    let mut evidence = Evidence::of("kubectl exec -ti net -- curl 172.18.0.3:32000");
    if let Some((answer, seen)) = asked(stage, own(stage)?, stage.near()?, &mut evidence)? {
        evidence = evidence.texts([answer.body.trim_end()], Order::Same);
        evidence.holds(seen.tunnel.frames.is_empty(), "it did not touch cilium_wg0");
    }
    Ok(evidence)
}

pub(super) fn node_port_capture(stage: &Stage<'_>) -> Result<Evidence> {
    let mut evidence = Evidence::of("tcpdump -pne -i eth0");
    let (answer, watch) = match watched(stage, own(stage)?, stage.near()?)? {
        Ok(watched) => watched,
        Err(fault) => {
            evidence.faults.push(fault);
            return Ok(evidence);
        }
    };
    // as its kernel does by itself, sooner or later
    let (net, router) = (stage.net()?, stage.worker()?.router());
    net.run(|| ask_again("eth0", router, net.host_mac()))??;
    if let Err(error) =
        watch.pod.wait_for("the gateway's answer", PATIENCE, |frames| frames.iter().any(is_reply))
    {
        evidence.faults.push(error.to_string());
    }
    let pod = only(&watch.stop()?.pod, |frame| is_of(frame, answer.from) || is_resolution(frame));
    Ok(evidence.texts(Packets::lines(&pod), Order::AnyNumber))
}

pub(super) fn connection(stage: &Stage<'_>) -> Result<Evidence> {
    let mut evidence = Evidence::of("conntrack -L | grep 32000");
    let Some((answer, _)) = asked(stage, own(stage)?, stage.near()?, &mut evidence)? else {
        return Ok(evidence);
    };
    let find = || -> Result<Option<Entry>> {
        let filter = Filter { port: Some(answer.from.port()), ..Filter::default() };
        let entries = stage.worker()?.run(|| Conntrack::open()?.list(&filter))??;
        Ok(entries.into_iter().find(|entry| entry.original.has_port(NODE_PORT)))
    };
    // the last acknowledgment may be on its way
    let is_over =
        || Ok(find()?.is_some_and(|entry| entry.state.is_some_and(|state| state.to_string() == "TIME_WAIT")));
    if let Err(error) = eventually("the connection is in TIME_WAIT", PATIENCE, is_over) {
        evidence.faults.push(error.to_string());
    }
    Ok(evidence.texts(find()?, Order::Same))
}

pub(super) fn rules(stage: &Stage<'_>) -> Result<Evidence> {
    let meant = kube_proxy::table(KUBE_PROXY, None, &kube_proxy::walkthrough());
    let tables = stage.worker()?.run(|| read_tables(vec![meant]))??;
    Ok(Evidence::of("iptables-save | grep 32000").texts(show::rules(&tables, "32000"), Order::Any))
}

pub(super) fn remote(stage: &Stage<'_>) -> Result<Evidence> {
    let mut evidence =
        Evidence::of("kubectl exec -ti net -- curl 172.18.0.3:32000; .. curl 172.18.0.4:32000");
    encrypted(stage, own(stage)?, &mut evidence)?;
    encrypted(stage, port(stage.worker2()?.address(), NODE_PORT), &mut evidence)?;
    Ok(evidence)
}

/// Has the far pod answer, and looks whether all of it was encrypted.
fn encrypted(stage: &Stage<'_>, at: SocketAddr, evidence: &mut Evidence) -> Result<()> {
    let far = stage.far()?;
    let Some((_, seen)) = asked(stage, at, far, evidence)? else { return Ok(()) };
    let is_asked = |frame: &Frame| {
        packet(frame, Medium::of(&seen.tunnel)).is_some_and(|ip| ip.protocol() == Protocol::TCP)
    };
    let passed = seen.tunnel.frames.iter().filter(|frame| is_asked(frame));
    let (sent, received): (Vec<_>, Vec<_>) = passed.partition(|frame| frame.is_outgoing);
    evidence.holds(
        !sent.is_empty() && !received.is_empty(),
        format!("cilium_wg0 has it in the clear: {} packets out, {} in", sent.len(), received.len()),
    );
    ciphertext(stage, &Wire::of(&seen.wire), 1, evidence)
}

/// Asks until a certain pod answers; what was seen of that, or nothing and a fault.
fn asked(
    stage: &Stage<'_>,
    at: SocketAddr,
    wanted: &Pod,
    evidence: &mut Evidence,
) -> Result<Option<(Answer, Seen)>> {
    match watched(stage, at, wanted)? {
        Ok((answer, watch)) => {
            evidence.notes.push(format!("{at} answers: {}", answer.body.trim_end()));
            Ok(Some((answer, watch.stop()?)))
        }
        Err(fault) => {
            evidence.faults.push(fault);
            Ok(None)
        }
    }
}

/// The port of the node that `net` is on.
fn own(stage: &Stage<'_>) -> Result<SocketAddr> {
    Ok(port(stage.worker().context("the node of the pod net")?.address(), NODE_PORT))
}

fn is_resolution(frame: &Frame) -> bool {
    Ethernet::parse(&frame.bytes).is_ok_and(|frame| frame.ethertype() == EtherType::ARP)
}

fn is_reply(frame: &Frame) -> bool {
    let arp = Ethernet::parse(&frame.bytes).ok().and_then(|frame| Arp::parse(frame.payload()).ok());
    is_resolution(frame) && arp.is_some_and(|arp| arp.operation() == wgtrace_wire::arp::Operation::REPLY)
}

const PATIENCE: Duration = Duration::from_secs(3);
