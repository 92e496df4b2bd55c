//! The node in the words of the contract.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use wgtrace_api::{CONTRACT, v1};
use wgtrace_decrypt::keypair::Role;
use wgtrace_tunnel::PeerStatus;

use crate::datapath::Desired;
use crate::datapath::bpf::Counted;
use crate::datapath::desired::{HOST, NET, TUNNEL};
use crate::datapath::observed::Link;
use crate::datapath::state::show_mac;
use crate::endpoints::Endpoint;
use crate::node::Node;
use crate::probe::ring::RingSettings;
use crate::registry::{Entry, Roster};
use crate::watch::{Tallies, Watch};
use crate::wireguard::WireGuard;

pub(super) async fn status(
    node: &mut Node,
    counts: &Counted,
    watch: &Watch,
    refused: [(&'static str, u64); 2],
) -> Result<v1::StatusReply> {
    let mut losses = Vec::new();
    for (hook, reason, metric) in &counts.fates {
        if let Some(reason) = reason {
            losses.push(v1::Loss { cause: format!("{}: {reason}", hook.name()), count: metric.packets });
        }
    }
    losses.extend(counted([(LEAK, counts.leaks.packets)].into_iter().chain(refused)));
    losses.extend(other_losses(node).await);
    let device = node.device().map(WireGuard::status);
    let config = node.config();
    let pool = node.endpoints().pool();
    Ok(v1::StatusReply {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        contract: CONTRACT,
        node: config.node_name.to_string(),
        cluster: config.cluster_name.to_string(),
        started: node.started(),
        faults: node.faults().iter().cloned().chain(watch.fault()).collect(),
        encryption: Some(v1::Encryption {
            enabled: config.encryption.is_some(),
            device: device.as_ref().map(|device| device.name.to_string()).unwrap_or_default(),
            public_key: node.public_key().map(|key| key.to_string()).unwrap_or_default(),
            port: device.as_ref().map(|device| device.listen_port.into()).unwrap_or_default(),
            peers: number(device.as_ref().map(|device| device.peers.len()).unwrap_or_default()),
            backend: "user".to_owned(),
        }),
        ipam: Some(v1::Ipam {
            pod_cidr: pool.cidr(),
            allocated: u32::try_from(pool.allocated()).unwrap_or(u32::MAX),
            size: u32::try_from(pool.size()).unwrap_or(u32::MAX),
        }),
        masquerading: true,
        losses,
        cpus: number(std::thread::available_parallelism()?.get()),
        ring_pages: RingSettings::default().pages_per_cpu,
        page_bytes: number(rustix::param::page_size()),
        flows: Some(watch.flow_table()),
    })
}

/// What no program of ours has counted.
async fn other_losses(node: &mut Node) -> Vec<v1::Loss> {
    let of_kernel = node.kernel_losses().await.into_iter();
    let mut losses: Vec<_> = of_kernel.map(|(cause, count)| v1::Loss { cause, count }).collect();
    if let Some(device) = node.device().map(WireGuard::status) {
        losses.extend(counted(device.losses.iter().map(|(cause, count)| (*cause, *count))));
    }
    losses
}

pub(super) async fn drops(node: &mut Node, counts: &Counted, tallies: &Tallies) -> v1::DropsReply {
    let mut totals = Vec::new();
    for (hook, reason, metric) in &counts.fates {
        let Some(reason) = reason else { continue };
        let pods = tallies.pods(*hook, *reason).into_iter();
        totals.push(v1::DropTotal {
            reason: reason.0.into(),
            hook: hook.name().to_owned(),
            packets: metric.packets,
            bytes: metric.bytes,
            pods: pods.map(|(pod, packets)| v1::PodDrops { pod: pod.to_owned(), packets }).collect(),
        });
    }
    let mut losses = other_losses(node).await;
    if let Some(device) = node.device().map(WireGuard::status) {
        for peer in &device.peers {
            let name = node_of(node.roster(), peer);
            let named = counted(peer.drops.iter().map(|(cause, count)| (cause.text(), count)));
            losses.extend(named.map(|loss| v1::Loss { cause: format!("{name}: {}", loss.cause), ..loss }));
        }
    }
    v1::DropsReply {
        node: node.config().node_name.to_string(),
        time: now(),
        totals,
        losses,
        leaks: counts.leaks.packets,
    }
}

/// Nanoseconds since 1970.
pub(super) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_nanos()).unwrap_or(i64::MAX)
}

/// The node that a peer is, or its key when nobody knows.
fn node_of(roster: &Roster, peer: &PeerStatus) -> String {
    let entry = roster.nodes().values().find(|entry| entry.public_key == Some(peer.public_key));
    entry.map_or_else(|| peer.public_key.to_string(), |entry| entry.name.to_string())
}

