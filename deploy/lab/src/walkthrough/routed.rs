//! Packets that a node routes to a device, counted on their way.

use std::net::Ipv4Addr;

use anyhow::{Context as _, Result};
use wgtrace_tunnel::Prefix;
use wgtraced::datapath::nat::{
    Chain, ChainKind, Device, Family, Hook, HookPoint, Is, Nat, Rule, Statement, Table,
};

use crate::Node;

/// A counter, in a table of its own, which goes with this value.
///
/// What a program on another device redirects does not come by here: it tells the rule's work from the guard's.
#[derive(Debug)]
pub(super) struct Routed<'a> {
    node: &'a Node,
}

impl<'a> Routed<'a> {
    /// Counts from now on what leaves by a device for an address.
    pub(super) fn count(node: &'a Node, device: &str, to: Ipv4Addr) -> Result<Self> {
        let rule = Rule::new([
            Statement::Output(Is::Equal, Device::Named(device.to_owned())),
            Statement::Destination(Is::Equal, Prefix::host(to.into())),
            Statement::Counter,
        ]);
        let chain = Chain {
            name: CHAIN.to_owned(),
            hook: Some(Hook { kind: ChainKind::Filter, point: HookPoint::Postrouting, priority: 0 }),
            rules: vec![rule.comment(COMMENT)],
        };
        let (family, name) = (Family::IPV4, TABLE.to_owned());
        let table = Table { family, name, sets: Vec::new(), chains: vec![chain] };
        node.run(|| Nat::open()?.apply(&table))?.context("cannot count on the node")?;
        Ok(Self { node })
    }

    /// How many packets there were.
    pub(super) fn packets(&self) -> Result<u64> {
        let table = self.node.run(|| Nat::open()?.read(Family::IPV4, TABLE))??;
        let counts = table.and_then(|table| table.rule(CHAIN, COMMENT)?.counts);
        Ok(counts.context("the counter on the node is gone")?.packets)
    }
}

impl Drop for Routed<'_> {
    fn drop(&mut self) {
        // With the lab it goes in any case.
        let _ = self.node.run(|| Nat::open()?.remove(Family::IPV4, TABLE));
    }
}

const TABLE: &str = "wgtrace_walkthrough";
const CHAIN: &str = "routed";
const COMMENT: &str = "routed there";
