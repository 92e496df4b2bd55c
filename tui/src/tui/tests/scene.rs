//! What three daemons of the walkthrough's cluster could say.

mod packets;
mod tables;

use wgtrace_api::v1::told::What;
use wgtrace_api::v1::{
    Count, EncryptionState, Flow, FlowDrop, FlowsReply, Hop, PacketsReply, Party, StatusReply, Told,
};

pub(super) use self::packets::ping_packets;
use self::tables::{drops, interfaces, ledger, nodes, peers, session};

/// 2024-07-06 09:12:30 UTC.
pub(super) const NOW: i64 = 1_720_257_150_000_000_000;
const SECOND: i64 = 1_000_000_000;
pub(super) const WORKER: &str = "cilium-wireguard-worker";
pub(super) const WORKER2: &str = "cilium-wireguard-worker2";
const CONTROL: &str = "cilium-wireguard-control-plane";
const KEY: &str = "IKwg++mojsgZ5mw3McPgcg5Cq9qe/dfNOz3det8U12o=";

/// As many flows and packets as this.
#[derive(Debug, Clone, Copy)]
pub(super) enum Load {
    Empty,
    Few,
    Many,
}

/// All that was told by now.
pub(super) fn scene(load: Load) -> Vec<Told> {
    let mut all: Vec<Told> = [WORKER, WORKER2, CONTROL].into_iter().map(hello).collect();
    let (mut flows, mut packets) = (Vec::new(), Vec::new());
    match load {
        Load::Empty => return all,
        Load::Few => {}
        Load::Many => {
            flows.extend((0..10_000).map(generated));
            packets.extend((0..10_000u32).map(|number| {
                let mut packet = ping_packets()[number as usize % 4].clone();
                packet.time = NOW - 2 * SECOND + i64::from(number) * 100_000;
                packet
            }));
        }
    }
    flows.extend(few());
    packets.extend(ping_packets());
    let later: Vec<Flow> = flows.iter().cloned().map(one_second_more).collect();
    for (node, time, told) in [(WORKER, NOW - SECOND, flows), (WORKER, NOW, later)] {
        let of_node = |name: &str| told.iter().filter(|flow| flow.node == name).cloned().collect::<Vec<_>>();
        let reply = |flows| FlowsReply { snapshot: time < NOW, flows, time, ..Default::default() };
        all.push(from(node, What::Flows(reply(of_node(WORKER)))));
        all.push(from(WORKER2, What::Flows(reply(of_node(WORKER2)))));
    }
    for time in [NOW - SECOND, NOW] {
        all.push(from(WORKER, What::Ledger(ledger(WORKER, time))));
    }
    all.push(from(WORKER, What::Packets(PacketsReply { packets, missed: 0, seen: 12 })));
    all.push(from(WORKER, What::Peers(peers())));
    all.push(from(WORKER, What::Nodes(nodes())));
    all.push(from(WORKER, What::Interfaces(interfaces())));
    all.push(from(WORKER, What::Drops(drops())));
    all.push(from(WORKER, What::Session(session())));
    all
}

/// One of three nodes goes.
pub(super) fn gone() -> Told {
    let reason = "no wgtraced answers at /run/wgtrace/wgtraced.sock: Connection refused".to_owned();
    Told { time: NOW - 12 * SECOND, ..from(WORKER2, What::Gone(reason)) }
}

pub(super) fn from(node: &str, what: What) -> Told {
    Told { from: node.to_owned(), time: NOW, what: Some(what) }
}

fn hello(node: &str) -> Told {
    let status = StatusReply { version: "0.1.0".into(), node: node.into(), ..Default::default() };
    Told { time: NOW - 40 * SECOND, ..from(node, What::Hello(status)) }
}

fn party(address: &str, port: u32, pod: &str, node: &str) -> Party {
    Party { address: address.into(), port, pod: pod.into(), node: node.into() }
}

fn hop(interface: &str, hook: &str, sealed: bool, packets: (u64, u64)) -> Hop {
    let count = |packets| Some(Count { packets, bytes: packets * 84 });
    Hop {
        interface: interface.into(),
        hook: hook.into(),
        sealed,
        forward: count(packets.0),
        backward: count(packets.1),
        first: NOW - 6 * SECOND,
        last: NOW - SECOND,
        ..Default::default()
    }
}

