//! Requests to the service, and their connections in captures.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::Result;
use wgtrace_wire::{Protocol, Tcp};

use super::stage::{Stage, Watch};
use super::steps::packet;
use crate::http::{Answer, get};
use crate::show::Medium;
use crate::{Frame, Pod};

/// Asks from the pod `net` until one of the service's pods answers: kube-proxy's rules choose by chance. What was wrong,
/// if it does not.
pub(super) fn ask_for(stage: &Stage<'_>, at: SocketAddr, wanted: &Pod) -> Result<Result<Answer, String>> {
    let begins = format!("PodName: {} ", wanted.name());
    for _ in 0..ATTEMPTS {
        match stage.net()?.run(|| get(at))? {
            Ok(answer) if answer.body.starts_with(&begins) => return Ok(Ok(answer)),
            Ok(answer) if answer.body.starts_with("PodName: ") => {}
            Ok(answer) => return Ok(Err(format!("{at} answers {:?}", answer.body))),
            Err(error) => return Ok(Err(format!("{error:#}"))),
        }
    }
    Ok(Err(never(at, wanted)))
}

/// The same, watched; the watch goes on over the attempt that was answered so.
pub(super) fn watched(
    stage: &Stage<'_>,
    at: SocketAddr,
    wanted: &Pod,
) -> Result<Result<(Answer, Watch), String>> {
    let begins = format!("PodName: {} ", wanted.name());
    for _ in 0..ATTEMPTS {
        let watch = Watch::start(stage)?;
        match stage.net()?.run(|| get(at))? {
            Ok(answer) => {
                wait_closed(&watch, answer.from)?;
                if answer.body.starts_with(&begins) {
                    return Ok(Ok((answer, watch)));
                }
            }
            Err(error) => return Ok(Err(format!("{error:#}"))),
        }
    }
    Ok(Err(never(at, wanted)))
}

fn never(at: SocketAddr, wanted: &Pod) -> String {
    format!("{} does not answer at {at} in {ATTEMPTS} attempts", wanted.name())
}

/// Waits until a connection from a port of the pod `net` has ended, as that pod sees it.
pub(super) fn wait_closed(watch: &Watch, from: SocketAddr) -> Result<()> {
    let what = format!("the end of the connection from {from}");
    watch.pod.wait_for(&what, PATIENCE, |frames| is_closed(frames, from))
}

/// Whether both sides have said that they are done, and the near one has heard it.
fn is_closed(frames: &[Frame], from: SocketAddr) -> bool {
    let mut ends = (false, false);
    let mut is_heard = false;
    for frame in frames {
        let Some((is_near, flags)) = segment(frame, from) else { continue };
        let is_end = flags & FIN != 0;
        if is_near && ends.1 {
            is_heard = true;
        }
        if is_near { ends.0 |= is_end } else { ends.1 |= is_end }
    }
    ends.0 && is_heard
}

/// Whether a frame of the pod's `eth0` is of a connection from there.
pub(super) fn is_of(frame: &Frame, from: SocketAddr) -> bool {
    segment(frame, from).is_some()
}

/// Whether a segment of a connection goes away from its near end, and its flags.
fn segment(frame: &Frame, from: SocketAddr) -> Option<(bool, u16)> {
    let ip = packet(frame, Medium::Ethernet).filter(|ip| ip.protocol() == Protocol::TCP)?;
    let tcp = Tcp::parse(ip.payload()).ok()?;
    let near = |address, port| SocketAddr::new(IpAddr::V4(address), port) == from;
    let is_near = near(ip.src(), tcp.src_port());
    (is_near || near(ip.dst(), tcp.dst_port())).then_some((is_near, tcp.flags().0))
}

/// One in two leads to either pod.
const ATTEMPTS: usize = 40;
const PATIENCE: Duration = Duration::from_secs(3);
const FIN: u16 = 1;
