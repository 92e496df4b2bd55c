//! The node `cilium-wireguard-worker` of the walkthrough, as tables.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use wgtrace_abi::forward::{Endpoint, Origin, Place, PlaceKind, Settings};
use wgtrace_abi::{Address, Prefix};
use wgtrace_bpf::forward::Tables;
use wgtrace_testbed::walkthrough::{
    CNI, CNI_HOST_MAC, CNI_MAC, NET, NET_HOST_MAC, NET_MAC, NODE, OTHER_NODE, PORT, ROUTER,
};

pub(crate) const SERVICE: [u8; 4] = [10, 96, 142, 173];

pub(crate) const NET_IFINDEX: u32 = 15;
pub(crate) const CNI_IFINDEX: u32 = 13;
pub(crate) const WIREGUARD_IFINDEX: u32 = 2;

/// Prefixes and what they are.
pub(crate) const PLACES: [([u8; 4], u8, PlaceKind); 9] = [
    ([10, 0, 0, 0], 8, PlaceKind::Pool),
    ([10, 0, 1, 0], 24, PlaceKind::LocalPods),
    (ROUTER, 32, PlaceKind::OwnNode),
    (NODE, 32, PlaceKind::OwnNode),
    ([10, 0, 2, 0], 24, PlaceKind::RemotePods),
    ([10, 0, 0, 0], 24, PlaceKind::RemotePods),
    (OTHER_NODE, 32, PlaceKind::RemoteNode),
    ([10, 96, 0, 0], 16, PlaceKind::Services),
    ([10, 200, 0, 0], 16, PlaceKind::Cleartext),
];

/// Tables that are looked through from one end to the other.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) settings: Option<Settings>,
    pub(crate) origins: BTreeMap<u32, Origin>,
    pub(crate) endpoints: Vec<(Address, Endpoint)>,
    pub(crate) places: Vec<(Prefix, Place)>,
}

impl World {
    /// With these bits beside [`Settings::READY`].
    pub(crate) fn new(flags: u16) -> Self {
        let settings = Settings {
            node: Address::v4(NODE),
            router: Address::v4(ROUTER),
            host_ifindex: 4,
            wireguard_ifindex: WIREGUARD_IFINDEX,
            native_ifindex: 7,
            wireguard_port: PORT,
            flags: Settings::READY | flags,
        };
        let origin = |ipv4, host_mac| Origin { ipv4: Address::v4(ipv4), host_mac, ..Origin::default() };
        let place = |(address, bits, kind)| {
            let prefix = Prefix::new(IpAddr::from(Ipv4Addr::from(address)), bits).unwrap();
            (prefix, Place::new(kind, Address::default()))
        };
        Self {
            settings: Some(settings),
            origins: [(NET_IFINDEX, origin(NET, NET_HOST_MAC)), (CNI_IFINDEX, origin(CNI, CNI_HOST_MAC))]
                .into(),
            endpoints: vec![
                (Address::v4(NET), Endpoint { ifindex: NET_IFINDEX, mac: NET_MAC, host_mac: NET_HOST_MAC }),
                (Address::v4(CNI), Endpoint { ifindex: CNI_IFINDEX, mac: CNI_MAC, host_mac: CNI_HOST_MAC }),
            ],
            places: PLACES.map(place).into(),
        }
    }

    /// Whose traffic between nodes is encrypted.
    pub(crate) fn encrypted() -> Self {
        Self::new(Settings::ENCRYPTION)
    }
}

impl Tables for World {
    fn settings(&self) -> Option<&Settings> {
        self.settings.as_ref()
    }

    fn origin(&self, ifindex: u32) -> Option<&Origin> {
        self.origins.get(&ifindex)
    }

    fn endpoint(&self, address: &Address) -> Option<&Endpoint> {
        self.endpoints.iter().find(|(own, _)| own == address).map(|(_, endpoint)| endpoint)
    }

    fn place(&self, address: &Address) -> Option<&Place> {
        let bits = |bytes| u128::from_be_bytes(bytes);
        self.places
            .iter()
            .filter(|(prefix, _)| bits(address.0) & bits(prefix.mask) == bits(prefix.address))
            .max_by_key(|(prefix, _)| bits(prefix.mask).count_ones())
            .map(|(_, place)| place)
    }
}