/// The ping from pod to pod, by both nodes; a download; a leak; a spoofed datagram; and what tunnels them.
pub(super) fn few() -> Vec<Flow> {
    let (net, cni) = (party("10.0.1.203", 0, "default/net", WORKER), party("10.0.2.194", 0, "", WORKER2));
    let times = |flow| Flow { first: NOW - 6 * SECOND, last: NOW - SECOND, ..flow };
    let ping = times(Flow {
        id: 1,
        node: WORKER.into(),
        source: Some(net.clone()),
        destination: Some(cni.clone()),
        protocol: 1,
        echo_id: 93,
        rtt: 762_000,
        hops: vec![
            hop("lxc12ab", "from-container", false, (5, 0)),
            hop("cilium_wg0", "to-wireguard", false, (5, 0)),
            hop("eth0", "tap-out", true, (5, 0)),
            hop("eth0", "tap-in", true, (0, 5)),
            hop("cilium_wg0", "from-wireguard", false, (0, 5)),
            hop("lxc12ab", "to-container", false, (0, 5)),
        ],
        encryption: EncryptionState::Encrypted.into(),
        peer: KEY.into(),
        peer_node: WORKER2.into(),
        ..Default::default()
    });
    let far = Flow {
        node: WORKER2.into(),
        destination: Some(Party { pod: "default/cni-7n2f9".into(), ..cni.clone() }),
        source: Some(Party { pod: String::new(), ..net.clone() }),
        rtt: 0,
        hops: vec![
            hop("eth0", "tap-in", true, (5, 0)),
            hop("cilium_wg0", "from-wireguard", false, (5, 0)),
            hop("lxc7f00", "to-container", false, (5, 0)),
            hop("lxc7f00", "from-container", false, (0, 5)),
        ],
        peer_node: WORKER.into(),
        ..ping.clone()
    };
    let download = times(Flow {
        id: 2,
        node: WORKER.into(),
        source: Some(Party { port: 40_112, ..net.clone() }),
        destination: Some(party("93.184.216.34", 443, "", "")),
        protocol: 6,
        tcp_state: "established".into(),
        rtt: 12_400_000,
        retransmissions: 3,
        hops: vec![
            hop("lxc12ab", "from-container", false, (1200, 0)),
            hop("eth0", "tap-out", false, (1200, 0)),
            hop("eth0", "tap-in", false, (0, 84_211)),
        ],
        encryption: EncryptionState::Clear.into(),
        ..Default::default()
    });
    let leak = times(Flow {
        id: 3,
        node: WORKER.into(),
        source: Some(Party { port: 5353, ..net.clone() }),
        destination: Some(Party { port: 53, ..cni.clone() }),
        protocol: 17,
        hops: vec![hop("lxc12ab", "from-container", false, (2, 0)), hop("eth0", "tap-out", false, (2, 0))],
        encryption: EncryptionState::Leak.into(),
        ..Default::default()
    });
    let spoofed = times(Flow {
        id: 4,
        node: WORKER.into(),
        source: Some(party("10.0.9.9", 0, "evil/\u{1b}[31mpöd\u{202e}漢字-with-a-very-long-name", WORKER)),
        destination: Some(cni),
        protocol: 17,
        hops: vec![hop("lxcdead", "from-container", false, (9, 0))],
        drops: vec![FlowDrop { reason: 132, hook: "from-container".into(), packets: 9 }],
        ..Default::default()
    });
    let tunnel = times(Flow {
        id: 5,
        node: WORKER.into(),
        source: Some(party("172.18.0.3", 51871, "", WORKER)),
        destination: Some(party("172.18.0.4", 51871, "", WORKER2)),
        protocol: 17,
        hops: vec![hop("eth0", "tap-out", false, (12, 0)), hop("eth0", "tap-in", false, (0, 11))],
        encryption: EncryptionState::Encrypted.into(),
        peer: KEY.into(),
        peer_node: WORKER2.into(),
        wireguard: true,
        ..Default::default()
    });
    vec![ping, far, download, leak, spoofed, tunnel]
}

/// One of very many, no two alike.
pub(super) fn generated(number: u64) -> Flow {
    let small = |by: u64, of: u64| u32::try_from(number / by % of).unwrap();
    let pod = format!("load/client-{:03}", number % 500);
    let address = format!("10.0.1.{}", number % 250);
    let packets = 3 + number * 7 % 1000;
    Flow {
        id: 1000 + number,
        node: if number.is_multiple_of(2) { WORKER } else { WORKER2 }.into(),
        source: Some(party(&address, 30_000 + small(1, 20_000), &pod, WORKER)),
        destination: Some(party(&format!("10.0.2.{}", number % 200), 80 + small(7, 5), "", WORKER2)),
        protocol: if number.is_multiple_of(3) { 17 } else { 6 },
        rtt: if number.is_multiple_of(3) { 0 } else { 200_000 + number * 1000 },
        first: NOW - SECOND * i64::try_from(number % 600).unwrap(),
        last: NOW - SECOND,
        hops: vec![
            hop(&format!("lxc{:04x}", number % 500), "from-container", false, (packets, 0)),
            hop("cilium_wg0", "to-wireguard", false, (packets, 0)),
            hop("eth0", "tap-out", true, (packets, 0)),
        ],
        encryption: EncryptionState::Encrypted.into(),
        peer: KEY.into(),
        peer_node: WORKER2.into(),
        ..Default::default()
    }
}

fn one_second_more(mut flow: Flow) -> Flow {
    for count in flow.hops.iter_mut().flat_map(|hop| [&mut hop.forward, &mut hop.backward]).flatten() {
        count.packets += count.packets / 4;
        count.bytes += count.bytes / 4;
    }
    flow
}
