//! What a node is, as far as NAT goes, and the table that follows.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use thiserror::Error;
use wgtrace_tunnel::Prefix;

use super::expression::Verdict;
use super::ruleset::{Chain, ChainKind, Hook, HookPoint, Rule, Set, Table};
use super::statement::{Device, Is, Statement};
use super::{Family, TABLE};
use crate::datapath::desired::TUNNEL;
use crate::wireguard::DeviceName;

/// What a node is, as far as NAT of one address family goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The node's pods.
    pub pods: Prefix,
    /// Where pods are known by their own addresses (`ipv4NativeRoutingCIDR`); elsewhere the node's address stands for
    /// them. Without one, nothing is masqueraded.
    pub native: Option<Prefix>,
    /// The address of the router device.
    pub router: IpAddr,
    /// The device by which the stack reaches the node's pods: `cilium_host`.
    pub router_device: DeviceName,
    /// Addresses of all nodes; those of the other family are left out.
    pub nodes: BTreeSet<IpAddr>,
    /// With encryption, the device that leads to the other nodes: plaintext of pods must not leave by it.
    pub native_device: Option<DeviceName>,
}

/// Why there is no table for an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IntentError {
    /// IPv4 and IPv6 in one.
    #[error(
        "NAT of {pods} cannot involve {other}: the families differ; give each family addresses of its own"
    )]
    Families {
        /// The node's pods.
        pods: Prefix,
        /// The network or address of the other family.
        other: Prefix,
    },
}

impl Intent {
    /// The table, in the order of Cilium's chain `CILIUM_POST_nat`.
    pub fn table(&self) -> Result<Table, IntentError> {
        let is_ipv4 = self.pods.addr().is_ipv4();
        let others = [Some(Prefix::host(self.router)), self.native];
        if let Some(other) = others.into_iter().flatten().find(|other| other.addr().is_ipv4() != is_ipv4) {
            return Err(IntentError::Families { pods: self.pods, other });
        }
        let family = if is_ipv4 { Family::IPV4 } else { Family::IPV6 };
        let router_device = || Statement::Output(Is::Equal, Device::Named(self.router_device.to_string()));

        let mut rules = vec![
            Rule::new([
                Statement::Source(Is::Equal, self.pods),
                Statement::DestinationIn(family, NODES.to_owned()),
                Statement::Counter,
                Statement::Verdict(Verdict::Return),
            ])
            .comment("nodes see pods by their own addresses"),
        ];
        if let Some(native) = self.native {
            rules.push(
                Rule::new([
                    Statement::Source(Is::Equal, self.pods),
                    Statement::Destination(Is::Not, native),
                    Statement::Output(Is::Not, Device::Prefixed(OURS.to_owned())),
                    Statement::Counter,
                    Statement::Masquerade { fully_random: false },
                ])
                .comment("elsewhere the node stands for its pods"),
            );
        }
        if is_ipv4 {
            rules.push(
                Rule::new([
                    Statement::Source(Is::Equal, Prefix::host(Ipv4Addr::LOCALHOST.into())),
                    router_device(),
                    Statement::Counter,
                    Statement::SourceTo(self.router),
                ])
                .comment("pods cannot answer the node's loopback address"),
            );
        }
        // what a pod answers a pod of its node goes straight there, past conntrack; to the router address it goes through
        // the stack, where the translation is undone
        rules.push(
            Rule::new([
                Statement::Mark { is: Is::Equal, mask: MARK_MASK, value: MARK_IDENTITY },
                router_device(),
                Statement::DestinationTranslated,
                Statement::Counter,
                Statement::SourceTo(self.router),
            ])
            .comment("a pod reaches a pod of its node through a service"),
        );

        let hook = Hook { kind: ChainKind::Nat, point: HookPoint::Postrouting, priority: PRIORITY };
        let mut chains = vec![Chain { name: "postrouting".to_owned(), hook: Some(hook), rules }];
        chains.extend(self.native_device.as_ref().map(barrier));
        let addresses = self.nodes.iter().copied().filter(|node| node.is_ipv4() == is_ipv4).collect();
        Ok(Table {
            family,
            name: TABLE.to_owned(),
            sets: vec![Set { name: NODES.to_owned(), addresses }],
            chains,
        })
    }
}

/// Every packet of a pod has a mark of the program at the pod's device, and every packet out of the tunnel one of the
/// program there. One without was seen by none: they are gone, and nothing else may be left that keeps it in.
fn barrier(native: &DeviceName) -> Chain {
    let unseen = |from: Device, comment: &str| {
        Rule::new([
            Statement::Input(Is::Equal, from),
            Statement::Output(Is::Equal, Device::Named(native.to_string())),
            Statement::Mark { is: Is::Equal, mask: MARK_MASK, value: 0 },
            Statement::Counter,
            Statement::Verdict(Verdict::Drop),
        ])
        .comment(comment)
    };
    let hook = Hook { kind: ChainKind::Filter, point: HookPoint::Forward, priority: FILTER };
    Chain {
        name: BARRIER.to_owned(),
        hook: Some(hook),
        rules: vec![
            unseen(Device::Prefixed(PODS.to_owned()), "no program has seen what this pod sends"),
            unseen(Device::Named(TUNNEL.to_owned()), "no program has seen what came out of the tunnel"),
        ],
    }
}

/// The chain that drops what no forwarding program has marked.
pub const BARRIER: &str = "forward";

/// The set of the nodes' addresses.
const NODES: &str = "nodes";

/// What goes out by one of our own devices stays in the cluster: by `cilium_wg0` encrypted, by `cilium_host` to a pod.
const OURS: &str = "cilium_";

/// What the host's ends of pods' cables are called.
const PODS: &str = "lxc";

/// linux: `NF_IP_PRI_NAT_SRC` is 100, and kube-proxy's.
const PRIORITY: i32 = 99;
/// linux: `NF_IP_PRI_FILTER`
const FILTER: i32 = 0;

/// Cilium: `bpf/lib/common.h`, `MARK_MAGIC_HOST_MASK` and `MARK_MAGIC_IDENTITY`, which a packet has that comes from a pod
/// and is for this node, or for the world.
const MARK_MASK: u32 = 0xf00;
const MARK_IDENTITY: u32 = 0xf00;
