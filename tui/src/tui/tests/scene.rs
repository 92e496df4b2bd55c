//! What three daemons of the walkthrough's cluster could say.

use wgtrace_api::v1::told::What;
use wgtrace_api::v1::{
    Count, DropTotal, DropsReply, EncryptionState, Flow, FlowDrop, FlowsReply, Hop, IcmpHeader, Interface,
    InterfacesReply, LedgerReply, LedgerRow, Loss, Packet, PacketsReply, Party, Peer, PeersReply, PodDrops,
    Session, SessionsReply, StatusReply, Told, WireguardMessage,
};

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
        node: if number % 2 == 0 { WORKER } else { WORKER2 }.into(),
        source: Some(party(&address, 30_000 + small(1, 20_000), &pod, WORKER)),
        destination: Some(party(&format!("10.0.2.{}", number % 200), 80 + small(7, 5), "", WORKER2)),
        protocol: if number % 3 == 0 { 17 } else { 6 },
        rtt: if number % 3 == 0 { 0 } else { 200_000 + number * 1000 },
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

/// An echo request on its way: in the pod's device, as ciphertext with what is inside, a handshake, a dropped one.
pub(super) fn ping_packets() -> Vec<Packet> {
    let request = hex(
        "4500005400014000400124d80a0001cb0a0002c208004cde005d0000\
         0001020304050607",
    );
    let outer = [hex("4500009c00010000401100000a0000010a0000024a9fca9f00880000"), hex("04000000"), hex("0a2903b5"), hex("0100000000000000"), vec![0xd7; 96]].concat();
    let common = Packet {
        node: WORKER.into(),
        time: NOW - 2 * SECOND + 280_618_000,
        cpu: 1,
        length: 84,
        protocol: 1,
        ttl: 64,
        verdict: "forwarded".into(),
        source: Some(party("10.0.1.203", 0, "default/net", WORKER)),
        destination: Some(party("10.0.2.194", 0, "", WORKER2)),
        ..Default::default()
    };
    let plain = Packet {
        hook: "from-container".into(),
        interface: "lxc12ab".into(),
        mark: 0xe00,
        icmp: Some(IcmpHeader { r#type: 8, id: 93, ..Default::default() }),
        bytes: request.clone(),
        summary: "IP 10.0.1.203 > 10.0.2.194: ICMP echo request, id 93, seq 0, length 64".into(),
        ..common.clone()
    };
    let message = WireguardMessage {
        kind: "TransportData".into(),
        receiver: 0xb503_290a,
        counter: 1,
        peer: KEY.into(),
        peer_node: WORKER2.into(),
        ..Default::default()
    };
    let sealed = Packet {
        hook: "tap-out".into(),
        interface: "eth0".into(),
        length: 156,
        protocol: 17,
        verdict: "unknown".into(),
        source: Some(party("172.18.0.3", 51871, "", WORKER)),
        destination: Some(party("172.18.0.4", 51871, "", WORKER2)),
        wireguard: Some(message.clone()),
        encryption: EncryptionState::Encrypted.into(),
        bytes: outer,
        inner: request,
        inner_source: common.source.clone(),
        inner_destination: common.destination.clone(),
        inner_protocol: 1,
        summary: "IP 172.18.0.3.51871 > 172.18.0.4.51871: WireGuard TransportData, receiver 0xb503290a, counter 1".into(),
        ..common.clone()
    };
    let initiation = Packet {
        wireguard: Some(WireguardMessage { kind: "Initiation".into(), sender: 0x0000_5eed, ..message }),
        bytes: Vec::new(),
        inner: Vec::new(),
        inner_source: None,
        inner_destination: None,
        length: 176,
        summary: "IP 172.18.0.3.51871 > 172.18.0.4.51871: WireGuard Initiation, sender 0x00005eed".into(),
        ..sealed.clone()
    };
    let dropped = Packet {
        hook: "from-container".into(),
        interface: "lxcdead".into(),
        verdict: "dropped".into(),
        drop_reason: 132,
        protocol: 17,
        summary: String::new(),
        ..common
    };
    vec![plain, initiation, sealed, dropped]
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn ledger(node: &str, time: i64) -> LedgerReply {
    let scale = if time < NOW { 1 } else { 2 };
    let row = |cpu, hook: &str, produced: u64, lost_full: u64| LedgerRow {
        cpu,
        hook: hook.into(),
        produced: produced * scale,
        delivered: (produced - lost_full) * scale,
        lost_full: lost_full * scale,
        ..Default::default()
    };
    let rows = vec![
        row(0, "from-container", 1240, 0),
        row(0, "tap-out", 121_209, 47_877),
        row(1, "to-wireguard", 1240, 0),
        row(1, "tap-in", 0, 0),
    ];
    LedgerReply { node: node.into(), time, rows, balanced: true, ..Default::default() }
}

fn peers() -> PeersReply {
    let peer = Peer {
        public_key: KEY.into(),
        node: WORKER2.into(),
        endpoint: "172.18.0.4:51871".into(),
        allowed_ips: vec!["10.0.2.0/24".into(), "172.18.0.4/32".into()],
        last_handshake: NOW - 131 * SECOND,
        rx_bytes: 476,
        tx_bytes: 12_628,
        session: Some(Session {
            initiator: true,
            local_index: 0x224b_ee8b,
            remote_index: 0xb503_290a,
            age: 131_000_000_000,
            sent: 9,
            received: 7,
        }),
        losses: vec![Loss { cause: "replayed messages".into(), count: 2 }],
        staged: 0,
    };
    let silent = Peer {
        public_key: "VaIbWwz8S4qnLKcCjfcLrkSh1Zwh7/HlnrzBdNpu+kE=".into(),
        node: CONTROL.into(),
        endpoint: "172.18.0.2:51871".into(),
        allowed_ips: vec!["10.0.0.0/24".into()],
        staged: 4,
        ..Default::default()
    };
    PeersReply { peers: vec![peer, silent] }
}

fn interfaces() -> InterfacesReply {
    let interface = |name: &str, index, role: &str, up, addresses: &[&str], programs: &[&str]| Interface {
        name: name.into(),
        index,
        role: role.into(),
        up,
        mtu: if role == "wireguard" { 1420 } else { 1500 },
        mac: "02:42:ac:12:00:03".into(),
        addresses: addresses.iter().map(|address| (*address).to_owned()).collect(),
        programs: programs.iter().map(|program| (*program).to_owned()).collect(),
        container_id: if role == "pod" { "6f1d2c".into() } else { String::new() },
    };
    let interfaces = vec![
        interface("eth0", 2, "native", true, &["172.18.0.3/16"], &["wgt_to_netdev", "wgt_from_netde"]),
        interface("cilium_host", 3, "host", true, &["10.0.1.1/32"], &["wgt_from_host"]),
        interface("cilium_wg0", 4, "wireguard", true, &[], &["wgt_to_wg", "wgt_from_wg"]),
        interface("lxc12ab", 7, "pod", false, &[], &["wgt_from_pod"]),
    ];
    InterfacesReply { interfaces }
}

fn drops() -> DropsReply {
    let pods = vec![PodDrops { pod: "default/net".into(), packets: 7 }];
    DropsReply {
        node: WORKER.into(),
        time: NOW,
        totals: vec![
            DropTotal { reason: 132, hook: "from-container".into(), packets: 9, bytes: 756, pods },
            DropTotal { reason: 195, hook: "to-netdev".into(), packets: 12_345, bytes: 1_234_567, pods: vec![] },
            DropTotal { reason: 151, hook: "to-netdev".into(), ..Default::default() },
        ],
        losses: vec![Loss { cause: "no session with the peer".into(), count: 4 }],
        leaks: 2,
    }
}

fn session() -> SessionsReply {
    SessionsReply {
        node: WORKER.into(),
        time: NOW,
        event: "confirmed".into(),
        peer: KEY.into(),
        peer_node: WORKER2.into(),
        endpoint: "172.18.0.4:51871".into(),
        initiator: true,
        local_index: 0x224b_ee8b,
        remote_index: 0xb503_290a,
    }
}
