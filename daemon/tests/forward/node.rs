//! The node `cilium-wireguard-worker` of the walkthrough, in maps.

use anyhow::Result;
use wgtrace_abi::Address;
use wgtrace_abi::forward::{Place, PlaceKind, Settings};
use wgtrace_testbed::BpfFs;
use wgtrace_testbed::walkthrough::{
    CNI, CNI_HOST_MAC, CNI_MAC, NET, NET_HOST_MAC, NET_MAC, NODE, OTHER_NODE, PORT, ROUTER,
};
use wgtraced::datapath::bpf::{Forwarding, LocalPod};
use wgtraced::netns::Netns;

pub(crate) const NOBODY: [u8; 4] = [10, 44, 0, 1];

/// What programs are run at by themselves: the loopback device.
pub(crate) const NET_IFINDEX: u32 = 1;
pub(crate) const CNI_IFINDEX: u32 = 4001;
pub(crate) const WIREGUARD_IFINDEX: u32 = 4002;

/// A node that encrypts.
pub(crate) fn settings(flags: u16) -> Settings {
    Settings {
        node: Address::v4(NODE),
        router: Address::v4(ROUTER),
        host_ifindex: 4004,
        wireguard_ifindex: WIREGUARD_IFINDEX,
        native_ifindex: 4007,
        wireguard_port: PORT,
        flags: Settings::READY | flags,
    }
}

/// Fills the maps but for the pods.
pub(crate) fn furnish(forwarding: &mut Forwarding, flags: u16) -> Result<()> {
    forwarding.set_settings(&settings(flags))?;
    let other = Address::v4(OTHER_NODE);
    let places = [
        ("10.0.0.0/8", Place::new(PlaceKind::Pool, Address::default())),
        ("10.0.1.0/24", Place::new(PlaceKind::LocalPods, Address::v4(NODE))),
        ("10.0.1.26/32", Place::new(PlaceKind::OwnNode, Address::v4(NODE))),
        ("172.18.0.3/32", Place::new(PlaceKind::OwnNode, Address::v4(NODE))),
        ("10.0.0.0/24", Place::new(PlaceKind::RemotePods, Address::v4([172, 18, 0, 2]))),
        ("172.18.0.2/32", Place::new(PlaceKind::RemoteNode, Address::v4([172, 18, 0, 2]))),
        ("10.0.2.0/24", Place::new(PlaceKind::RemotePods, other)),
        ("172.18.0.4/32", Place::new(PlaceKind::RemoteNode, other)),
        ("10.96.0.0/16", Place::new(PlaceKind::Services, Address::default())),
    ];
    places.iter().try_for_each(|(prefix, place)| Ok(forwarding.set_prefix(prefix.parse()?, place)?))
}

/// Loaded here, furnished, and with the two pods of the walkthrough.
pub(crate) fn load(fs: &BpfFs, flags: u16) -> Result<Forwarding> {
    let mut forwarding = Forwarding::open(fs.path(), Netns::current()?)?;
    furnish(&mut forwarding, flags)?;
    for (ifindex, ipv4, mac, host_mac) in
        [(NET_IFINDEX, NET, NET_MAC, NET_HOST_MAC), (CNI_IFINDEX, CNI, CNI_MAC, CNI_HOST_MAC)]
    {
        forwarding.add_pod(&LocalPod { ifindex, ipv4: Some(ipv4.into()), ipv6: None, mac, host_mac })?;
    }
    Ok(forwarding)
}
