//! A lab of the test's own, and what it is asked.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tonic::Response;
use tonic::transport::{Channel, Endpoint};
use wgtrace_api::v1::node_client::NodeClient;
use wgtrace_api::v1::{NodesRequest, PeersRequest, StatusReply};
use wgtrace_lab::control::Daemon;
use wgtrace_lab::{Lab, Node, Pod, Room, ask_status};
use wgtrace_testbed::within;

/// A lab that ends with this value.
pub(crate) struct World {
    pub(crate) lab: Lab,
    room: Room,
}

impl World {
    pub(crate) fn up() -> Self {
        Self::with(&[])
    }

    /// The same without encryption.
    pub(crate) fn in_clear() -> Self {
        Self::with(&["--encryption", "off"])
    }

    fn with(options: &[&str]) -> Self {
        let room = Room::new(env!("CARGO_BIN_EXE_wgtrace-lab")).unwrap();
        Self { lab: room.up(NAME, options).unwrap(), room }
    }

    /// Path of a program of ours.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.room.program(name)
    }

    pub(crate) fn node(&self, name: &str) -> &Node {
        self.lab.node(name).unwrap()
    }

    pub(crate) fn pod(&self, name: &str) -> &Pod {
        self.lab.pod(name).unwrap()
    }

    pub(crate) fn daemon(&self, action: Daemon, node: &str) {
        self.lab.daemon(action, node).unwrap();
    }

    pub(crate) fn status(&self, node: &str) -> StatusReply {
        ask_status(&self.node(node).socket()).unwrap()
    }

    /// How many packets a node has lost for causes that are called so.
    pub(crate) fn lost(&self, node: &str, cause: &str) -> u64 {
        let losses = self.status(node).losses;
        losses.iter().filter(|loss| loss.cause.contains(cause)).map(|loss| loss.count).sum()
    }

    /// Waits until a node's daemon has no fault and so many peers.
    pub(crate) fn wait_ready(&self, node: &str, peers: u32) {
        within(&format!("{node} is well, with {peers} peers"), || {
            let status = ask_status(&self.node(node).socket()).ok()?;
            let has = status.encryption.map_or(0, |encryption| encryption.peers);
            (status.faults.is_empty() && has == peers).then_some(())
        });
    }

    /// How many packets to its peers a node has lost for causes that are called so.
    pub(crate) fn lost_to_peers(&self, node: &str, cause: &str) -> u64 {
        let peers = self.ask(node, async |mut client| client.peers(PeersRequest {}).await).peers;
        let losses = peers.iter().flat_map(|peer| &peer.losses);
        losses.filter(|loss| loss.cause.contains(cause)).map(|loss| loss.count).sum()
    }

    /// Registry entries that a node does not believe, and why.
    pub(crate) fn refused(&self, node: &str) -> Vec<(String, String)> {
        let nodes = self.ask(node, async |mut client| client.nodes(NodesRequest {}).await).nodes;
        let refused = nodes.into_iter().filter(|node| !node.refused.is_empty());
        refused.map(|node| (node.name, node.refused)).collect()
    }

    fn ask<T>(
        &self,
        node: &str,
        ask: impl AsyncFnOnce(NodeClient<Channel>) -> Result<Response<T>, tonic::Status>,
    ) -> T {
        let server = format!("unix://{}", self.node(node).socket().display());
        let asked = async {
            let client = NodeClient::new(Endpoint::from_shared(server)?.connect().await?);
            Ok::<_, Box<dyn std::error::Error>>(ask(client).await?.into_inner())
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(asked).unwrap()
    }

    /// Path of a registry entry.
    pub(crate) fn entry(&self, name: &str) -> PathBuf {
        self.lab.home().registry().join(format!("{name}.json"))
    }

    /// Runs a program in a node's namespaces; what it prints.
    pub(crate) fn on(&self, node: &str, line: &str) -> String {
        let mut words = line.split_whitespace();
        let mut command = Command::new(words.next().unwrap());
        command.args(words).current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = self.node(node).spawn(&mut command).unwrap().wait_with_output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

const NAME: &str = "leak";
pub(crate) const CONTROL_PLANE: &str = "cilium-wireguard-control-plane";
pub(crate) const WORKER: &str = "cilium-wireguard-worker";
pub(crate) const WORKER2: &str = "cilium-wireguard-worker2";
/// Of the first worker.
pub(crate) const NET: &str = "net";
pub(crate) const LOCAL: &str = "cni-vk8fx";
/// Of the second.
pub(crate) const REMOTE: &str = "cni-7n2f9";
