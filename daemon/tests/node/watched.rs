//! What the daemon tells of packets, over its socket.

use tokio::runtime::Runtime;
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status, Streaming};
use wgtrace_api::v1::observer_client::ObserverClient;
use wgtrace_api::v1::{EncryptionState, FlowsReply, FlowsRequest, Packet, PacketsReply, PacketsRequest};
use wgtrace_testbed::{Namespace, ping};

use crate::world::{Node, WAIT};

struct World {
    node: Node,
    net: Namespace,
    _cni: Namespace,
    runtime: Runtime,
}

impl World {
    /// A node with two pods.
    fn new(more: &str) -> Self {
        let node = Node::up(more);
        let [net, cni] = [Namespace::new().unwrap(), Namespace::new().unwrap()];
        node.add("net", &net, "IP=10.0.1.203;K8S_POD_NAME=net;K8S_POD_NAMESPACE=default").unwrap();
        node.add("cni", &cni, "IP=10.0.1.54;K8S_POD_NAME=cni;K8S_POD_NAMESPACE=default").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { node, net, _cni: cni, runtime }
    }

    fn client(&self) -> ObserverClient<Channel> {
        let socket = format!("unix://{}", self.node.socket().display());
        let channel = self.runtime.block_on(Endpoint::from_shared(socket).unwrap().connect()).unwrap();
        ObserverClient::new(channel).max_decoding_message_size(64 << 20)
    }

    fn packets(&self, hooks: &[&str], snaplen: u32) -> Streaming<PacketsReply> {
        let hooks = hooks.iter().map(ToString::to_string).collect();
        let request = PacketsRequest { hooks, snaplen, filter: "icmp".into(), ..Default::default() };
        self.runtime.block_on(self.client().packets(request)).unwrap().into_inner()
    }

    fn refused(&self, request: PacketsRequest) -> Status {
        self.runtime.block_on(self.client().packets(request)).unwrap_err()
    }

    fn flows(&self) -> Streaming<FlowsReply> {
        let request = FlowsRequest { interval: 50_000_000, ..Default::default() };
        self.runtime.block_on(self.client().flows(request)).unwrap().into_inner()
    }

    /// The next reply.
    fn next<T>(&self, stream: &mut Streaming<T>) -> T {
        let next = self.runtime.block_on(async { timeout(WAIT, stream.message()).await });
        next.expect("a reply comes").unwrap().expect("the stream goes on")
    }

    /// Packets until there are `count`.
    fn take(&self, stream: &mut Streaming<PacketsReply>, count: usize) -> Vec<Packet> {
        let mut packets = Vec::new();
        while packets.len() < count {
            packets.extend(self.next(stream).packets);
        }
        packets
    }

    fn ping(&self, count: u16) {
        self.net.run(|| ping("10.0.1.54".parse().unwrap(), count, 56)).unwrap().unwrap();
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_ping_between_pods_is_told_packet_by_packet_and_as_one_flow() {
    let world = World::new("");
    let mut packets = world.packets(&["from-container", "to-container"], 128);
    let mut flows = world.flows();
    assert!(world.next(&mut flows).snapshot);
    world.ping(3);
    let seen = world.take(&mut packets, 12);
    let hooks: Vec<_> = seen.iter().take(4).map(|packet| packet.hook.as_str()).collect();
    assert_eq!(hooks, ["from-container", "to-container", "from-container", "to-container"]);
    let [first, ..] = &seen[..] else { unreachable!() };
    let source = first.source.as_ref().unwrap();
    assert_eq!((source.address.as_str(), source.pod.as_str()), ("10.0.1.203", "default/net"));
    assert_eq!((source.node.as_str(), first.node.as_str()), ("worker", "worker"));
    assert!(first.interface.starts_with("lxc") && first.verdict == "redirected", "{first:?}");
    assert_eq!(first.icmp.as_ref().map(|icmp| (icmp.r#type, icmp.sequence)), Some((8, 0)));
    assert!(first.summary.starts_with("IP 10.0.1.203 > 10.0.1.54: ICMP echo request"), "{}", first.summary);
    assert_eq!(first.bytes.len(), 98, "root gets the payload");

    let flow = loop {
        let reply = world.next(&mut flows);
        let flow = reply.flows.into_iter().find(|flow| flow.protocol == 1);
        if let Some(flow) = flow.filter(|flow| flow.hops.len() == 4 && sum(flow) == 12) {
            break flow;
        }
    };
    assert_eq!(flow.source.as_ref().unwrap().pod, "default/net");
    assert_eq!(flow.destination.as_ref().unwrap().pod, "default/cni");
    assert_eq!(flow.encryption(), EncryptionState::None);
    assert!(flow.rtt != 0 && flow.hops.iter().all(|hop| !hop.sealed), "{flow:?}");
    let told = world.refused(PacketsRequest { filter: "icmp and prot 3".into(), ..Default::default() });
    assert_eq!((told.code(), &told.message()[..9]), (Code::InvalidArgument, "column 10"), "{told}");
}

fn sum(flow: &wgtrace_api::v1::Flow) -> u64 {
    let counts = flow.hops.iter().flat_map(|hop| [&hop.forward, &hop.backward]).flatten();
    counts.map(|count| count.packets).sum()
}
