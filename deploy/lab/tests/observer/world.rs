//! A lab of the test's own, and what its daemons are asked.

use std::fmt::Debug;
use std::process::Command;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::timeout;
use tonic::Streaming;
use tonic::transport::{Channel, Endpoint};
use wgtrace_api::v1::node_client::NodeClient;
use wgtrace_api::v1::observer_client::ObserverClient;
use wgtrace_api::v1::{
    DropsReply, DropsRequest, Flow, FlowsReply, FlowsRequest, Packet, PacketsReply, PacketsRequest, Peer,
    PeersRequest,
};
use wgtrace_lab::{Home, Lab, Room};

/// A lab that ends with this value.
pub(crate) struct World {
    pub(crate) lab: Lab,
    room: Room,
    pub(crate) runtime: Runtime,
}

impl World {
    pub(crate) fn up() -> Self {
        let room = Room::new(env!("CARGO_BIN_EXE_wgtrace-lab")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { lab: room.up(NAME, &[]).unwrap(), room, runtime }
    }

    /// `wgtrace` and its arguments in a shell, for all nodes of this lab.
    pub(crate) fn wgtrace(&self, line: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(line.replace("wgtrace ", "\"$WGTRACE_PROGRAM\" "));
        command.env("WGTRACE_PROGRAM", self.room.program("wgtrace"));
        command.env(Home::DIRECTORY, self.room.directory());
        command
    }

    /// Where labs are.
    pub(crate) fn room(&self) -> &Room {
        &self.room
    }

    pub(crate) fn client(&self, node: &str) -> ObserverClient<Channel> {
        ObserverClient::new(self.channel(node))
    }

    /// The peer of a node that is another one, as it is known now.
    pub(crate) fn peer(&self, node: &str, other: &str) -> Peer {
        let mut client = NodeClient::new(self.channel(node));
        let peers = self.runtime.block_on(client.peers(PeersRequest {})).unwrap().into_inner().peers;
        peers.into_iter().find(|peer| peer.node == other).expect("a peer")
    }

    fn channel(&self, node: &str) -> Channel {
        let socket = format!("unix://{}", self.lab.node(node).unwrap().socket().display());
        self.runtime.block_on(Endpoint::from_shared(socket).unwrap().connect()).unwrap()
    }

    pub(crate) fn packets(&self, node: &str, filter: &str) -> Streaming<PacketsReply> {
        self.packets_at(node, &[], PacketsRequest { filter: filter.to_owned(), ..Default::default() })
    }

    /// Packets at some hooks, or at all if there are none.
    pub(crate) fn packets_at(
        &self,
        node: &str,
        hooks: &[&str],
        request: PacketsRequest,
    ) -> Streaming<PacketsReply> {
        let request = PacketsRequest { hooks: hooks.iter().map(ToString::to_string).collect(), ..request };
        self.runtime.block_on(self.client(node).packets(request)).unwrap().into_inner()
    }

    /// What a node says of drops and leaks now.
    pub(crate) fn drops(&self, node: &str) -> DropsReply {
        let mut client = self.client(node);
        let mut stream = self.runtime.block_on(client.drops(DropsRequest::default())).unwrap().into_inner();
        self.runtime.block_on(stream.message()).unwrap().unwrap()
    }

    /// The next reply, if it comes soon.
    pub(crate) fn soon<T>(&self, stream: &mut Streaming<T>) -> Option<T> {
        let next = self.runtime.block_on(async { timeout(SOON, stream.message()).await });
        next.ok().map(|reply| reply.unwrap().expect("the stream goes on"))
    }

    /// The first reply that is as it should be.
    pub(crate) fn until<T: Debug>(&self, stream: &mut Streaming<T>, is_it: impl Fn(&T) -> bool) -> T {
        let mut others = Vec::new();
        loop {
            let next = self.runtime.block_on(async { timeout(PATIENCE, stream.message()).await });
            let reply = next.unwrap_or_else(|_| unreachable!("no such reply: {others:#?}")).unwrap().unwrap();
            if is_it(&reply) {
                return reply;
            }
            others.push(reply);
        }
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

pub(crate) const NAME: &str = "observer";
pub(crate) const WORKER: &str = "cilium-wireguard-worker";
pub(crate) const WORKER2: &str = "cilium-wireguard-worker2";
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
const SOON: Duration = Duration::from_millis(300);
pub(crate) const CONTROL_PLANE: &str = "cilium-wireguard-control-plane";
