//! Pings, and where they are seen.

use std::net::Ipv4Addr;

use anyhow::Result;
use wgtrace_wire::{Ethernet, Ipv4, Protocol};

use crate::show::{Medium, Packets};
use crate::walkthrough::Order;
use crate::walkthrough::outcome::Evidence;
use crate::walkthrough::routed::Routed;
use crate::walkthrough::stage::{Seen, Stage, Watch, only};
use crate::walkthrough::wire::Wire;
use crate::{Frame, Recording, Report, ping};

pub(super) fn same_node(stage: &Stage<'_>) -> Result<Evidence> {
    let (net, near) = (stage.net()?, stage.near()?);
    let (report, seen) = watched(stage, near.address())?;
    let mut evidence = Evidence::of(&format!("kubectl exec -it net -- ping -c 1 {}", near.address()));
    evidence.holds(report.is_whole(), format!("{} answers", near.address()));
    let ends = [net.address(), near.address()];
    evidence.holds(
        echoes(&seen.lxc, ends).frames.len() == 2,
        format!("request and reply pass {}", net.host_device()),
    );
    evidence.holds(echoes(&seen.tunnel, ends).frames.is_empty(), "cilium_wg0 sees neither");
    let wire = Wire::of(&seen.wire);
    evidence.holds(echoes(&seen.wire, ends).frames.is_empty(), "eth0 sees neither");
    evidence.holds(wire.data.is_empty(), "eth0 carries no encrypted packet either");
    Ok(evidence)
}

pub(super) fn other_node(stage: &Stage<'_>) -> Result<Evidence> {
    let far = stage.far()?.address();
    let report = stage.net()?.run(|| ping(far, 1))??.to_string();
    let (head, tail) = report.split_once("\n\n").unwrap_or((&report, ""));
    let mut texts: Vec<&str> = head.lines().collect();
    let mut tail = tail.lines();
    let statistics: Vec<&str> = tail.by_ref().take(2).collect();
    let statistics = statistics.join("\n");
    texts.push(&statistics);
    texts.extend(tail);
    Ok(Evidence::of(&format!("kubectl exec -it net -- ping -c 1 {far}")).texts(texts, Order::Same))
}

pub(super) fn pod_capture(stage: &Stage<'_>) -> Result<Evidence> {
    let (ends, seen) = across(stage)?;
    let lines = Packets::lines(&echoes(&seen.pod, ends));
    Ok(Evidence::of("tcpdump -pne -i eth0").texts(lines, Order::Same))
}

pub(super) fn tunnel_capture(stage: &Stage<'_>) -> Result<Evidence> {
    let routed = Routed::count(stage.worker()?, "cilium_wg0", stage.far()?.address())?;
    let (ends, seen) = across(stage)?;
    let link = match seen.tunnel.link {
        1 => Some("EN10MB (Ethernet)"),
        101 => Some("RAW (Raw IP)"),
        _ => None,
    };
    let head = |link| format!("listening on cilium_wg0, link-type {link}, snapshot length 262144 bytes");
    let lines = Packets::lines(&echoes(&seen.tunnel, ends));
    let texts = link.map(head).into_iter().chain(lines);
    let mut evidence = Evidence::of("tcpdump -pne -i cilium_wg0").texts(texts, Order::Same);
    let is_readable = |frame: &Frame| packet(frame, Medium::of(&seen.tunnel)).is_some();
    evidence.holds(seen.tunnel.frames.iter().all(is_readable), "no link-layer header, and nothing encrypted");
    evidence.holds(
        routed.packets()? == 1,
        "the request was routed there, by the mark that it got on its pod's device and by table 201",
    );
    Ok(evidence)
}

pub(super) fn wire_capture(stage: &Stage<'_>) -> Result<Evidence> {
    let (_, seen) = across(stage)?;
    let wire = Wire::of(&seen.wire);
    let mut evidence = Evidence::of("tcpdump -pne -i eth0 -w /tmp/eth0.cap");
    ciphertext(stage, &wire, 1, &mut evidence)?;
    Ok(evidence)
}

/// Whether a capture of the worker's eth0 has at least so many encrypted packets each way with the other worker, and
/// nothing to read.
pub(super) fn ciphertext(
    stage: &Stage<'_>,
    wire: &Wire,
    least: usize,
    evidence: &mut Evidence,
) -> Result<()> {
    for node in [stage.worker()?, stage.worker2()?] {
        let count = wire.data_from(node.address());
        let what = format!("eth0 carries encrypted data from {}: {count} datagrams", node.address());
        evidence.holds(count >= least, what);
    }
    evidence.holds(wire.readable.is_empty(), "eth0 carries nothing of a pod's that can be read");
    evidence.faults.extend(wire.readable.iter().map(|line| format!("readable on eth0: {line}")));
    Ok(())
}

/// A ping to the other node's pod, and who it was between.
fn across(stage: &Stage<'_>) -> Result<([Ipv4Addr; 2], Seen)> {
    let ends = [stage.net()?.address(), stage.far()?.address()];
    let (_, seen) = watched(stage, stage.far()?.address())?;
    Ok((ends, seen))
}

/// A ping from the pod net, and what was seen of it.
fn watched(stage: &Stage<'_>, to: Ipv4Addr) -> Result<(Report, Seen)> {
    let watch = Watch::start(stage)?;
    let report = stage.net()?.run(|| ping(to, 1))??;
    Ok((report, watch.stop()?))
}

/// Echo requests and replies between two.
fn echoes(recording: &Recording, ends: [Ipv4Addr; 2]) -> Recording {
    let medium = Medium::of(recording);
    only(recording, |frame| {
        packet(frame, medium).is_some_and(|ip| {
            ip.protocol() == Protocol::ICMP && ends.contains(&ip.src()) && ends.contains(&ip.dst())
        })
    })
}

/// The packet in a frame.
pub(in crate::walkthrough) fn packet(frame: &Frame, medium: Medium) -> Option<Ipv4<'_>> {
    let bytes = match medium {
        Medium::Raw => frame.bytes.as_slice(),
        Medium::Ethernet => Ethernet::parse(&frame.bytes).ok()?.payload(),
    };
    Ipv4::parse(bytes).ok()
}
