//! A table as the messages of one transaction.

use std::net::IpAddr;

use rtnetlink::packet_core::{NLM_F_APPEND, NLM_F_CREATE};

use super::expression::{encode, uapi};
use super::ruleset::{Chain, ChainKind, HookPoint, Rule, Set, Table};
use crate::datapath::nfnetlink::{Attributes, Family, Message};

/// linux: `NFNL_SUBSYS_NFTABLES`
pub(super) const SUBSYSTEM: u8 = 10;

/// The messages that put a table in the place of whatever has its name.
pub(super) fn replace(table: &Table) -> Vec<Message> {
    // what does not exist cannot be removed, what exists can be added
    let mut messages = vec![add(table), remove(table.family, &table.name), add(table)];
    for (id, set) in (1..).zip(&table.sets) {
        messages.push(add_set(table, set, id));
        let addresses: Vec<_> = set.addresses.iter().copied().collect();
        messages.extend(addresses.chunks(ELEMENTS).map(|chunk| add_elements(table, set, chunk)));
    }
    messages.extend(table.chains.iter().map(|chain| add_chain(table, chain)));
    for chain in &table.chains {
        messages.extend((1..).zip(&chain.rules).map(|(number, rule)| add_rule(table, chain, number, rule)));
    }
    messages
}

/// The message that removes a table with all that is in it.
pub(super) fn remove(family: Family, name: &str) -> Message {
    message(NFT_MSG_DELTABLE, 0, family, format!("remove table {family} {name}"), |to| {
        to.text(uapi::NFTA_TABLE_NAME, name);
    })
}

fn add(table: &Table) -> Message {
    let what = format!("add table {} {}", table.family, table.name);
    message(NFT_MSG_NEWTABLE, NLM_F_CREATE, table.family, what, |to| {
        to.text(uapi::NFTA_TABLE_NAME, &table.name).u32(uapi::NFTA_TABLE_FLAGS, 0);
    })
}

fn add_set(table: &Table, set: &Set, id: u32) -> Message {
    let what = format!("add set {} of table {} {}", set.name, table.family, table.name);
    message(NFT_MSG_NEWSET, NLM_F_CREATE, table.family, what, |to| {
        let (kind, length) = if table.family == Family::IPV4 { (TYPE_IPADDR, 4) } else { (TYPE_IP6ADDR, 16) };
        to.text(uapi::NFTA_SET_TABLE, &table.name).text(uapi::NFTA_SET_NAME, &set.name);
        to.u32(uapi::NFTA_SET_FLAGS, 0).u32(uapi::NFTA_SET_KEY_TYPE, kind);
        to.u32(uapi::NFTA_SET_KEY_LEN, length).u32(uapi::NFTA_SET_ID, id);
    })
}

fn add_elements(table: &Table, set: &Set, addresses: &[IpAddr]) -> Message {
    let what = format!("fill set {} of table {} {}", set.name, table.family, table.name);
    message(NFT_MSG_NEWSETELEM, NLM_F_CREATE, table.family, what, |to| {
        to.text(uapi::NFTA_SET_ELEM_LIST_TABLE, &table.name);
        to.text(uapi::NFTA_SET_ELEM_LIST_SET, &set.name);
        to.nest(uapi::NFTA_SET_ELEM_LIST_ELEMENTS, |list| {
            for address in addresses {
                list.nest(uapi::NFTA_LIST_ELEM, |element| {
                    element.nest(uapi::NFTA_SET_ELEM_KEY, |key| {
                        match address {
                            IpAddr::V4(address) => key.bytes(uapi::NFTA_DATA_VALUE, &address.octets()),
                            IpAddr::V6(address) => key.bytes(uapi::NFTA_DATA_VALUE, &address.octets()),
                        };
                    });
                });
            }
        });
    })
}

fn add_chain(table: &Table, chain: &Chain) -> Message {
    let what = format!("add chain {} of table {} {}", chain.name, table.family, table.name);
    message(NFT_MSG_NEWCHAIN, NLM_F_CREATE, table.family, what, |to| {
        to.text(uapi::NFTA_CHAIN_TABLE, &table.name).text(uapi::NFTA_CHAIN_NAME, &chain.name);
        let Some(hook) = chain.hook else { return };
        to.nest(uapi::NFTA_CHAIN_HOOK, |to| {
            to.u32(uapi::NFTA_HOOK_HOOKNUM, point(hook.point));
            to.bytes(uapi::NFTA_HOOK_PRIORITY, &hook.priority.to_be_bytes());
        });
        to.u32(uapi::NFTA_CHAIN_POLICY, uapi::POLICY_ACCEPT);
        to.text(
            uapi::NFTA_CHAIN_TYPE,
            match hook.kind {
                ChainKind::Filter => "filter",
                ChainKind::Nat => "nat",
            },
        );
    })
}

fn add_rule(table: &Table, chain: &Chain, number: usize, rule: &Rule) -> Message {
    let what = format!(
        "add rule {number} of chain {} of table {} {} ({rule})",
        chain.name, table.family, table.name
    );
    message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, table.family, what, |to| {
        to.text(uapi::NFTA_RULE_TABLE, &table.name).text(uapi::NFTA_RULE_CHAIN, &chain.name);
        to.nest(uapi::NFTA_RULE_EXPRESSIONS, |list| {
            rule.expressions().iter().for_each(|expression| encode(expression, list));
        });
        if let Some(comment) = rule.commented() {
            // kind, length, value, as libnftnl has them
            let mut data = vec![uapi::NFTNL_UDATA_RULE_COMMENT];
            data.push(u8::try_from(comment.len() + 1).unwrap_or(u8::MAX));
            data.extend_from_slice(comment.as_bytes());
            data.push(0);
            to.bytes(uapi::NFTA_RULE_USERDATA, &data);
        }
    })
}

/// A message of `nf_tables`.
pub(super) fn message(
    kind: u16,
    flags: u16,
    family: Family,
    what: String,
    fill: impl FnOnce(&mut Attributes),
) -> Message {
    let mut attributes = Attributes::default();
    fill(&mut attributes);
    Message { what, kind: u16::from(SUBSYSTEM) << 8 | kind, flags, family, attributes }
}

const fn point(point: HookPoint) -> u32 {
    match point {
        HookPoint::Prerouting => uapi::NF_INET_PRE_ROUTING,
        HookPoint::Input => uapi::NF_INET_LOCAL_IN,
        HookPoint::Forward => uapi::NF_INET_FORWARD,
        HookPoint::Output => uapi::NF_INET_LOCAL_OUT,
        HookPoint::Postrouting => uapi::NF_INET_POST_ROUTING,
    }
}

/// So many elements fit one attribute, of either family.
const ELEMENTS: usize = 1024;

const NFT_MSG_NEWTABLE: u16 = 0;
const NFT_MSG_DELTABLE: u16 = 2;
const NFT_MSG_NEWCHAIN: u16 = 3;
const NFT_MSG_NEWRULE: u16 = 6;
const NFT_MSG_NEWSET: u16 = 9;
const NFT_MSG_NEWSETELEM: u16 = 12;

/// nft: include/datatype.h, by which `nft list` knows how to show an element
const TYPE_IPADDR: u32 = 7;
const TYPE_IP6ADDR: u32 = 8;
