//! What the daemon says, made before it is measured.

use prost::Message as _;
use tonic::codegen::Bytes;
use wgtrace_api::v1::{
    Count, EncryptionState, Flow, FlowsReply, Hop, IcmpHeader, LedgerReply, LedgerRow, Packet, PacketsReply,
    Party,
};

/// Flows of one message.
const AT_ONCE: u64 = 1000;
/// Packets of one message.
pub(super) const BATCH: u64 = 500;

/// A snapshot of so many flows, in messages of a thousand.
pub(super) fn snapshot(flows: u64, now: i64) -> Vec<Bytes> {
    let starts = (0..flows).step_by(usize::try_from(AT_ONCE).unwrap_or(1));
    let message = |start: u64| {
        let flows = (start..flows.min(start + AT_ONCE)).map(|number| flow(number, 10, now)).collect();
        encoded(&FlowsReply { snapshot: start == 0, flows, time: now, known: AT_ONCE, ..Default::default() })
    };
    starts.map(message).collect()
}

/// Some flows went on.
pub(super) fn delta(round: u64, flows: u64, changed: u64, now: i64) -> Bytes {
    let numbers = (0..changed).map(|at| (round * 7919 + at * 31) % flows.max(1));
    let flows = numbers.map(|number| flow(number, 20 + round * 3, now)).collect();
    encoded(&FlowsReply { flows, time: now, ..Default::default() })
}

/// A flow that was not there before, of a pod with this name.
pub(super) fn marker(name: &str, number: u64, now: i64) -> Bytes {
    let mut flow = flow((1 << 40) + number, 1, now);
    flow.first = now;
    flow.source = Some(Party { pod: format!("bench/{name}"), ..flow.source.unwrap_or_default() });
    encoded(&FlowsReply { flows: vec![flow], time: now, ..Default::default() })
}

/// The ledger as it is after so many events.
pub(super) fn ledger(produced: u64, now: i64) -> Bytes {
    let row =
        LedgerRow { hook: "from-container".into(), produced, delivered: produced, ..Default::default() };
    encoded(&LedgerReply {
        node: NODE.into(),
        time: now,
        rows: vec![row],
        balanced: true,
        ..Default::default()
    })
}

/// Packets, all in one message; `missed` and `seen` come behind them, as protobuf joins messages.
pub(super) fn packets() -> Bytes {
    let packets = (0..BATCH).map(packet).collect();
    encoded(&PacketsReply { packets, ..Default::default() })
}

/// The same with these counts.
pub(super) fn counted(packets: &Bytes, missed: u64, seen: u64) -> Bytes {
    let mut message = packets.to_vec();
    let counts = PacketsReply { packets: Vec::new(), missed, seen };
    // a vector takes everything
    let _ = counts.encode(&mut message);
    message.into()
}

fn flow(number: u64, packets: u64, now: i64) -> Flow {
    let hop = |interface: &str, hook: &str, sealed: bool, forward: u64, backward: u64| Hop {
        interface: interface.into(),
        hook: hook.into(),
        sealed,
        forward: Some(Count { packets: forward, bytes: forward * 84 }),
        backward: Some(Count { packets: backward, bytes: backward * 84 }),
        first: now - HOUR,
        last: now,
        ..Default::default()
    };
    let lxc = format!("lxc{:012x}", number % 400);
    Flow {
        id: number,
        node: NODE.into(),
        source: Some(party(1, number, 1024 + number % 60_000, format!("default/client-{}", number % 400))),
        destination: Some(party(2, number / 400, 80, String::new())),
        protocol: 6,
        tcp_state: "established".into(),
        rtt: 100_000 + number,
        first: now - HOUR - i64::try_from(number).unwrap_or(0),
        last: now,
        hops: vec![
            hop(&lxc, "from-container", false, packets, 0),
            hop("cilium_wg0", "to-wireguard", false, packets, 0),
            hop("eth0", "tap-out", true, packets, 0),
            hop("eth0", "tap-in", true, 0, packets),
            hop("cilium_wg0", "from-wireguard", false, 0, packets),
            hop(&lxc, "to-container", false, 0, packets),
        ],
        encryption: EncryptionState::Encrypted.into(),
        peer: "IKwg++mojsgZ5mw3McPgcg5Cq9qe/dfNOz3det8U12o=".into(),
        peer_node: "cilium-wireguard-worker2".into(),
        ..Default::default()
    }
}

fn packet(number: u64) -> Packet {
    Packet {
        node: NODE.into(),
        time: i64::try_from(number).unwrap_or(0),
        hook: "from-container".into(),
        interface: format!("lxc{:012x}", number % 400),
        ifindex: 7,
        mark: 0xe00,
        length: 98,
        verdict: "forwarded".into(),
        source: Some(party(1, number, 0, format!("default/client-{}", number % 400))),
        destination: Some(party(2, number, 0, String::new())),
        protocol: 1,
        ttl: 64,
        icmp: Some(IcmpHeader { r#type: 8, id: 93, ..Default::default() }),
        identity: number,
        bytes: vec![0x45; 98],
        sequence: number,
        summary: "IP 10.0.1.203 > 10.0.2.194: ICMP echo request, id 93, seq 0, length 64".into(),
        ..Default::default()
    }
}

fn party(net: u8, number: u64, port: u64, pod: String) -> Party {
    let address = format!("10.0.{net}.{}", number % 250);
    Party { address, port: u32::try_from(port).unwrap_or(0), pod, node: NODE.into() }
}

fn encoded(message: &impl prost::Message) -> Bytes {
    message.encode_to_vec().into()
}

pub(super) const NODE: &str = "cilium-wireguard-worker";
const HOUR: i64 = 3_600_000_000_000;
