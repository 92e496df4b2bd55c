//! The walkthrough's nodes and pods.

use std::net::Ipv4Addr;

/// A node to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodePlan {
    pub(crate) name: &'static str,
    pub(crate) address: Ipv4Addr,
    pub(crate) pod_cidr: &'static str,
    pub(crate) router: Ipv4Addr,
}

/// A pod to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PodPlan {
    pub(crate) name: &'static str,
    pub(crate) node: &'static str,
    pub(crate) address: Ipv4Addr,
    /// Whether it is behind the service.
    pub(crate) serves: bool,
}

/// The table of kube-proxy's rules on every node.
pub(crate) const KUBE_PROXY: &str = "kube_proxy";

/// The network between the nodes.
pub(crate) const GATEWAY: Ipv4Addr = Ipv4Addr::new(172, 18, 0, 1);
pub(crate) const PREFIX: u8 = 16;

/// The document shows the router of one of them; those of the others are addresses that it shows without their owner.
pub(crate) const NODES: [NodePlan; 3] = [
    NodePlan {
        name: "cilium-wireguard-control-plane",
        address: Ipv4Addr::new(172, 18, 0, 2),
        pod_cidr: "10.0.0.0/24",
        router: Ipv4Addr::new(10, 0, 0, 152),
    },
    NodePlan {
        name: "cilium-wireguard-worker",
        address: Ipv4Addr::new(172, 18, 0, 3),
        pod_cidr: "10.0.1.0/24",
        router: Ipv4Addr::new(10, 0, 1, 26),
    },
    NodePlan {
        name: "cilium-wireguard-worker2",
        address: Ipv4Addr::new(172, 18, 0, 4),
        pod_cidr: "10.0.2.0/24",
        router: Ipv4Addr::new(10, 0, 2, 210),
    },
];

pub(crate) const PODS: [PodPlan; 3] = [
    PodPlan {
        name: "net",
        node: "cilium-wireguard-worker",
        address: Ipv4Addr::new(10, 0, 1, 203),
        serves: false,
    },
    PodPlan {
        name: "cni-vk8fx",
        node: "cilium-wireguard-worker",
        address: Ipv4Addr::new(10, 0, 1, 54),
        serves: true,
    },
    PodPlan {
        name: "cni-7n2f9",
        node: "cilium-wireguard-worker2",
        address: Ipv4Addr::new(10, 0, 2, 194),
        serves: true,
    },
];

impl NodePlan {
    /// As Docker makes it of the address.
    pub(crate) fn mac(&self) -> [u8; 6] {
        let [a, b, c, d] = self.address.octets();
        [0x02, 0x42, a, b, c, d]
    }

    /// The end of its cable at the bridge.
    pub(crate) fn port(&self) -> String {
        let [.., last] = self.address.octets();
        format!("veth{last}")
    }
}

/// `02:42:ac:12:00:03`
pub(crate) fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_layer_addresses_are_those_of_the_document() {
        assert_eq!(mac_text(NODES[1].mac()), "02:42:ac:12:00:03");
    }
}
