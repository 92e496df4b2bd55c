//! What is in force, read back.

use std::collections::BTreeSet;
use std::net::IpAddr;

use rustix::io::Errno;

use super::batch::message;
use super::expression::{Decoded, decode, uapi};
use super::found::{FoundChain, FoundHook, FoundRule, FoundSet, FoundTable};
use super::ruleset::Set;
use crate::datapath::nfnetlink::{
    Attributes, Family, Malformed, Message, NetfilterError, NetfilterSocket, Value, attributes,
};

/// Reads a table in one piece: it reads again when the ruleset changed meanwhile.
pub(super) fn table(
    socket: &mut NetfilterSocket,
    family: Family,
    name: &str,
) -> Result<Option<FoundTable>, NetfilterError> {
    for _ in 0..TRIES {
        let before = generation(socket)?;
        let found = once(socket, family, name);
        if generation(socket)? == before {
            return found;
        }
    }
    Err(NetfilterError::Restless { what: format!("read table {family} {name}"), tries: TRIES })
}

/// The number of the ruleset's last change.
fn generation(socket: &mut NetfilterSocket) -> Result<u32, NetfilterError> {
    let mut generation = None;
    let what = "ask for the ruleset's generation".to_owned();
    socket.get(&request(NFT_MSG_GETGEN, Family::UNSPECIFIED, what, |_| {}), |_, found| {
        attributes(found, |kind, value| {
            if kind == NFTA_GEN_ID {
                generation = Some(value.u32()?);
            }
            Ok(())
        })
    })?;
    Ok(generation.unwrap_or_default())
}

fn once(
    socket: &mut NetfilterSocket,
    family: Family,
    name: &str,
) -> Result<Option<FoundTable>, NetfilterError> {
    let mut table = FoundTable::default();
    let what = |object: &str| format!("read {object} of table {family} {name}");
    let get = request(NFT_MSG_GETTABLE, family, format!("read table {family} {name}"), |to| {
        to.text(uapi::NFTA_TABLE_NAME, name);
    });
    let found = socket.get(&get, |_, found| {
        attributes(found, |kind, value| {
            if kind == uapi::NFTA_TABLE_FLAGS {
                table.dormant = value.u32()? & uapi::NFT_TABLE_F_DORMANT != 0;
            }
            Ok(())
        })
    });
    match found {
        Err(error) if error.errno() == Some(Errno::NOENT) => return Ok(None),
        other => other?,
    }

    let all_chains = request(NFT_MSG_GETCHAIN, family, what("chains"), |_| {});
    chains(socket, &all_chains, |_, of, chain| {
        if of == name {
            table.chains.push(chain);
        }
    })?;
    let rules = request(NFT_MSG_GETRULE, family, what("rules"), |to| {
        to.text(uapi::NFTA_RULE_TABLE, name);
    });
    socket.dump(&rules, |_, found| {
        let (of, chain, rule) = self::rule(found)?;
        if of == name
            && let Some(chain) = table.chains.iter_mut().find(|known| known.name == chain)
        {
            chain.rules.push(rule);
        }
        Ok(())
    })?;
    let sets = request(NFT_MSG_GETSET, family, what("sets"), |to| {
        to.text(uapi::NFTA_SET_TABLE, name);
    });
    socket.dump(&sets, |_, found| {
        let (of, set) = self::set(found)?;
        if of == name {
            table.sets.push(set);
        }
        Ok(())
    })?;
    for set in &mut table.sets {
        fill(socket, family, name, set)?;
    }
    Ok(Some(table))
}

/// Reads chains: the family and name of their table, and each.
pub(super) fn chains(
    socket: &mut NetfilterSocket,
    request: &Message,
    mut take: impl FnMut(Family, &str, FoundChain),
) -> Result<(), NetfilterError> {
    socket.dump(request, |family, found| {
        let (mut table, mut name, mut kind, mut at) = (String::new(), String::new(), String::new(), None);
        let mut policy = uapi::POLICY_ACCEPT;
        attributes(found, |is, value| {
            match is {
                uapi::NFTA_CHAIN_TABLE => table = value.text(),
                uapi::NFTA_CHAIN_NAME => name = value.text(),
                uapi::NFTA_CHAIN_TYPE => kind = value.text(),
                uapi::NFTA_CHAIN_POLICY => policy = value.u32()?,
                uapi::NFTA_CHAIN_HOOK => at = Some(hook(value)?),
                _ => {}
            }
            Ok(())
        })?;
        let hook = at.map(|(point, priority)| {
            let drops = policy == uapi::POLICY_DROP;
            FoundHook::new(kind, point, priority, drops)
        });
        take(family, &table, FoundChain { name, hook, rules: Vec::new() });
        Ok(())
    })
}

