//! Where the steps play.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::show::read_links;
use crate::{Capture, Frame, Lab, Node, Pod, Recording};

/// A lab, and what else the steps need.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The lab.
    pub lab: &'a Lab,
    /// The program `wgtrace`.
    pub wgtrace: PathBuf,
    /// Where captures are to go, if they are wanted.
    pub captures: Option<PathBuf>,
}

impl<'a> Stage<'a> {
    /// On a lab, with the `wgtrace` that is beside its programs or that `WGTRACE_PROGRAM` names.
    pub fn on(lab: &'a Lab) -> Self {
        let beside = || lab.settings().programs.join("wgtrace");
        let wgtrace = std::env::var_os(PROGRAM).map_or_else(beside, PathBuf::from);
        Self { lab, wgtrace, captures: None }
    }

    /// The node that the document looks at.
    pub fn worker(&self) -> Result<&'a Node> {
        self.lab.node(WORKER)
    }

    /// The other worker.
    pub fn worker2(&self) -> Result<&'a Node> {
        self.lab.node(WORKER2)
    }

    /// The pod that asks.
    pub fn net(&self) -> Result<&'a Pod> {
        self.lab.pod("net")
    }

    /// The pod of the service on the same node.
    pub fn near(&self) -> Result<&'a Pod> {
        self.lab.pod("cni-vk8fx")
    }

    /// The pod of the service on the other node.
    pub fn far(&self) -> Result<&'a Pod> {
        self.lab.pod("cni-7n2f9")
    }

    /// The program that decrypts.
    pub fn decrypter(&self) -> Result<&Path> {
        ensure!(
            self.wgtrace.is_file(),
            "there is no {}: build it with `cargo build -p wgtrace`, or name it by {PROGRAM}",
            self.wgtrace.display()
        );
        Ok(&self.wgtrace)
    }
}

/// Captures at every place that a packet from `net` passes on its node.
#[derive(Debug)]
pub struct Watch {
    /// In the pod.
    pub pod: Capture,
    /// On the other end of its cable.
    pub lxc: Capture,
    /// Where packets go to be encrypted, if there is such a place.
    pub tunnel: Option<Capture>,
    /// Where they leave.
    pub wire: Capture,
}

/// What was seen there.
#[derive(Debug, Clone)]
pub struct Seen {
    /// In the pod.
    pub pod: Recording,
    /// On the other end of its cable.
    pub lxc: Recording,
    /// Where packets go to be encrypted.
    pub tunnel: Recording,
    /// Where they leave.
    pub wire: Recording,
}

impl Watch {
    /// From now on.
    pub fn start(stage: &Stage<'_>) -> Result<Self> {
        let (node, pod) = (stage.worker()?, stage.net()?);
        let on_node = |interface: &str| node.run(|| Capture::start(interface))?;
        let has_tunnel = node.run(read_links)??.get(TUNNEL).is_some();
        Ok(Self {
            pod: pod.run(|| Capture::start("eth0"))??,
            lxc: on_node(pod.host_device())?,
            tunnel: has_tunnel.then(|| on_node(TUNNEL)).transpose()?,
            wire: on_node("eth0")?,
        })
    }

    /// Until now.
    pub fn stop(self) -> Result<Seen> {
        let seen = Seen {
            pod: self.pod.stop()?,
            lxc: self.lxc.stop()?,
            tunnel: self.tunnel.map_or_else(|| Ok(nothing()), Capture::stop)?,
            wire: self.wire.stop()?,
        };
        for recording in [&seen.pod, &seen.lxc, &seen.tunnel, &seen.wire] {
            let Recording { lost, interface, .. } = recording;
            ensure!(*lost == 0, "{lost} frames of {interface} found no room: the capture has holes");
        }
        Ok(seen)
    }
}

/// What was seen where there was nothing to see it.
fn nothing() -> Recording {
    Recording { interface: TUNNEL.to_owned(), link: 0, frames: Vec::new(), lost: 0 }
}

/// Frames of a recording for which something holds.
#[must_use]
pub fn only(recording: &Recording, keep: impl Fn(&Frame) -> bool) -> Recording {
    let frames = recording.frames.iter().filter(|frame| keep(frame)).cloned().collect();
    Recording { frames, ..recording.clone() }
}

/// A port of an address.
pub fn port(address: Ipv4Addr, port: u16) -> SocketAddr {
    SocketAddr::new(address.into(), port)
}

/// Gives a condition time.
///
/// # Errors
/// When it does not hold in time.
pub fn eventually(what: &str, patience: Duration, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = std::time::Instant::now() + patience;
    while !holds()? {
        let is_over = std::time::Instant::now() >= deadline;
        (!is_over).then_some(()).with_context(|| format!("not within {patience:?}: {what}"))?;
        std::thread::park_timeout(PAUSE);
    }
    Ok(())
}

/// The node that the document looks at.
pub const WORKER: &str = "cilium-wireguard-worker";
/// The other one with pods.
pub const WORKER2: &str = "cilium-wireguard-worker2";
/// The service.
pub const SERVICE: Ipv4Addr = Ipv4Addr::new(10, 96, 142, 173);
/// Its port on every node.
pub const NODE_PORT: u16 = 32000;
const TUNNEL: &str = "cilium_wg0";
const PROGRAM: &str = "WGTRACE_PROGRAM";
const PAUSE: Duration = Duration::from_millis(10);
