//! A lab of the test's own, and what its daemons are asked.

use std::path::PathBuf;
use std::process::Command;
use std::thread;

use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tonic::Streaming;
use tonic::transport::{Channel, Endpoint};
use wgtrace_api::v1::observer_client::ObserverClient;
use wgtrace_api::v1::{Flow, FlowsReply, FlowsRequest, Packet, PacketsReply, PacketsRequest};
use wgtrace_lab::{Home, Lab};

/// A lab that ends with this value.
pub(crate) struct World {
    pub(crate) lab: Lab,
    directory: TempDir,
    pub(crate) runtime: Runtime,
}

impl World {
    pub(crate) fn up() -> Self {
        let programs = std::env::var_os("WGTRACE_PROGRAMS").map(PathBuf::from).expect(
            "WGTRACE_PROGRAMS names the directory of wgtraced and wgtrace-cni: `cargo xtask test netns` does that",
        );
        let directory = tempfile::tempdir().unwrap();
        let mut up = wgtrace_lab(&directory);
        let output = up.arg("up").arg("--programs").arg(&programs).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lab = Lab::attach_to(&Home::below(directory.path(), NAME).unwrap()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { lab, directory, runtime }
    }

    pub(crate) fn client(&self, node: &str) -> ObserverClient<Channel> {
        let socket = format!("unix://{}", self.lab.node(node).unwrap().socket().display());
        let channel = self.runtime.block_on(Endpoint::from_shared(socket).unwrap().connect()).unwrap();
        ObserverClient::new(channel)
    }

    pub(crate) fn packets(&self, node: &str, filter: &str) -> Streaming<PacketsReply> {
        let request = PacketsRequest { filter: filter.to_owned(), ..Default::default() };
        self.runtime.block_on(self.client(node).packets(request)).unwrap().into_inner()
    }

    pub(crate) fn flows(&self, node: &str, filter: &str) -> Streaming<FlowsReply> {
        let request = FlowsRequest { filter: filter.to_owned(), interval: 50_000_000 };
        self.runtime.block_on(self.client(node).flows(request)).unwrap().into_inner()
    }

    /// Packets until there are `count`.
    pub(crate) fn take(&self, stream: &mut Streaming<PacketsReply>, count: usize) -> Vec<Packet> {
        let mut packets = Vec::new();
        while packets.len() < count {
            let next = self.runtime.block_on(async { timeout(PATIENCE, stream.message()).await });
            let Ok(next) = next else {
                let hooks: Vec<_> = packets.iter().map(|packet: &Packet| packet.hook.as_str()).collect();
                unreachable!("{count} packets do not come: {hooks:?}");
            };
            packets.extend(next.unwrap().expect("the stream goes on").packets);
        }
        packets
    }

    /// The first flow that is as it should be, as it is then.
    pub(crate) fn flow(&self, stream: &mut Streaming<FlowsReply>, is_it: impl Fn(&Flow) -> bool) -> Flow {
        let mut last = Vec::new();
        loop {
            let next = self.runtime.block_on(async { timeout(PATIENCE, stream.message()).await });
            let reply = next.unwrap_or_else(|_| unreachable!("no such flow: {last:#?}")).unwrap().unwrap();
            last = reply.flows;
            if let Some(flow) = last.iter().find(|flow| is_it(flow)) {
                return flow.clone();
            }
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if thread::panicking() {
            for node in self.lab.nodes() {
                let log = std::fs::read_to_string(node.home().log()).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let last = lines.get(lines.len().saturating_sub(20)..).unwrap_or_default();
                eprintln!("{}:\n{}", node.name(), last.join("\n"));
            }
        }
        let down = wgtrace_lab(&self.directory).arg("down").output();
        if let Ok(output) = down
            && !output.status.success()
        {
            eprintln!("the lab stays: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

fn wgtrace_lab(directory: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wgtrace-lab"));
    command.env(Home::DIRECTORY, directory.path()).args(["--name", NAME]);
    command
}

const NAME: &str = "observer";
pub(crate) const WORKER: &str = "cilium-wireguard-worker";
pub(crate) const WORKER2: &str = "cilium-wireguard-worker2";
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
