//! What addresses, interfaces and peers are called, as of one moment.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Weak};

use wgtrace_abi::forward::Settings;
use wgtrace_api::filter::Peer as PeerName;
use wgtrace_api::show::Names;
use wgtrace_api::v1;
use wgtrace_decrypt::key::PublicKey;
use wgtrace_tunnel::{AllowedIps, DataPath, Prefix};

use super::guard::Guard;
use crate::datapath::observed::Link;
use crate::node::Node;
use crate::node::places::places;
use crate::wireguard::{DeviceName, WireGuard as _};

/// Names of one moment: the keeper makes another when something has changed, the engine takes it as it is.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// This node.
    pub(super) node: Arc<str>,
    interfaces: HashMap<u32, Box<str>>,
    pods: HashMap<IpAddr, Box<str>>,
    nodes: AllowedIps<Arc<str>>,
    peers: HashMap<PublicKey, Arc<Peer>>,
    /// Peers by where they are.
    endpoints: HashMap<IpAddr, Arc<Peer>>,
    /// Peers by their networks.
    routes: AllowedIps<Arc<Peer>>,
    /// What must not be seen in clear.
    pub(super) guard: Guard,
    /// The sessions of the WireGuard device that there is.
    pub(super) path: Weak<DataPath>,
}

/// A WireGuard peer.
#[derive(Debug)]
pub(super) struct Peer {
    /// Its public key.
    pub(super) key: Box<str>,
    /// Its node; empty when nobody knows.
    pub(super) node: Arc<str>,
}

impl Surroundings {
    /// As they are now, of a node with these interfaces whose programs have these settings. Names that are gone are kept while there is room: events and
    /// flows still speak of what had them `before`.
    pub(super) fn of(
        node: &Node,
        links: &BTreeMap<DeviceName, Link>,
        settings: Option<Settings>,
        before: &Self,
    ) -> Self {
        let config = node.config();
        let own: Arc<str> = config.node_name.to_string().into();
        let mut around = Self { node: Arc::clone(&own), ..Self::default() };
        let interfaces = links.iter().map(|(name, link)| (link.index, name.as_str().into()));
        around.interfaces = with_former(interfaces.collect(), &before.interfaces);
        let pods = node.endpoints().all();
        let pods = pods.map(|pod| (pod.address.into(), named(&pod.namespace, &pod.pod)));
        around.pods = with_former(pods.collect(), &before.pods);
        for address in [config.node_ip, config.router_ip] {
            around.nodes.insert(Prefix::host(address), Arc::clone(&own));
        }
        around.nodes.insert(config.pod_cidr, own);
        for entry in node.roster().nodes().values() {
            let name: Arc<str> = entry.name.to_string().into();
            let own = entry.addresses.iter().copied().map(Prefix::host);
            for prefix in own.chain(entry.pod_cidrs.iter().copied()) {
                around.nodes.insert(prefix, Arc::clone(&name));
            }
        }
        let status = node.device().map(|device| device.status().peers).unwrap_or_default();
        for peer in status {
            let of_key = node.roster().nodes().values();
            let entry = of_key.into_iter().find(|entry| entry.public_key == Some(peer.public_key));
            let name = entry.map(|entry| entry.name.to_string()).unwrap_or_default();
            let named = Arc::new(Peer { key: peer.public_key.to_string().into(), node: name.into() });
            if let Some(endpoint) = peer.endpoint {
                around.endpoints.insert(endpoint.ip().to_canonical(), Arc::clone(&named));
            }
            for prefix in peer.allowed_ips {
                around.routes.insert(prefix, Arc::clone(&named));
            }
            around.peers.insert(peer.public_key, named);
        }
        around.path = node.device().map(|device| Arc::downgrade(&device.data_path())).unwrap_or_default();
        around.guard = Guard::new(settings, places(config, node.roster()));
        around
    }

    /// The pod with an address.
    pub(super) fn pod(&self, address: IpAddr) -> Option<&str> {
        self.pods.get(&address).map(AsRef::as_ref)
    }

    /// The node that has an address, or whose pod has it.
    pub(super) fn node_of(&self, address: IpAddr) -> Option<&str> {
        self.nodes.lookup(address).map(AsRef::as_ref)
    }

    /// The peer with this key.
    pub(super) fn peer(&self, key: &PublicKey) -> Option<&Peer> {
        self.peers.get(key).map(AsRef::as_ref)
    }
}

impl Names for Surroundings {
    fn node(&self) -> &str {
        &self.node
    }

    fn interface(&self, index: u32) -> &str {
        self.interfaces.get(&index).map_or("", AsRef::as_ref)
    }

    fn party(&self, address: IpAddr, port: Option<u16>) -> v1::Party {
        v1::Party {
            address: address.to_string(),
            port: port.map_or(0, u32::from),
            pod: self.pod(address).unwrap_or_default().to_owned(),
            node: self.node_of(address).unwrap_or_default().to_owned(),
        }
    }

    fn peer_at(&self, address: IpAddr) -> Option<PeerName<'_>> {
        self.endpoints.get(&address).map(|peer| peer.name())
    }

    fn peer_of(&self, address: IpAddr) -> Option<PeerName<'_>> {
        self.routes.lookup(address).map(|peer| peer.name())
    }
}

impl Peer {
    /// Its key and its node.
    pub(super) fn name(&self) -> PeerName<'_> {
        PeerName { key: &self.key, node: &self.node }
    }
}

fn with_former<K: Copy + Eq + Hash>(
    now: HashMap<K, Box<str>>,
    before: &HashMap<K, Box<str>>,
) -> HashMap<K, Box<str>> {
    let room = MOST_FORMER.saturating_sub(now.len());
    let former = before.iter().filter(|(key, _)| !now.contains_key(*key)).take(room);
    let former: Vec<_> = former.map(|(key, name)| (*key, name.clone())).collect();
    now.into_iter().chain(former).collect()
}

/// `namespace/name` of a pod, or as much of it as was told.
fn named(namespace: &str, pod: &str) -> Box<str> {
    if namespace.is_empty() || pod.is_empty() { pod.into() } else { format!("{namespace}/{pod}").into() }
}

/// Names in a table up to which those that are gone are kept.
const MOST_FORMER: usize = 4096;
