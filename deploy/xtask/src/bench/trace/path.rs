//! A pod, its node and a peer: the shortest way with three hooks on it.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context as _, Result};
use wgtrace_testbed::Namespace;

/// `pod eth0 - lxc0 node eth0 - eth0 peer`, routed at the node.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) pod: Namespace,
    pub(super) node: Namespace,
    pub(super) peer: Namespace,
}

impl Path {
    pub(super) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(172, 18, 77, 3));

    pub(super) fn new() -> Result<Self> {
        let path = Self { pod: Namespace::new()?, node: Namespace::new()?, peer: Namespace::new()? };
        path.pod.veth("eth0", (&path.node, "lxc0"))?;
        path.node.veth("eth0", (&path.peer, "eth0"))?;
        for (namespace, name, address) in [
            (&path.pod, "eth0", POD),
            (&path.node, "lxc0", ROUTER),
            (&path.node, "eth0", NODE),
            (&path.peer, "eth0", Self::PEER),
        ] {
            namespace.address(name, address, 24)?;
            namespace.up(name)?;
        }
        path.pod.route((ANY, 0), Some(ROUTER), "eth0")?;
        path.peer.route((ANY, 0), Some(NODE), "eth0")?;
        path.node
            .run(|| fs::write("/proc/sys/net/ipv4/ip_forward", "1"))?
            .context("cannot let the node forward packets")?;
        Ok(path)
    }
}

const POD: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 77, 1, 2));
const ROUTER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 77, 1, 1));
const NODE: IpAddr = IpAddr::V4(Ipv4Addr::new(172, 18, 77, 2));
const ANY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
