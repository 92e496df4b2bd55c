//! A node with two pods, and a client of its daemon.

use std::time::Instant;

use tokio::runtime::Runtime;
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, Streaming};
use wgtrace_api::v1::observer_client::ObserverClient;
use wgtrace_api::v1::{
    FlowsReply, FlowsRequest, LedgerReply, LedgerRequest, Packet, PacketsReply, PacketsRequest,
};
use wgtrace_testbed::{Namespace, ping};

use crate::world::{Node, WAIT};

pub(crate) struct World {
    pub(crate) node: Node,
    pub(crate) net: Namespace,
    _cni: Namespace,
    pub(crate) runtime: Runtime,
}

impl World {
    /// A node with two pods.
    pub(crate) fn new(more: &str) -> Self {
        let node = Node::up(more);
        let [net, cni] = [Namespace::new().unwrap(), Namespace::new().unwrap()];
        node.add("net", &net, "IP=10.0.1.203;K8S_POD_NAME=net;K8S_POD_NAMESPACE=default").unwrap();
        node.add("cni", &cni, "IP=10.0.1.54;K8S_POD_NAME=cni;K8S_POD_NAMESPACE=default").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { node, net, _cni: cni, runtime }
    }

    pub(crate) fn client(&self) -> ObserverClient<Channel> {
        let socket = format!("unix://{}", self.node.socket().display());
        let channel = self.runtime.block_on(Endpoint::from_shared(socket).unwrap().connect()).unwrap();
        ObserverClient::new(channel).max_decoding_message_size(64 << 20)
    }

    pub(crate) fn packets(&self, hooks: &[&str], snaplen: u32) -> Streaming<PacketsReply> {
        let hooks = hooks.iter().map(ToString::to_string).collect();
        let request = PacketsRequest { hooks, snaplen, filter: "icmp".into(), ..Default::default() };
        self.runtime.block_on(self.client().packets(request)).unwrap().into_inner()
    }

    pub(crate) fn refused(&self, request: PacketsRequest) -> Status {
        self.runtime.block_on(self.client().packets(request)).unwrap_err()
    }

    pub(crate) fn flows(&self) -> Streaming<FlowsReply> {
        let request = FlowsRequest { interval: 50_000_000, ..Default::default() };
        self.runtime.block_on(self.client().flows(request)).unwrap().into_inner()
    }

    /// The next reply.
    pub(crate) fn next<T>(&self, stream: &mut Streaming<T>) -> T {
        let next = self.runtime.block_on(async { timeout(WAIT, stream.message()).await });
        next.expect("a reply comes").unwrap().expect("the stream goes on")
    }

    /// Packets until there are `count`.
    pub(crate) fn take(&self, stream: &mut Streaming<PacketsReply>, count: usize) -> Vec<Packet> {
        let mut packets = Vec::new();
        while packets.len() < count {
            packets.extend(self.next(stream).packets);
        }
        packets
    }

    pub(crate) fn ping(&self, count: u16) {
        self.net.run(|| ping("10.0.1.54".parse().unwrap(), count, 56)).unwrap().unwrap();
    }

    /// Account of events as it stands.
    pub(crate) fn ledger(&self) -> LedgerReply {
        let request = LedgerRequest { interval: 50_000_000 };
        let mut stream = self.runtime.block_on(self.client().ledger(request)).unwrap().into_inner();
        self.next(&mut stream)
    }

    /// The account when it does not move any more.
    pub(crate) fn settled(&self) -> LedgerReply {
        let until = Instant::now() + WAIT;
        loop {
            let (before, after) = (self.ledger(), self.ledger());
            if produced(&before) == produced(&after) && after.balanced {
                return after;
            }
            assert!(Instant::now() < until, "{after:?}");
        }
    }
}

pub(crate) fn produced(ledger: &LedgerReply) -> u64 {
    ledger.rows.iter().map(|row| row.produced).sum()
}
