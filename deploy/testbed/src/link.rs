//! Devices of a namespace.

use std::fs;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::TryStreamExt as _;
use rtnetlink::packet_route::link::{
    InfoData, InfoVeth, LinkAttribute, LinkMessage, State, Stats64, VlanProtocol,
};
use rtnetlink::packet_route::route::RouteProtocol;
use rtnetlink::{
    Handle, LinkBridge, LinkMessageBuilder, LinkUnspec, LinkVeth, LinkVlan, LinkWireguard,
    RouteMessageBuilder,
};

use crate::Namespace;

/// What a device is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Its index in its namespace.
    pub index: u32,
    /// Its link-layer address; zero for devices without.
    pub mac: [u8; 6],
    /// Packets that it sent, segments of super-frames as one.
    pub sent: u64,
    /// Packets that came in by it.
    pub received: u64,
}

/// The tag that a VLAN device puts on frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VlanTag {
    /// 802.1Q.
    Customer(u16),
    /// 802.1ad, the outer tag of QinQ.
    Service(u16),
}

impl Namespace {
    /// A veth pair, one end of it in another namespace; both ends are down.
    pub fn veth(&self, name: &str, peer: (&Self, &str)) -> Result<()> {
        let (there, peer_name) = peer;
        let end = LinkMessageBuilder::<LinkUnspec>::new().name(peer_name).setns_by_fd(there.raw_fd()).build();
        let pair = LinkVeth::new(name, peer_name).set_info_data(InfoData::Veth(InfoVeth::Peer(end)));
        self.add(name, pair.build())
    }

    /// A VLAN device on `parent`, which needs a kernel with 8021q; elsewhere, [`frame::tagged`](crate::frame::tagged) puts
    /// tags on frames.
    pub fn vlan(&self, name: &str, parent: &str, tag: VlanTag) -> Result<()> {
        let (id, protocol) = match tag {
            VlanTag::Customer(id) => (id, VlanProtocol::Ieee8021Q),
            VlanTag::Service(id) => (id, VlanProtocol::Ieee8021Ad),
        };
        let parent = self.link(parent)?.index;
        self.add(name, LinkVlan::new(name, parent, id).protocol(protocol).build())
    }

    /// A bridge with these ports.
    pub fn bridge(&self, name: &str, ports: &[&str]) -> Result<()> {
        // snooping sends queries of its own
        self.add(name, LinkBridge::new(name).mcast_snooping(false).build())?;
        let bridge = self.link(name)?.index;
        ports.iter().try_for_each(|port| self.set(port, |link| link.controller(bridge)))
    }

    /// A WireGuard device of the kernel's, down and without keys.
    pub fn wireguard(&self, name: &str) -> Result<()> {
        self.add(name, LinkWireguard::new(name).build())
            .context("has this kernel a module wireguard, and is it loaded?")
    }

    /// Sets a device up.
    pub fn up(&self, name: &str) -> Result<()> {
        self.set(name, LinkMessageBuilder::up)
    }

    /// Waits until a device with a carrier, such as a veth, is ready to send: until then it swallows packets.
    pub fn wait_up(&self, name: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let message = self.netlink(async |netlink| find(&netlink, name).await)?;
            if message.attributes.contains(&LinkAttribute::OperState(State::Up)) {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{name} does not come up: is its other end up?");
            std::thread::yield_now();
        }
    }

    /// Sets a device down.
    pub fn down(&self, name: &str) -> Result<()> {
        self.set(name, LinkMessageBuilder::down)
    }

    /// Sets the largest packet of a device, in bytes behind the link-layer header.
    pub fn mtu(&self, name: &str, mtu: u32) -> Result<()> {
        self.set(name, |link| link.mtu(mtu))
    }

    /// Sets the link-layer address of a device.
    pub fn mac(&self, name: &str, mac: [u8; 6]) -> Result<()> {
        self.set(name, |link| link.address(mac.to_vec()))
    }

    /// Renames a device; before Linux 6.2 it has to be down.
    pub fn rename(&self, name: &str, new_name: &str) -> Result<()> {
        self.set(name, |link| link.name(new_name))
    }

    /// Removes a device, with the other end if it is a veth.
    pub fn delete(&self, name: &str) -> Result<()> {
        let index = self.link(name)?.index;
        self.netlink(async |netlink| Ok(netlink.link().del(index).execute().await?))
            .with_context(|| format!("cannot remove {name}"))
    }

