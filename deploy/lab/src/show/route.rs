//! Routes, as `ip route` prints them.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of netlink's words only those that concern us, now and later"
)]

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use anyhow::Result;
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::link::{LinkAttribute, LinkMessage};
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute, RouteMessage, RouteMetric};

use super::address::scope;
use super::netlink::list;

/// A route of IPv4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its table.
    pub table: u32,
    /// `RTN_..`.
    pub kind: u8,
    /// Where to; everywhere where there is none.
    pub destination: Option<IpAddr>,
    /// Length of the destination's prefix.
    pub len: u8,
    /// Whom to hand packets to.
    pub gateway: Option<IpAddr>,
    /// Name of the device that they leave by.
    pub device: Option<String>,
    /// Who made it, by the kernel's number.
    pub protocol: u8,
    /// How far the destination is, by the kernel's number.
    pub scope: u8,
    /// The sender's address, if it has not chosen one.
    pub source: Option<IpAddr>,
    /// Of several the least counts.
    pub metric: u32,
    /// `RTNH_F_..`.
    pub flags: u32,
    /// Largest packet on this way, in bytes.
    pub mtu: Option<u32>,
}

/// The routes of IPv4 in one table of the calling thread's namespace; 254 is the main one.
///
/// # Errors
/// When the kernel does not answer.
pub fn read_routes(table: u32) -> Result<Vec<Route>> {
    let mut names = BTreeMap::new();
    for message in list(&RouteNetlinkMessage::GetLink(LinkMessage::default()))? {
        if let RouteNetlinkMessage::NewLink(message) = message {
            let name = message.attributes.iter().find_map(|attribute| match attribute {
                LinkAttribute::IfName(name) => Some(name.clone()),
                _ => None,
            });
            names.extend(name.map(|name| (message.header.index, name)));
        }
    }
    let routes = list(&RouteNetlinkMessage::GetRoute(RouteMessage::default()))?;
    let routes = routes.iter().filter_map(|message| match message {
        RouteNetlinkMessage::NewRoute(message) if u8::from(message.header.address_family) == AF_INET => {
            Some(read(message, &names))
        }
        _ => None,
    });
    Ok(routes.filter(|route| route.table == table).collect())
}

fn read(message: &RouteMessage, names: &BTreeMap<u32, String>) -> Route {
    let header = &message.header;
    let mut route = Route {
        table: header.table.into(),
        kind: header.kind.into(),
        destination: None,
        len: header.destination_prefix_length,
        gateway: None,
        device: None,
        protocol: header.protocol.into(),
        scope: header.scope.into(),
        source: None,
        metric: 0,
        flags: header.flags.bits(),
        mtu: None,
    };
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Table(number) => route.table = *number,
            RouteAttribute::Destination(address) => route.destination = ip(address),
            RouteAttribute::Gateway(address) => route.gateway = ip(address),
            RouteAttribute::PrefSource(address) => route.source = ip(address),
            RouteAttribute::Oif(index) => {
                route.device = Some(names.get(index).cloned().unwrap_or_else(|| format!("if{index}")));
            }
            RouteAttribute::Priority(number) => route.metric = *number,
            RouteAttribute::Metrics(list) => {
                route.mtu = list.iter().find_map(|metric| match metric {
                    RouteMetric::Mtu(bytes) => Some(*bytes),
                    _ => None,
                });
            }
            _ => {}
        }
    }
    route
}

fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some((*address).into()),
        RouteAddress::Inet6(address) => Some((*address).into()),
        _ => None,
    }
}

impl fmt::Display for Route {
    // iproute2: ip/iproute.c, print_route
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((_, name)) = KINDS.iter().find(|(kind, _)| *kind == self.kind) {
            write!(f, "{name} ")?;
        }
        match self.destination {
            Some(address) if self.len == if address.is_ipv4() { 32 } else { 128 } => write!(f, "{address}")?,
            Some(address) => write!(f, "{address}/{}", self.len)?,
            None => f.write_str("default")?,
        }
        if let Some(gateway) = self.gateway {
            write!(f, " via {gateway}")?;
        }
        if let Some(device) = &self.device {
            write!(f, " dev {device}")?;
        }
        if self.protocol != BOOT {
            match PROTOCOLS.iter().find(|(protocol, _)| *protocol == self.protocol) {
                Some((_, name)) => write!(f, " proto {name}")?,
                None => write!(f, " proto {}", self.protocol)?,
            }
        }
        if self.scope != 0 {
            write!(f, " scope {}", scope(self.scope))?;
        }
        if let Some(source) = self.source {
            write!(f, " src {source}")?;
        }
        if self.metric != 0 {
            write!(f, " metric {}", self.metric)?;
        }
        for (_, name) in FLAGS.iter().filter(|(bit, _)| self.flags & bit != 0) {
            write!(f, " {name}")?;
        }
        self.mtu.map_or(Ok(()), |mtu| write!(f, " mtu {mtu}"))
    }
}

const AF_INET: u8 = 2;

// linux: include/uapi/linux/rtnetlink.h
const BOOT: u8 = 3;
const PROTOCOLS: [(u8, &str); 5] = [(1, "redirect"), (2, "kernel"), (4, "static"), (9, "ra"), (16, "dhcp")];
const KINDS: [(u8, &str); 7] = [
    (2, "local"),
    (3, "broadcast"),
    (5, "multicast"),
    (6, "blackhole"),
    (7, "unreachable"),
    (8, "prohibit"),
    (9, "throw"),
];
/// In the order of iproute2's `print_rt_flags`.
const FLAGS: [(u32, &str); 4] = [(1, "dead"), (4, "onlink"), (2, "pervasive"), (16, "linkdown")];

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTE: Route = Route {
        table: 254,
        kind: 1,
        destination: None,
        len: 0,
        gateway: None,
        device: None,
        protocol: BOOT,
        scope: 0,
        source: None,
        metric: 0,
        flags: 0,
        mtu: None,
    };

    #[test]
    fn routes_read_as_in_the_walkthrough() {
        let [router, node] = ["10.0.1.26", "172.18.0.3"].map(|text| Some(text.parse().unwrap()));
        let device = |name: &str| Some(name.to_owned());
        let default = Route { gateway: router, device: device("eth0"), mtu: Some(1420), ..ROUTE };
        let direct = Route { destination: router, len: 32, device: device("eth0"), scope: 253, ..ROUTE };
        let link = Route {
            destination: Some("172.18.0.0".parse().unwrap()),
            len: 16,
            device: device("eth0"),
            protocol: 2,
            scope: 253,
            source: node,
            ..ROUTE
        };
        let worst = Route { kind: 7, protocol: 200, metric: u32::MAX, ..ROUTE };
        let lines = [default, direct, link, worst].map(|route| route.to_string());
        assert_eq!(
            lines,
            [
                "default via 10.0.1.26 dev eth0 mtu 1420",
                "10.0.1.26 dev eth0 scope link",
                "172.18.0.0/16 dev eth0 proto kernel scope link src 172.18.0.3",
                "unreachable default proto 200 metric 4294967295",
            ]
        );
    }
}
