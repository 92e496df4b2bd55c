//! What there is to be, worked out from an [`Intent`].

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use wgtrace_tunnel::Prefix;

use super::intent::Intent;
use super::state::{
    Address, Family, Hop, MAIN, MARK, MASK, PRIORITY, PROTOCOL, Route, Rule, Scope, Setting, Sysctl, TABLE,
    WORST_METRIC,
};
use crate::wireguard::DeviceName;

/// What there is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    /// Devices: those we make, and those we expect.
    pub links: Vec<Link>,
    /// Addresses; our own devices have no others.
    pub addresses: Vec<Address>,
    /// Routes, in an order in which the kernel takes them.
    pub routes: Vec<Route>,
    /// Rules.
    pub rules: Vec<Rule>,
    /// Settings and their values.
    pub sysctls: Vec<(Sysctl, i64)>,
    /// Whose a gateway is, for findings.
    pub nodes: BTreeMap<IpAddr, String>,
    /// The node's own address and the device it is expected on.
    pub node: Option<(IpAddr, DeviceName)>,
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub name: DeviceName,
    /// Where it comes from.
    pub origin: Origin,
    /// What it is to be like; [`Setting::Up`] comes last.
    pub settings: Vec<Setting>,
}

/// Where a device comes from, and so what can be done when it is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Made here: a veth whose other end, in the same namespace, has this name.
    VethWith(DeviceName),
    /// Made here, as the other end of this one.
    PeerOf(DeviceName),
    /// The tunnel, made by whoever runs WireGuard.
    Tunnel,
    /// A pod's, made when the pod was.
    Pod {
        /// Its index, if it is known.
        index: Option<u32>,
    },
    /// The node's own; it is only looked at.
    Native,
}

impl Origin {
    /// Whether the device is ours: its addresses are as we want them.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::VethWith(_) | Self::PeerOf(_) | Self::Tunnel)
    }
}

impl Desired {
    /// Nothing of ours.
    pub fn nothing() -> Self {
        Self {
            links: Vec::new(),
            addresses: Vec::new(),
            routes: Vec::new(),
            rules: Vec::new(),
            sysctls: Vec::new(),
            nodes: BTreeMap::new(),
            node: None,
        }
    }

    /// What `intent` comes to.
    pub fn of(intent: &Intent) -> Self {
        let [host, net, tunnel] = [HOST, NET, TUNNEL].map(DeviceName::known);
        let mut desired = Self {
            addresses: vec![Address {
                addr: intent.router,
                len: Prefix::host(intent.router).len(),
                scope: Scope::Link,
                device: host.clone(),
            }],
            sysctls: vec![(Sysctl::RP_FILTER, 0)],
            node: Some((intent.node, intent.device.clone())),
            ..Self::nothing()
        };
        desired.link(&intent.device, Origin::Native, Vec::new());
        let ends = [(&host, Origin::VethWith(net.clone())), (&net, Origin::PeerOf(host.clone()))];
        for (name, origin) in ends {
            let mtu = Setting::Mtu(intent.device_mtu);
            let settings = vec![mtu, Setting::Arp(false), Setting::TxQueueLen(TX_QUEUE_LEN), Setting::Up];
            desired.link(name, origin, settings);
            let values = [("forwarding", 1), ("rp_filter", 0), ("accept_local", 1), ("send_redirects", 0)];
            desired.sysctls.extend(values.map(|(key, value)| (Sysctl::of(name, key), value)));
        }
        if intent.encryption {
            desired.encrypt(intent, &tunnel);
        }
        for pod in &intent.pods {
            let settings = vec![Setting::Mtu(intent.device_mtu), Setting::Up];
            desired.link(&pod.name, Origin::Pod { index: pod.index }, settings);
            desired.sysctls.push((Sysctl::of(&pod.name, "rp_filter"), 0));
        }
        desired.route_pods(intent, &host);
        desired.sysctls.push((Sysctl::IP_FORWARD, 1));
        desired
    }

    fn link(&mut self, name: &DeviceName, origin: Origin, settings: Vec<Setting>) {
        self.links.push(Link { name: name.clone(), origin, settings });
    }

