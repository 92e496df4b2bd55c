//! One link, as rtnetlink tells it.

use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::link::{
    InfoKind, LinkAttribute, LinkFlags, LinkInfo, LinkLayerType, LinkMessage,
};

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its index, within its namespace.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// What made it.
    pub kind: LinkKind,
    /// Its `ARPHRD_` number: what its packets start with.
    pub hardware: u16,
    /// Whether it is up.
    pub up: bool,
    /// Index of the bridge, bond or VRF it belongs to.
    pub master: Option<u32>,
}

/// What made a link; hardware and loopback have no driver that netlink names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LinkKind {
    /// Hardware, or what pretends to be.
    #[default]
    Device,
    /// One end of a cable between namespaces.
    Veth,
    /// WireGuard in the kernel.
    Wireguard,
    /// TUN or TAP.
    Tun,
    /// A bridge.
    Bridge,
    /// One VLAN of another device.
    Vlan,
    /// The driver's name.
    Other(String),
}

impl Link {
    /// The link that a message is about; `None` for messages about bridge ports and the like.
    ///
    /// A device that leaves a bridge is announced as deleted, in the bridge's address family
    /// (linux: `br_ifinfo_notify`): only the messages of no family are about devices.
    pub(crate) fn read(message: &LinkMessage) -> Option<Self> {
        if message.header.interface_family != AddressFamily::Unspec || message.header.index == 0 {
            return None;
        }
        let mut link = Self {
            index: message.header.index,
            name: String::new(),
            kind: LinkKind::Device,
            hardware: message.header.link_layer_type.into(),
            up: message.header.flags.contains(LinkFlags::Up),
            master: None,
        };
        for attribute in &message.attributes {
            if let LinkAttribute::IfName(name) = attribute {
                link.name.clone_from(name);
            } else if let LinkAttribute::Controller(index) = attribute {
                link.master = (*index != 0).then_some(*index);
            } else if let LinkAttribute::LinkInfo(list) = attribute {
                link.kind = list.iter().find_map(LinkKind::read).unwrap_or_default();
            }
        }
        Some(link)
    }

    /// Whether its packets start with their IP header.
    pub fn is_l3(&self) -> bool {
        // linux: `dev_is_mac_header_xmit` in include/linux/if_arp.h
        [
            LinkLayerType::Tunnel,
            LinkLayerType::Tunnel6,
            LinkLayerType::Sit,
            LinkLayerType::Ipgre,
            LinkLayerType::Ip6gre,
            LinkLayerType::Void,
            LinkLayerType::None,
            LinkLayerType::Rawip,
            LinkLayerType::Ppp,
        ]
        .into_iter()
        .any(|kind| u16::from(kind) == self.hardware)
    }
}

impl LinkKind {
    fn read(info: &LinkInfo) -> Option<Self> {
        let LinkInfo::Kind(kind) = info else { return None };
        let named: [(InfoKind, Self); 5] = [
            (InfoKind::Veth, Self::Veth),
            (InfoKind::Wireguard, Self::Wireguard),
            (InfoKind::Tun, Self::Tun),
            (InfoKind::Bridge, Self::Bridge),
            (InfoKind::Vlan, Self::Vlan),
        ];
        let known = named.into_iter().find(|(theirs, _)| theirs == kind);
        Some(known.map_or_else(|| Self::Other(kind.to_string()), |(_, ours)| ours))
    }

    /// The name as netlink has it; empty for hardware.
    pub fn name(&self) -> &str {
        match self {
            Self::Device => "",
            Self::Veth => "veth",
            Self::Wireguard => "wireguard",
            Self::Tun => "tun",
            Self::Bridge => "bridge",
            Self::Vlan => "vlan",
            Self::Other(name) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(family: AddressFamily, index: u32) -> LinkMessage {
        let mut message = LinkMessage::default();
        message.header.interface_family = family;
        message.header.index = index;
        message.header.link_layer_type = LinkLayerType::None;
        message.attributes = vec![
            LinkAttribute::IfName("cilium_wg0".into()),
            LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Wireguard)]),
            LinkAttribute::Controller(7),
        ];
        message
    }

    #[test]
    fn a_message_is_read_whole() {
        let link = Link::read(&message(AddressFamily::Unspec, 3)).unwrap();
        assert_eq!((link.name.as_str(), link.kind.name(), link.master), ("cilium_wg0", "wireguard", Some(7)));
        assert!(link.is_l3() && !link.up);
    }

    #[test]
    fn leaving_a_bridge_is_no_end_of_the_link() {
        assert_eq!(Link::read(&message(AddressFamily::Bridge, 3)), None);
    }

    #[test]
    fn ethernet_and_loopback_have_a_link_layer() {
        for kind in [LinkLayerType::Ether, LinkLayerType::Loopback] {
            let mut message = message(AddressFamily::Unspec, 1);
            message.header.link_layer_type = kind;
            assert!(!Link::read(&message).unwrap().is_l3(), "{kind:?}");
        }
    }
}
