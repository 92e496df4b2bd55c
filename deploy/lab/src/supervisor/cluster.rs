//! Everything of a lab.

use std::fs::{self, DirBuilder};
use std::net::IpAddr;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use wgtrace_testbed::Namespace;
use wgtraced::datapath::nat::{Nat, kube_proxy};

use super::Order;
use super::children::Children;
use super::daemon::Daemon;
use super::pod::Pod;
use super::space::{self, NodeMounts};
use super::traffic::Traffic;
use crate::control::TrafficState;
use crate::home::{Home, NodeHome};
use crate::lab::Place;
use crate::node_config;
use crate::plan::{GATEWAY, KUBE_PROXY, NODES, NodePlan, PODS, PREFIX, PodPlan, mac_text};
use crate::process::Process;
use crate::record::{NodeRecord, Record, Settings};

/// Nodes with their daemons, pods, and the bridge between the nodes.
#[derive(Debug)]
pub(super) struct Cluster {
    /// What the bridge is in.
    lan: Namespace,
    pub(super) nodes: Vec<Node>,
    pods: Vec<Pod>,
    traffic: Traffic,
}

/// A node and its daemon.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) plan: NodePlan,
    pub(super) home: NodeHome,
    pub(super) place: Place,
    pub(super) daemon: Daemon,
}

impl Cluster {
    /// Makes it; returns when all daemons are ready and all pods attached.
    pub(super) fn build(settings: &Settings, home: &Home, children: &Children) -> Result<Self> {
        directory(&home.registry(), 0o755)?;
        let nodes = NODES.iter().map(|plan| Node::new(*plan, settings, home, children.clone()));
        let nodes = nodes.collect::<Result<Vec<_>>>()?;
        let lan = lan(&nodes).context("cannot make the network between the nodes")?;
        for node in &nodes {
            node.daemon.start(&node.place)?;
        }
        for node in &nodes {
            node.daemon.wait_ready()?;
            node.proxy().with_context(|| format!("cannot make the service's rules on {}", node.plan.name))?;
        }
        let add = |plan: &PodPlan| {
            let node = nodes.iter().find(|node| node.plan.name == plan.node);
            let node = node.with_context(|| format!("there is no node {}", plan.node))?;
            Pod::add(*plan, node, &settings.programs, children)
                .with_context(|| format!("cannot make the pod {}", plan.name))
        };
        let pods = each(&PODS, add)?;
        let cluster = Self { lan, nodes, pods, traffic: Traffic::default() };
        cluster.talk(settings.traffic)?;
        Ok(cluster)
    }

    /// What is told of it.
    pub(super) fn record(&self, order: &Order, supervisor: Process) -> Record {
        Record {
            name: order.name.clone(),
            supervisor,
            settings: order.settings.clone(),
            lan: self.lan.as_fd().as_raw_fd(),
            nodes: self.nodes.iter().map(Node::record).collect(),
            pods: self.pods.iter().map(Pod::record).collect(),
        }
    }

    /// Has its pods talk, or be silent.
    pub(super) fn talk(&self, is_on: bool) -> Result<()> {
        self.traffic.set(is_on, &self.pods).context("cannot make traffic")
    }

    /// What became of their talk.
    pub(super) fn talks(&self) -> TrafficState {
        self.traffic.state()
    }

    /// The node of this name.
    pub(super) fn node(&self, name: &str) -> Result<&Node> {
        let node = self.nodes.iter().find(|node| node.plan.name == name);
        node.with_context(|| format!("there is no node {name}"))
    }
}

impl Node {
    fn new(plan: NodePlan, settings: &Settings, home: &Home, children: Children) -> Result<Self> {
        let own = home.node(plan.name);
        directory(own.path(), 0o700)?;
        directory(&own.run(), 0o755)?;
        directory(&own.state(), 0o700)?;
        let registry = home.registry();
        let config = node_config::text(&plan, &own, &registry, settings.encryption);
        fs::write(own.config(), config).with_context(|| own.config().display().to_string())?;
        let mounts = NodeMounts { seen: vec![own.path().to_owned(), registry], run: own.run() };
        let place = space::make(plan.name, Some(&mounts))?;
        let daemon = Daemon::new(plan.name, settings, own.clone(), children)?;
        Ok(Self { plan, home: own, place, daemon })
    }

    /// What kube-proxy does on it.
    fn proxy(&self) -> Result<()> {
        let table = kube_proxy::table(KUBE_PROXY, None, &kube_proxy::walkthrough());
        self.place.run(|| Nat::open()?.apply(&table))??;
        Ok(())
    }

    fn record(&self) -> NodeRecord {
        NodeRecord {
            name: self.plan.name.to_owned(),
            address: self.plan.address,
            mac: mac_text(self.plan.mac()),
            pod_cidr: self.plan.pod_cidr.to_owned(),
            router: self.plan.router,
            namespaces: self.place.descriptors(),
        }
    }
}

/// Connects the nodes' `eth0` to a bridge in a network namespace of its own.
fn lan(nodes: &[Node]) -> Result<Namespace> {
    let lan = Namespace::new()?;
    for Node { plan, place, .. } in nodes {
        lan.veth(&plan.port(), (&place.net, ETH0))?;
        place.net.mac(ETH0, plan.mac())?;
        place.net.address(ETH0, plan.address.into(), PREFIX)?;
    }
    let ports: Vec<String> = nodes.iter().map(|node| node.plan.port()).collect();
    let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
    lan.bridge(BRIDGE, &ports)?;
    lan.address(BRIDGE, GATEWAY.into(), PREFIX)?;
    for name in ports.into_iter().chain(["lo", BRIDGE]) {
        lan.up(name)?;
    }
    for Node { place, .. } in nodes {
        place.net.up(ETH0)?;
        place.net.wait_up(ETH0)?;
        place.net.route((IpAddr::from([0, 0, 0, 0]), 0), Some(GATEWAY.into()), ETH0)?;
    }
    Ok(lan)
}

/// Does the same with several things at once.
fn each<T: Sync, U: Send>(of: &[T], work: impl Fn(&T) -> Result<U> + Sync) -> Result<Vec<U>> {
    thread::scope(|scope| {
        let threads: Vec<_> = of.iter().map(|one| scope.spawn(|| work(one))).collect();
        let ended =
            threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?);
        ended.collect()
    })
}

/// Makes a directory, and the mode what it should be whatever the umask is.
fn directory(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    DirBuilder::new().recursive(true).mode(mode).create(path).with_context(|| path.display().to_string())?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).with_context(|| path.display().to_string())
}

const ETH0: &str = "eth0";
const BRIDGE: &str = "br-lab";
