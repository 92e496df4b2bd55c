//! A node with two pods on real devices.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use anyhow::Result;
use wgtrace_abi::Hook;
use wgtrace_abi::forward::Settings;
use wgtrace_testbed::walkthrough::{CNI, NET, NODE, ROUTER};
use wgtrace_testbed::{BpfFs, Namespace, ping};
use wgtraced::datapath::bpf::{Forwarding, LocalPod};
use wgtraced::netns::Netns;
use wgtraced::probe::Interface;

use crate::node;

/// The host's ends of the pods' cables.
pub(crate) const DEVICES: [&str; 2] = ["lxcnet", "lxccni"];
const ADDRESSES: [[u8; 4]; 2] = [NET, CNI];

/// Nothing but devices and addresses: between its pods there is no way without programs.
pub(crate) struct Network {
    pub(crate) fs: BpfFs,
    pub(crate) node: Namespace,
    /// `net`, and `cni-vk8fx`.
    pub(crate) pods: [Namespace; 2],
}

impl Network {
    pub(crate) fn new() -> Result<Self> {
        let network = Self {
            fs: BpfFs::mount()?,
            node: Namespace::new()?,
            pods: [Namespace::new()?, Namespace::new()?],
        };
        for ((pod, device), address) in network.pods.iter().zip(DEVICES).zip(ADDRESSES) {
            network.node.veth(device, (pod, "eth0"))?;
            pod.address("eth0", ip(address), 24)?;
            pod.up("eth0")?;
            network.node.up(device)?;
            network.node.wait_up(device)?;
            pod.wait_up("eth0")?;
            pod.route((ip([0; 4]), 0), Some(ip(ROUTER)), "eth0")?;
        }
        Ok(network)
    }

    /// Gives the node a native device, `eth0`: what is at its other end.
    pub(crate) fn outside(&self) -> Result<Namespace> {
        let outside = Namespace::new()?;
        self.node.veth("eth0", (&outside, "eth0"))?;
        self.node.address("eth0", ip(NODE), 16)?;
        self.node.up("eth0")?;
        outside.up("eth0")?;
        self.node.wait_up("eth0")?;
        Ok(outside)
    }

    /// Loads the programs for the node, adopting what is pinned.
    pub(crate) fn open(&self) -> Result<Forwarding> {
        Ok(Forwarding::open(self.folder().as_ref(), self.node.run(Netns::current)??)?)
    }

    pub(crate) fn folder(&self) -> impl AsRef<Path> {
        self.fs.path().join("wgtrace")
    }

    /// Makes everything known that there is, and attaches the pods' programs.
    pub(crate) fn furnish(&self, forwarding: &mut Forwarding) -> Result<()> {
        node::furnish(forwarding, Settings::ENCRYPTION)?;
        for ((pod, device), address) in self.pods.iter().zip(DEVICES).zip(ADDRESSES) {
            let host = self.node.link(device)?;
            forwarding.add_pod(&LocalPod {
                ifindex: host.index,
                ipv4: Some(address.into()),
                ipv6: None,
                mac: pod.link("eth0")?.mac,
                host_mac: host.mac,
            })?;
        }
        self.attach(forwarding)
    }

    pub(crate) fn attach(&self, forwarding: &mut Forwarding) -> Result<()> {
        for device in DEVICES {
            let interface = self.interface(device)?;
            for hook in [Hook::FromContainer, Hook::ToContainer] {
                self.node.run(|| forwarding.attach(&interface, hook))??;
            }
        }
        Ok(())
    }

    pub(crate) fn interface(&self, device: &str) -> Result<Interface> {
        Ok(Interface { name: device.to_owned(), index: self.node.link(device)?.index })
    }

    /// Pings from `net` to `cni-vk8fx`.
    pub(crate) fn ping(&self, count: u16) -> Result<()> {
        self.pods[0].run(|| ping(Ipv4Addr::from(CNI), count, 56))?
    }
}

pub(crate) fn ip(address: [u8; 4]) -> IpAddr {
    Ipv4Addr::from(address).into()
}