pub(super) async fn interfaces(node: &mut Node) -> Result<v1::InterfacesReply> {
    let observed = node.kernel().observe(&Desired::nothing()).await?;
    let attached = node.forwarding().attached()?;
    let mut interfaces: Vec<_> = observed
        .links
        .iter()
        .map(|(name, link)| {
            let name = name.as_str();
            let addresses = observed.addresses.iter().filter(|addr| addr.device.as_str() == name);
            let programs = attached.iter().filter(|at| at.ifindex == link.index);
            let programs = programs.filter_map(|at| wgtrace_abi::names::forwarder(at.hook));
            let endpoint = node.endpoints().all().find(|endpoint| endpoint.host_device == name);
            v1::Interface {
                name: name.to_owned(),
                index: link.index,
                role: role(node, name, endpoint.is_some()).to_owned(),
                up: link.up,
                mtu: link.mtu,
                mac: mac(link),
                addresses: addresses.map(|address| format!("{}/{}", address.addr, address.len)).collect(),
                programs: programs.map(str::to_owned).collect(),
                container_id: endpoint.map(|it| it.key.container_id().to_owned()).unwrap_or_default(),
            }
        })
        .collect();
    interfaces.sort_by_key(|interface| interface.index);
    Ok(v1::InterfacesReply { interfaces })
}

fn mac(link: &Link) -> String {
    link.mac.map(show_mac).unwrap_or_default()
}

fn role(node: &Node, name: &str, is_pods: bool) -> &'static str {
    match name {
        HOST => "host",
        NET => "net",
        TUNNEL => "wireguard",
        _ if is_pods => "pod",
        _ if name == node.config().device.as_str() => "native",
        _ => "other",
    }
}

pub(super) fn peers(node: &Node) -> v1::PeersReply {
    let Some(device) = node.device() else { return v1::PeersReply::default() };
    let peers = device.status().peers;
    v1::PeersReply { peers: peers.iter().map(|status| peer(node.roster(), status)).collect() }
}

pub(super) fn peer(roster: &Roster, status: &PeerStatus) -> v1::Peer {
    let name = roster.nodes().values().find(|entry| entry.public_key == Some(status.public_key));
    v1::Peer {
        public_key: status.public_key.to_string(),
        node: name.map(|entry| entry.name.to_string()).unwrap_or_default(),
        endpoint: status.endpoint.map(|endpoint| endpoint.to_string()).unwrap_or_default(),
        allowed_ips: status.allowed_ips.iter().map(ToString::to_string).collect(),
        last_handshake: status.tally.last_handshake.unwrap_or(0),
        rx_bytes: status.tally.rx_bytes,
        tx_bytes: status.tally.tx_bytes,
        session: status.session.map(|session| v1::Session {
            initiator: session.role == Role::Initiator,
            local_index: session.local.0,
            remote_index: session.remote.0,
            age: u64::try_from(session.age.as_nanos()).unwrap_or(u64::MAX),
            sent: session.sent,
            received: session.received,
        }),
        losses: counted(status.drops.iter().map(|(cause, count)| (cause.text(), count))).collect(),
        staged: number(status.staged),
    }
}

pub(super) fn nodes(roster: &Roster) -> v1::NodesReply {
    let own = std::iter::once((roster.own(), true));
    let all = own.chain(roster.nodes().values().map(|entry| (entry, false)));
    let believed = all.map(|(entry, own)| node_entry(entry, own));
    let refused = roster.refused().iter().map(|(name, refusal)| v1::NodeEntry {
        name: name.clone(),
        refused: refusal.to_string(),
        ..Default::default()
    });
    v1::NodesReply { nodes: believed.chain(refused).collect() }
}

fn node_entry(entry: &Entry, own: bool) -> v1::NodeEntry {
    v1::NodeEntry {
        name: entry.name.to_string(),
        address: entry.addresses.first().map(ToString::to_string).unwrap_or_default(),
        pod_cidrs: entry.pod_cidrs.iter().map(ToString::to_string).collect(),
        public_key: entry.public_key.map(|key| key.to_string()).unwrap_or_default(),
        own,
        refused: String::new(),
    }
}

pub(super) fn endpoint(node: &Node, endpoint: &Endpoint) -> v1::Endpoint {
    v1::Endpoint {
        container_id: endpoint.key.container_id().to_owned(),
        interface: endpoint.key.interface().to_owned(),
        netns: endpoint.netns.display().to_string(),
        address: endpoint.address.to_string(),
        router: node.config().router_ip.to_string(),
        host_device: endpoint.host_device.clone(),
        mac: show_mac(endpoint.mac),
        host_mac: show_mac(endpoint.host_mac),
        mtu: node.device_mtu(),
        route_mtu: node.route_mtu(),
        pod: endpoint.pod.clone(),
        namespace: endpoint.namespace.clone(),
    }
}

/// What happened at all.
fn counted<'a>(losses: impl Iterator<Item = (&'a str, u64)>) -> impl Iterator<Item = v1::Loss> {
    let happened = losses.filter(|(_, count)| *count > 0);
    happened.map(|(cause, count)| v1::Loss { cause: cause.to_owned(), count })
}

/// Of what was not lost, but should have been.
const LEAK: &str = "tap-out: LEAK, left in the clear and had to be encrypted";

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
