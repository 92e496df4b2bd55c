//! A lab that runs, seen from outside.

mod node;
mod place;
mod pod;

use std::path::Path;

use anyhow::{Context as _, Result};
use wgtrace_testbed::Namespace;

pub use self::node::Node;
pub use self::place::Place;
pub use self::pod::Pod;
use crate::control::{self, Daemon, Reply, Request};
use crate::home::Home;
use crate::record::{Record, Settings};

/// A lab that runs. Its namespaces stay as long as this value, its processes do not.
#[derive(Debug)]
pub struct Lab {
    home: Home,
    settings: Settings,
    supervisor: i32,
    lan: Namespace,
    nodes: Vec<Node>,
    pods: Vec<Pod>,
}

impl Lab {
    /// Opens the lab of this name.
    ///
    /// # Errors
    /// When none runs, or this user may not.
    pub fn attach(name: &str) -> Result<Self> {
        Self::attach_to(&Home::of(name)?)
    }

    /// Opens the lab in this directory.
    ///
    /// # Errors
    /// When none runs, or this user may not.
    pub fn attach_to(home: &Home) -> Result<Self> {
        let name = home.name();
        let gone = || format!("there is no lab `{name}`: `wgtrace lab up --name {name}` makes one");
        let record = home.record()?.with_context(gone)?;
        let Record { supervisor, settings, lan, nodes, pods, .. } = record;
        let lan = Namespace::open(format!("/proc/{}/fd/{lan}", supervisor.pid).as_ref())?;
        let open = |name: &str, descriptors| Place::open(name, supervisor.pid, descriptors);
        let nodes = nodes.into_iter().map(|node| {
            let place = open(&node.name, node.namespaces)?;
            Ok(Node { home: home.node(&node.name), keys: settings.keys, record: node, place })
        });
        let nodes = nodes.collect::<Result<_>>()?;
        let pods = pods.into_iter().map(|pod| {
            let place = open(&pod.name, pod.namespaces)?;
            Ok(Pod { record: pod, place })
        });
        let pods = pods.collect::<Result<_>>()?;
        // what was opened is the supervisor's if that is still there
        supervisor.is_alive()?.then_some(()).with_context(gone)?;
        Ok(Self { home: home.clone(), settings, supervisor: supervisor.pid, lan, nodes, pods })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.home.name()
    }

    /// Its directory.
    pub fn directory(&self) -> &Path {
        self.home.path()
    }

    /// Its directory, with what is where in it.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// What it was asked to be.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The process whose end is the lab's.
    pub fn supervisor(&self) -> i32 {
        self.supervisor
    }

    /// The network namespace between the nodes: a bridge with a port for each, `veth3` for 172.18.0.3.
    pub fn lan(&self) -> &Namespace {
        &self.lan
    }

    /// Its nodes, the control plane first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The pods of all nodes.
    pub fn pods(&self) -> &[Pod] {
        &self.pods
    }

    /// The node of this name.
    pub fn node(&self, name: &str) -> Result<&Node> {
        self.nodes.iter().find(|node| node.name() == name).with_context(|| {
            format!("lab `{}` has no node `{name}`: it has {}", self.name(), names(&self.nodes, Node::name))
        })
    }

    /// The pod of this name.
    pub fn pod(&self, name: &str) -> Result<&Pod> {
        self.pods.iter().find(|pod| pod.name() == name).with_context(|| {
            format!("lab `{}` has no pod `{name}`: it has {}", self.name(), names(&self.pods, Pod::name))
        })
    }

    /// The node or pod of this name.
    pub fn place(&self, name: &str) -> Result<&Place> {
        let node = self.nodes.iter().find(|node| node.name() == name).map(Node::place);
        let pod = || self.pods.iter().find(|pod| pod.name() == name).map(Pod::place);
        node.or_else(pod).with_context(|| {
            let (nodes, pods) = (names(&self.nodes, Node::name), names(&self.pods, Pod::name));
            format!("lab `{}` has no node or pod `{name}`: it has {nodes}, {pods}", self.name())
        })
    }

    /// Ends or starts a node's daemon; returns when that is done, a start when the daemon is ready.
    pub fn daemon(&self, action: Daemon, node: &str) -> Result<()> {
        let node = self.node(node)?.name().to_owned();
        control::ask(&self.home, &Request::Daemon { action, node }).map(drop)
    }

    /// The numbers of the nodes' daemons, of those that run.
    pub fn daemons(&self) -> Result<Vec<control::DaemonState>> {
        self.states().map(|(daemons, _)| daemons)
    }

    /// What became of what pods say to each other, and whether they do.
    pub fn traffic(&self) -> Result<control::TrafficState> {
        self.states().map(|(_, traffic)| traffic)
    }

    /// Has pods talk to each other, as with `up --traffic`, or be silent; then nothing of it is under way any more.
    pub fn set_traffic(&self, is_on: bool) -> Result<()> {
        control::ask(&self.home, &Request::Traffic { is_on }).map(drop)
    }

    /// What its supervisor knows.
    pub(crate) fn states(&self) -> Result<(Vec<control::DaemonState>, control::TrafficState)> {
        match control::ask(&self.home, &Request::Status)? {
            Reply::Status { daemons, traffic } => Ok((daemons, traffic)),
            Reply::Done | Reply::Failed { .. } => Ok((Vec::new(), control::TrafficState::default())),
        }
    }
}

fn names<T>(of: &[T], name: impl Fn(&T) -> &str) -> String {
    of.iter().map(name).collect::<Vec<_>>().join(", ")
}
