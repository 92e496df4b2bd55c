//! What a daemon says again and again.

use wgtrace_api::v1::{
    DropTotal, DropsReply, Interface, InterfacesReply, LedgerReply, LedgerRow, Loss, NodeEntry, NodesReply,
    Peer, PeersReply, PodDrops, Session, SessionsReply,
};

use super::{CONTROL, KEY, NOW, SECOND, WORKER, WORKER2};

pub(super) fn ledger(node: &str, time: i64) -> LedgerReply {
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

pub(super) fn peers() -> PeersReply {
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

pub(super) fn nodes() -> NodesReply {
    let entry = |name: &str, address: &str, pods: &str, public_key: &str| NodeEntry {
        name: name.into(),
        address: address.into(),
        pod_cidrs: vec![pods.into()],
        public_key: public_key.into(),
        own: name == WORKER,
        refused: String::new(),
    };
    let nodes = vec![
        entry(WORKER, "172.18.0.3", "10.0.1.0/24", "kcjf58uzouiqXqOtIjMrSJ6v0zUFznOzRVatnoCX0j8="),
        entry(WORKER2, "172.18.0.4", "10.0.2.0/24", KEY),
        entry("cilium-wireguard-worker3", "172.18.0.5", "10.0.3.0/24", ""),
    ];
    NodesReply { nodes }
}

pub(super) fn interfaces() -> InterfacesReply {
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

pub(super) fn drops() -> DropsReply {
    let pods = vec![PodDrops { pod: "default/net".into(), packets: 7 }];
    DropsReply {
        node: WORKER.into(),
        time: NOW,
        totals: vec![
            DropTotal { reason: 132, hook: "from-container".into(), packets: 9, bytes: 756, pods },
            DropTotal {
                reason: 195,
                hook: "to-netdev".into(),
                packets: 12_345,
                bytes: 1_234_567,
                pods: vec![],
            },
            DropTotal { reason: 151, hook: "to-netdev".into(), ..Default::default() },
        ],
        losses: vec![Loss { cause: "no session with the peer".into(), count: 4 }],
        leaks: 2,
    }
}

pub(super) fn session() -> SessionsReply {
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
        missed: 0,
    }
}
