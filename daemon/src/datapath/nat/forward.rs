//! Other people's chains in which pods' packets end unless somebody accepts them there.

use std::fmt;

use super::expression::uapi::NF_INET_FORWARD;
use super::found::FoundHook;
use super::read::{NFT_MSG_GETCHAIN, chains, request};
use crate::datapath::nfnetlink::{Family, NetfilterError, NetfilterSocket};

/// A chain that drops what it has not accepted of what goes through the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardDrop {
    /// Family of its table.
    pub family: Family,
    /// Its table.
    pub table: String,
    /// Its name.
    pub chain: String,
}

impl ForwardDrop {
    /// The commands that let pods' packets through it, as Cilium's rules in FORWARD do.
    pub fn remedy(&self) -> Vec<String> {
        let Self { family, table, chain } = self;
        let program = if *family == Family::IPV6 { "ip6tables" } else { "iptables" };
        // what iptables made, only iptables may change
        let is_iptables = *family != Family::INET && table == "filter" && chain == "FORWARD";
        DEVICES
            .iter()
            .map(|(direction, device)| match (is_iptables, direction) {
                (true, Direction::In) => format!("{program} -I {chain} -i {device}+ -j ACCEPT"),
                (true, Direction::Out) => format!("{program} -I {chain} -o {device}+ -j ACCEPT"),
                (false, Direction::In) => {
                    format!("nft insert rule {family} {table} {chain} iifname '\"{device}*\"' accept")
                }
                (false, Direction::Out) => {
                    format!("nft insert rule {family} {table} {chain} oifname '\"{device}*\"' accept")
                }
            })
            .collect()
    }
}

impl fmt::Display for ForwardDrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { family, table, chain } = self;
        write!(
            f,
            "chain {chain} of table {family} {table} drops what it does not accept of what goes through this node"
        )
    }
}

pub(super) fn drops(socket: &mut NetfilterSocket) -> Result<Vec<ForwardDrop>, NetfilterError> {
    let mut drops = Vec::new();
    let all =
        request(NFT_MSG_GETCHAIN, Family::UNSPECIFIED, "read the chains of all tables".to_owned(), |_| {});
    chains(socket, &all, |family, table, chain| {
        let Some(FoundHook::Other { point: NF_INET_FORWARD, drops: true, .. }) = chain.hook else { return };
        if [Family::IPV4, Family::IPV6, Family::INET].contains(&family) {
            drops.push(ForwardDrop { family, table: table.to_owned(), chain: chain.name });
        }
    })?;
    Ok(drops)
}

enum Direction {
    In,
    Out,
}

/// Cilium: pkg/datapath/iptables, chain `CILIUM_FORWARD`.
const DEVICES: [(Direction, &str); 4] = [
    (Direction::Out, "cilium_host"),
    (Direction::In, "cilium_host"),
    (Direction::In, "lxc"),
    (Direction::In, "cilium_net"),
];