fn hook(value: Value<'_>) -> Result<(u32, i32), Malformed> {
    let (mut point, mut priority) = (u32::MAX, 0);
    attributes(value.0, |kind, value| {
        match kind {
            uapi::NFTA_HOOK_HOOKNUM => point = value.u32()?,
            uapi::NFTA_HOOK_PRIORITY => priority = i32::from_be_bytes(value.exactly()?),
            _ => {}
        }
        Ok(())
    })?;
    Ok((point, priority))
}

/// The names of table and chain, and the rule.
fn rule(found: &[u8]) -> Result<(String, String, FoundRule), Malformed> {
    let (mut table, mut chain, mut handle) = (String::new(), String::new(), 0);
    let (mut decoded, mut comment) = (Decoded::default(), None);
    attributes(found, |kind, value| {
        match kind {
            uapi::NFTA_RULE_TABLE => table = value.text(),
            uapi::NFTA_RULE_CHAIN => chain = value.text(),
            uapi::NFTA_RULE_HANDLE => handle = value.u64()?,
            uapi::NFTA_RULE_EXPRESSIONS => decoded = decode(value.0)?,
            uapi::NFTA_RULE_USERDATA => comment = self::comment(value.0),
            _ => {}
        }
        Ok(())
    })?;
    let Decoded { expressions, counts } = decoded;
    Ok((table, chain, FoundRule { handle, expressions, comment, counts }))
}

/// Of what user space put beside a rule, kind by kind.
pub(super) fn comment(mut data: &[u8]) -> Option<String> {
    while let Some((&[kind, length], rest)) = data.split_first_chunk() {
        let (value, next) = rest.split_at_checked(length.into())?;
        if kind == uapi::NFTNL_UDATA_RULE_COMMENT {
            return Some(Value(value).text());
        }
        data = next;
    }
    None
}

fn set(found: &[u8]) -> Result<(String, FoundSet), Malformed> {
    let (mut table, mut name, mut plain) = (String::new(), String::new(), true);
    attributes(found, |kind, value| {
        match kind {
            uapi::NFTA_SET_TABLE => table = value.text(),
            uapi::NFTA_SET_NAME => name = value.text(),
            uapi::NFTA_SET_FLAGS => plain = value.u32()? == 0,
            _ => {}
        }
        Ok(())
    })?;
    Ok((table, FoundSet { set: Set { name, addresses: BTreeSet::new() }, plain }))
}

fn fill(
    socket: &mut NetfilterSocket,
    family: Family,
    table: &str,
    set: &mut FoundSet,
) -> Result<(), NetfilterError> {
    let what = format!("read set {} of table {family} {table}", set.set.name);
    let elements = request(NFT_MSG_GETSETELEM, family, what, |to| {
        to.text(uapi::NFTA_SET_ELEM_LIST_TABLE, table);
        to.text(uapi::NFTA_SET_ELEM_LIST_SET, &set.set.name);
    });
    socket.dump(&elements, |_, found| {
        attributes(found, |kind, list| {
            if kind != uapi::NFTA_SET_ELEM_LIST_ELEMENTS {
                return Ok(());
            }
            attributes(list.0, |_, element| {
                attributes(element.0, |kind, key| {
                    if kind == uapi::NFTA_SET_ELEM_KEY {
                        attributes(key.0, |_, value| {
                            match address(value) {
                                Some(address) => set.set.addresses.insert(address),
                                None => std::mem::take(&mut set.plain),
                            };
                            Ok(())
                        })?;
                    }
                    Ok(())
                })
            })
        })
    })
}

fn address(value: Value<'_>) -> Option<IpAddr> {
    let ipv4 = value.exactly::<4>().map(IpAddr::from);
    ipv4.or_else(|_| value.exactly::<16>().map(IpAddr::from)).ok()
}

pub(super) fn request(
    kind: u16,
    family: Family,
    what: String,
    fill: impl FnOnce(&mut Attributes),
) -> Message {
    message(kind, 0, family, what, fill)
}

/// A ruleset that changes as often as that while it is read is being written all the time.
const TRIES: u32 = 10;

const NFT_MSG_GETTABLE: u16 = 1;
pub(super) const NFT_MSG_GETCHAIN: u16 = 4;
const NFT_MSG_GETRULE: u16 = 7;
const NFT_MSG_GETSET: u16 = 10;
const NFT_MSG_GETSETELEM: u16 = 13;
const NFT_MSG_GETGEN: u16 = 16;
const NFTA_GEN_ID: u16 = 1;
