//! Ways between two nodes: the bare tunnel, and from pod to pod.

use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use wgtrace_testbed::{Line, Namespace, Pinger};

use crate::bench::tunnel::contender::{Contender, Tunnel};
use crate::cluster::Cluster;

/// What is between the two ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// `wgtraced wg-user` in two namespaces with a bridge between them, as the lab's nodes have.
    Bare,
    /// Pods of two of the lab's nodes.
    Pods,
    /// The same while three hooks are traced, one of each kind of device.
    Traced,
}

impl Way {
    pub(super) const ALL: [Self; 3] = [Self::Bare, Self::Pods, Self::Traced];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare tunnel",
            Self::Pods => "pod to pod",
            Self::Traced => "3 hooks traced",
        }
    }

    /// Opens it; with it what traces.
    pub(super) fn open(self, cluster: &Cluster) -> Result<(Tunnel, Option<Tracer>)> {
        if self == Self::Bare {
            let tunnel = Contender::ours(cluster.programs.join("wgtraced")).start_on(Line::bridged()?)?;
            return Ok((tunnel, None));
        }
        let tracer = if self == Self::Traced { Some(trace(cluster)?) } else { None };
        Ok((pods(cluster)?, tracer))
    }
}

fn pods(cluster: &Cluster) -> Result<Tunnel> {
    let open = |pod: &str| Namespace::open(&cluster.lab.pod(pod)?.place().network().path());
    let daemons = cluster.lab.daemons()?.into_iter().filter_map(|daemon| daemon.pid?.try_into().ok());
    let tunnel = Tunnel::between((open("net")?, NEAR), (open("cni-7n2f9")?, FAR), daemons.collect());
    let mut pinger = tunnel.line.left.run(|| Pinger::new(FAR, 56))??;
    ensure!(pinger.round_trip()?.is_some(), "the lab's pods do not reach each other");
    Ok(tunnel)
}

fn trace(cluster: &Cluster) -> Result<Tracer> {
    let mut trace = Command::new(cluster.programs.join("wgtraced"));
    trace.args(["trace", "--iface", "lxc*", "--iface", "cilium_wg0", "--iface", "eth0", "--flows"]);
    for hook in ["from-container", "to-wireguard", "to-netdev"] {
        trace.args(["--hook", hook]);
    }
    trace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let node = cluster.lab.node("cilium-wireguard-worker")?;
    Ok(Tracer(node.place().run(|| trace.spawn())?.context("cannot start wgtraced")?))
}

/// `wgtraced trace` on one of the nodes; it ends with this value.
#[derive(Debug)]
pub(super) struct Tracer(Child);

impl Drop for Tracer {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _status = self.0.wait();
    }
}

const NEAR: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 203);
const FAR: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 194);
