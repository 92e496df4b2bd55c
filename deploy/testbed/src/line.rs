//! The least network there is: two namespaces and a veth between them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Result;

use crate::Namespace;

/// Two namespaces joined by a veth, or by a bridge in a third, named `eth0` at both ends, on which nobody speaks unasked.
#[derive(Debug)]
pub struct Line {
    /// One end, [`Line::LEFT`].
    pub left: Namespace,
    /// The other, [`Line::RIGHT`].
    pub right: Namespace,
    /// What is between them.
    _between: Option<Namespace>,
}

impl Line {
    /// Address of the left end, in a /24.
    pub const LEFT: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 77, 0, 1));
    /// Address of the right end.
    pub const RIGHT: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 77, 0, 2));

    /// A line, up at both ends, with each other's link-layer addresses known.
    pub fn new() -> Result<Self> {
        Self::with_mtu(1500)
    }

    /// The same with a bridge between the ends.
    pub fn bridged() -> Result<Self> {
        let (left, right, between) = (Namespace::new()?, Namespace::new()?, Namespace::new()?);
        between.veth("left", (&left, "eth0"))?;
        between.veth("right", (&right, "eth0"))?;
        between.bridge("bridge", &["left", "right"])?;
        for port in ["left", "right", "bridge"] {
            between.up(port)?;
        }
        let line = Self { left, right, _between: Some(between) };
        join((&line.left, "eth0", Self::LEFT), (&line.right, "eth0", Self::RIGHT), 1500)?;
        Ok(line)
    }

    /// Two namespaces that are joined somehow.
    pub fn of(left: Namespace, right: Namespace) -> Self {
        Self { left, right, _between: None }
    }

    /// The same for packets up to this size.
    pub fn with_mtu(mtu: u32) -> Result<Self> {
        let line = Self::of(Namespace::new()?, Namespace::new()?);
        line.left.veth("eth0", (&line.right, "eth0"))?;
        join((&line.left, "eth0", Self::LEFT), (&line.right, "eth0", Self::RIGHT), mtu)?;
        Ok(line)
    }

    /// A port of the left end.
    pub const fn left_port(port: u16) -> SocketAddr {
        SocketAddr::new(Self::LEFT, port)
    }

    /// A port of the right end.
    pub const fn right_port(port: u16) -> SocketAddr {
        SocketAddr::new(Self::RIGHT, port)
    }
}

/// Addresses both ends of a link, sets them up and makes them known to each other.
pub(crate) fn join(a: (&Namespace, &str, IpAddr), b: (&Namespace, &str, IpAddr), mtu: u32) -> Result<()> {
    for (namespace, name, address) in [a, b] {
        namespace.mtu(name, mtu)?;
        namespace.address(name, address, 24)?;
        namespace.up(name)?;
    }
    for ((namespace, name, _), (far, far_name, far_address)) in [(a, b), (b, a)] {
        namespace.neighbour(name, far_address, far.link(far_name)?.mac)?;
        namespace.wait_up(name)?;
    }
    Ok(())
}