    /// The rule, its table and the device at its end.
    fn encrypt(&mut self, intent: &Intent, tunnel: &DeviceName) {
        let settings = vec![Setting::Mtu(intent.tunnel_mtu()), Setting::NoAutomaticAddress, Setting::Up];
        self.link(tunnel, Origin::Tunnel, settings);
        self.sysctls.push((Sysctl::of(tunnel, "rp_filter"), 0));
        let family = Family::of(intent.node);
        let destination = everywhere(family);
        let out = |device| Hop::Device { device, gateway: None, source: None, scope: Scope::Global };
        // Without the device the main table would be next, and with it the clear.
        for (hop, metric) in [(Hop::Unreachable, WORST_METRIC), (out(tunnel.clone()), 0)] {
            self.routes.push(Route { table: TABLE, destination, hop, metric, mtu: None });
        }
        self.rules.push(Rule { family, priority: PRIORITY, mark: MARK, mask: MASK, table: TABLE });
    }

    /// The main table: own pods by way of `cilium_host`, those of other nodes by way of the nodes.
    fn route_pods(&mut self, intent: &Intent, host: &DeviceName) {
        let mut route = |destination, hop| {
            self.routes.push(Route { table: MAIN, destination, hop, metric: 0, mtu: None });
        };
        let router = intent.router;
        let device = host.clone();
        let direct = Hop::Device { device, gateway: None, source: None, scope: Scope::Link };
        route(Prefix::host(router), direct);
        let family = Family::of(router);
        for cidr in intent.pod_cidrs.iter().filter(|cidr| Family::of(cidr.addr()) == family) {
            let (gateway, source, device) = (Some(router), Some(router), host.clone());
            route(*cidr, Hop::Device { device, gateway, source, scope: Scope::Global });
        }
        if !intent.direct_node_routes {
            return;
        }
        for remote in &intent.remotes {
            let Some(node) = remote.addresses.iter().find(|addr| Family::of(**addr) == family) else {
                continue;
            };
            for cidr in remote.pod_cidrs.iter().filter(|cidr| Family::of(cidr.addr()) == family) {
                let (gateway, source, device) = (Some(*node), None, intent.device.clone());
                route(*cidr, Hop::Device { device, gateway, source, scope: Scope::Global });
            }
        }
        self.nodes = intent
            .remotes
            .iter()
            .flat_map(|remote| remote.addresses.iter().map(|addr| (*addr, remote.name.clone())))
            .collect();
    }
}

/// Everything, a line each, the way `ip` prints what there is.
impl fmt::Display for Desired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Link { name, origin, settings } in &self.links {
            write!(f, "link {name}")?;
            match origin {
                Origin::VethWith(peer) | Origin::PeerOf(peer) => write!(f, " type veth peer {peer}")?,
                Origin::Tunnel => f.write_str(" type wireguard or tun")?,
                Origin::Pod { .. } => f.write_str(" type veth")?,
                Origin::Native => {}
            }
            settings.iter().try_for_each(|setting| write!(f, " {setting}"))?;
            writeln!(f)?;
        }
        for Address { addr, len, scope, device } in &self.addresses {
            writeln!(f, "inet {addr}/{len} scope {scope} {device}")?;
        }
        for rule in &self.rules {
            writeln!(f, "{}", rule.shown(PROTOCOL))?;
        }
        for route in &self.routes {
            if route.table != MAIN {
                write!(f, "table {}: ", route.table)?;
            }
            writeln!(f, "{}", route.shown(PROTOCOL))?;
        }
        for (sysctl, value) in &self.sysctls {
            writeln!(f, "{sysctl} = {value}")?;
        }
        Ok(())
    }
}

pub(super) fn everywhere(family: Family) -> Prefix {
    let unspecified: IpAddr = match family {
        Family::V4 => std::net::Ipv4Addr::UNSPECIFIED.into(),
        Family::V6 => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    Prefix::new(unspecified, 0).unwrap_or_else(|_| Prefix::host(unspecified))
}

/// The end of the veth pair that packets for pods are routed into.
pub const HOST: &str = "cilium_host";
/// Its other end.
pub const NET: &str = "cilium_net";
/// The WireGuard device.
pub const TUNNEL: &str = "cilium_wg0";
const TX_QUEUE_LEN: u32 = 1000;