    /// Gives a device an address.
    pub fn address(&self, name: &str, address: IpAddr, prefix: u8) -> Result<()> {
        let index = self.link(name)?.index;
        self.netlink(async |netlink| Ok(netlink.address().add(index, address, prefix).execute().await?))
            .with_context(|| format!("cannot give {name} the address {address}/{prefix}"))
    }

    /// Takes an address from a device; with its last one of a family go the neighbours of that family.
    pub fn remove_address(&self, name: &str, address: IpAddr) -> Result<()> {
        let index = self.link(name)?.index;
        self.netlink(async |netlink| {
            let mut found =
                netlink.address().get().set_link_index_filter(index).set_address_filter(address).execute();
            let message = found.try_next().await?.context("it has no such address")?;
            Ok(netlink.address().del(message).execute().await?)
        })
        .with_context(|| format!("cannot take the address {address} from {name}"))
    }

    /// Lets a device speak IPv6, at once and without asking whether its addresses are taken; `default` for those to come.
    pub fn allow_ipv6(&self, name: &str) -> Result<()> {
        self.run(|| {
            for setting in ["accept_dad", "disable_ipv6"] {
                let path = format!("/proc/sys/net/ipv6/conf/{name}/{setting}");
                fs::write(&path, "0").with_context(|| format!("cannot write {path}"))?;
            }
            Ok(())
        })?
    }

    /// Fixes the link-layer address of a neighbour, so that nobody asks for it.
    pub fn neighbour(&self, name: &str, address: IpAddr, mac: [u8; 6]) -> Result<()> {
        let index = self.link(name)?.index;
        self.netlink(async |netlink| {
            Ok(netlink.neighbours().add(index, address).link_layer_address(&mac).replace().execute().await?)
        })
        .with_context(|| format!("cannot fix the neighbour {address} of {name}"))
    }

    /// Routes a range of addresses by a device, by way of a gateway if there is one.
    pub fn route(&self, range: (IpAddr, u8), gateway: Option<IpAddr>, name: &str) -> Result<()> {
        let index = self.link(name)?.index;
        let (address, prefix) = range;
        let mut route = RouteMessageBuilder::<IpAddr>::new()
            .output_interface(index)
            // as `ip route add` makes them
            .protocol(RouteProtocol::Boot)
            .destination_prefix(address, prefix)
            .context("such a range cannot be routed")?;
        if let Some(gateway) = gateway {
            route = route.gateway(gateway).context("such a gateway cannot be")?;
        }
        self.netlink(async |netlink| Ok(netlink.route().add(route.build()).execute().await?))
            .with_context(|| format!("cannot route {address}/{prefix} by {name}"))
    }

    /// What a device is known by; an error when it is not there.
    pub fn link(&self, name: &str) -> Result<Link> {
        let message = self.netlink(async |netlink| find(&netlink, name).await)?;
        let mut link = Link { index: message.header.index, mac: [0; 6], sent: 0, received: 0 };
        for attribute in message.attributes {
            if let LinkAttribute::Address(address) = &attribute
                && let Ok(mac) = address.as_slice().try_into()
            {
                link.mac = mac;
            }
            if let LinkAttribute::Stats64(Stats64 { tx_packets, rx_packets, .. }) = attribute {
                (link.sent, link.received) = (tx_packets, rx_packets);
            }
        }
        Ok(link)
    }

    fn add(&self, name: &str, message: LinkMessage) -> Result<()> {
        ensure!(name.len() < 16, "{name} is too long for a device: at most 15 bytes");
        self.netlink(async |netlink| Ok(netlink.link().add(message).execute().await?))
            .with_context(|| format!("cannot make {name}"))
    }

    fn set(
        &self,
        name: &str,
        change: impl FnOnce(LinkMessageBuilder<LinkUnspec>) -> LinkMessageBuilder<LinkUnspec>,
    ) -> Result<()> {
        let index = self.link(name)?.index;
        let message = change(LinkUnspec::new_with_index(index)).build();
        self.netlink(async |netlink| Ok(netlink.link().change(message).execute().await?))
            .with_context(|| format!("cannot change {name}"))
    }
}

async fn find(netlink: &Handle, name: &str) -> Result<LinkMessage> {
    let mut found = netlink.link().get().match_name(name.to_owned()).execute();
    found.try_next().await.ok().flatten().with_context(|| format!("there is no device {name}"))
}

/// Carriers come within milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);
