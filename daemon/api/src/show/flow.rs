use wgtrace_abi::hook::Attachment;
use wgtrace_flow::Flow;
use wgtrace_flow::table::{Count, Guise, HookCount};
use wgtrace_flow::time::WallOffset;

use super::{Names, way};
use crate::v1;

/// A flow as it stands.
pub fn flow(flow: &Flow<'_>, around: &impl Names, wall: WallOffset) -> v1::Flow {
    let (source, destination) = flow.addresses();
    let ports = flow.ports();
    let retransmissions = [flow.forward(), flow.forward().reverse()]
        .map(|direction| flow.retransmissions(direction))
        .into_iter()
        .fold(0, u32::saturating_add);
    let mut hops: Vec<HookCount> = flow.hooks().collect();
    way::order(&mut hops);
    let encryption = encryption(flow, &hops);
    let peer = if flow.is_wireguard() {
        around.peer_at(destination).or_else(|| around.peer_at(source))
    } else if encryption == v1::EncryptionState::Encrypted {
        around.peer_of(destination).or_else(|| around.peer_of(source))
    } else {
        None
    };
    v1::Flow {
        id: flow.id().number(),
        node: around.node().to_owned(),
        source: Some(around.party(source, ports.map(|(source, _)| source))),
        destination: Some(around.party(destination, ports.map(|(_, destination)| destination))),
        protocol: flow.protocol().0.into(),
        echo_id: flow.key().echo_id().map_or(0, u32::from),
        tcp_state: flow.tcp_state().map(|state| state.name().to_owned()).unwrap_or_default(),
        rtt: flow.rtt().map_or(0, |rtt| nanoseconds(rtt.total().unwrap_or(rtt.responder))),
        retransmissions,
        first: wall.wall(flow.first_seen()),
        last: wall.wall(flow.last_seen()),
        hops: hops.iter().map(|hop| self::hop(hop, around, wall)).collect(),
        encryption: encryption.into(),
        peer: peer.map(|peer| peer.key.to_owned()).unwrap_or_default(),
        peer_node: peer.map(|peer| peer.node.to_owned()).unwrap_or_default(),
        wireguard: flow.is_wireguard(),
        drops: flow
            .drops()
            .iter()
            .map(|drop| v1::FlowDrop {
                reason: drop.reason.0.into(),
                hook: drop.hook.name().to_owned(),
                packets: drop.packets,
            })
            .collect(),
    }
}

/// What became of its packets at native devices, which are those that are tapped.
fn encryption(flow: &Flow<'_>, hops: &[HookCount]) -> v1::EncryptionState {
    let at = |guise: Guise| {
        let place = |hop: &&HookCount| hop.place.hook.attachment() == Attachment::Socket;
        hops.iter().filter(place).any(|hop| hop.place.guise == guise)
    };
    if at(Guise::Leaked) {
        v1::EncryptionState::Leak
    } else if at(Guise::Plain) {
        // ciphertext of sessions that are not this node's is encrypted all the same
        if flow.is_wireguard() { v1::EncryptionState::Encrypted } else { v1::EncryptionState::Clear }
    } else if at(Guise::Sealed) {
        v1::EncryptionState::Encrypted
    } else {
        v1::EncryptionState::None
    }
}

fn hop(hop: &HookCount, around: &impl Names, wall: WallOffset) -> v1::Hop {
    v1::Hop {
        interface: around.interface(hop.place.ifindex).to_owned(),
        ifindex: hop.place.ifindex,
        hook: hop.place.hook.name().to_owned(),
        sealed: hop.place.guise == Guise::Sealed,
        forward: Some(count(hop.forward)),
        backward: Some(count(hop.backward)),
        first: wall.wall(hop.first),
        last: wall.wall(hop.last),
    }
}

fn count(count: Count) -> v1::Count {
    v1::Count { packets: count.packets, bytes: count.bytes }
}

fn nanoseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
