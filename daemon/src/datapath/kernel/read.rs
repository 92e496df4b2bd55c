//! What netlink tells, in our words.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of netlink's words only those that concern us, now and later"
)]

use std::collections::BTreeMap;
use std::net::IpAddr;

use rtnetlink::packet_route::address::{AddressAttribute, AddressMessage};
use rtnetlink::packet_route::link::{
    AfSpecInet6, AfSpecUnspec, In6AddrGenMode, LinkAttribute, LinkFlags, LinkMessage,
};
use rtnetlink::packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteMessage, RouteMetric, RouteType,
};
use rtnetlink::packet_route::rule::{RuleAction, RuleAttribute, RuleFlags, RuleMessage};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};
use wgtrace_tunnel::Prefix;

use super::{Kernel, KernelError};
use crate::datapath::desired::everywhere;
use crate::datapath::observed::Link;
use crate::datapath::state::{Address, Family, Hop, MAIN, Route, Rule, TABLE};
use crate::probe::links;
use crate::wireguard::DeviceName;

/// Devices by index.
pub(super) type Names = BTreeMap<u32, DeviceName>;

pub(super) fn names(links: &BTreeMap<DeviceName, Link>) -> Names {
    links.iter().map(|(name, link)| (link.index, name.clone())).collect()
}

impl Kernel {
    /// Every device of the namespace.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub async fn links(&self) -> Result<BTreeMap<DeviceName, Link>, KernelError> {
        let messages = self.dump(RouteNetlinkMessage::GetLink(LinkMessage::default())).await?;
        let links = messages.iter().filter_map(|message| match message {
            RouteNetlinkMessage::NewLink(message) => link(message),
            _ => None,
        });
        Ok(links.collect())
    }

    /// Packets that a device of the namespace was to send and did not; `None` if there is no such device.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub async fn dropped(&self, name: &DeviceName) -> Result<Option<u64>, KernelError> {
        let messages = self.dump(RouteNetlinkMessage::GetLink(LinkMessage::default())).await?;
        let is_name = |attribute: &LinkAttribute| matches!(attribute, LinkAttribute::IfName(found) if found == name.as_str());
        let of = messages.iter().find_map(|message| match message {
            RouteNetlinkMessage::NewLink(message) if message.attributes.iter().any(is_name) => Some(message),
            _ => None,
        });
        let stats =
            of.into_iter().flat_map(|message| &message.attributes).find_map(|attribute| match attribute {
                LinkAttribute::Stats64(stats) => Some(stats.tx_dropped),
                _ => None,
            });
        Ok(stats)
    }

    pub(super) async fn addresses(&self, names: &Names) -> Result<Vec<Address>, KernelError> {
        let messages = self.dump(RouteNetlinkMessage::GetAddress(AddressMessage::default())).await?;
        let addresses = messages.iter().filter_map(|message| match message {
            RouteNetlinkMessage::NewAddress(message) => address(message, names),
            _ => None,
        });
        Ok(addresses.collect())
    }

    pub(super) async fn routes(&self, names: &Names) -> Result<Vec<(Route, u8)>, KernelError> {
        let messages = self.dump(RouteNetlinkMessage::GetRoute(RouteMessage::default())).await?;
        let routes = messages.iter().filter_map(|message| match message {
            RouteNetlinkMessage::NewRoute(message) => route(message, names),
            _ => None,
        });
        Ok(routes.collect())
    }

    pub(super) async fn rules(&self) -> Result<Vec<(Rule, u8)>, KernelError> {
        let messages = self.dump(RouteNetlinkMessage::GetRule(RuleMessage::default())).await?;
        let rules = messages.iter().filter_map(|message| match message {
            RouteNetlinkMessage::NewRule(message) => rule(message),
            _ => None,
        });
        Ok(rules.collect())
    }
}

fn link(message: &LinkMessage) -> Option<(DeviceName, Link)> {
    let known = links::Link::read(message)?;
    let flags = message.header.flags;
    let mut link = Link {
        index: known.index,
        l3: known.is_l3(),
        kind: known.kind,
        mac: None,
        mtu: 0,
        arp: !flags.contains(LinkFlags::Noarp),
        tx_queue_len: 0,
        automatic_address: false,
        up: known.up,
        peer: None,
    };
    let mut is_elsewhere = false;
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::Address(mac) => link.mac = mac.as_slice().try_into().ok(),
            LinkAttribute::Mtu(mtu) => link.mtu = *mtu,
            LinkAttribute::TxQueueLen(len) => link.tx_queue_len = *len,
            LinkAttribute::Link(index) => link.peer = Some(*index),
            LinkAttribute::LinkNetNsId(_) => is_elsewhere = true,
            LinkAttribute::AfSpecUnspec(families) => link.automatic_address = is_automatic(families),
            _ => {}
        }
    }
    link.peer = link.peer.filter(|_| !is_elsewhere);
    // The kernel's names are a little freer; such a device is never one that we look for.
    Some((known.name.parse().ok()?, link))
}

fn is_automatic(families: &[AfSpecUnspec]) -> bool {
    let of_inet6 = families.iter().filter_map(|family| match family {
        AfSpecUnspec::Inet6(list) => Some(list),
        _ => None,
    });
    of_inet6
        .flatten()
        .any(|attribute| matches!(attribute, AfSpecInet6::AddrGenMode(mode) if *mode != In6AddrGenMode::None))
}

fn address(message: &AddressMessage, names: &Names) -> Option<Address> {
    let (mut local, mut far) = (None, None);
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(addr) => local = Some(*addr),
            // That of the other end, where there is one; else our own.
            AddressAttribute::Address(addr) => far = Some(*addr),
            _ => {}
        }
    }
    Some(Address {
        addr: local.or(far)?,
        len: message.header.prefix_len,
        scope: u8::from(message.header.scope).into(),
        device: names.get(&message.header.index)?.clone(),
    })
}

/// A route of a table that concerns us.
fn route(message: &RouteMessage, names: &Names) -> Option<(Route, u8)> {
    let header = &message.header;
    let family = match header.address_family {
        AddressFamily::Inet => Family::V4,
        AddressFamily::Inet6 => Family::V6,
        _ => return None,
    };
    let (mut table, mut metric, mut mtu) = (u32::from(header.table), 0, None);
    let (mut destination, mut device, mut gateway, mut source) = (everywhere(family), None, None, None);
    // Ours have none of the rest.
    let known_flags = RouteFlags::Linkdown | RouteFlags::Dead | RouteFlags::Offload | RouteFlags::RtOffload;
    let mut is_plain =
        header.tos == 0 && header.source_prefix_length == 0 && (header.flags - known_flags).is_empty();
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Table(number) => table = *number,
            RouteAttribute::Destination(addr) => {
                destination = Prefix::new(ip(addr)?, header.destination_prefix_length).ok()?;
            }
            RouteAttribute::Oif(index) => device = names.get(index).cloned(),
            RouteAttribute::Gateway(addr) => gateway = ip(addr),
            RouteAttribute::PrefSource(addr) => source = ip(addr),
            RouteAttribute::Priority(number) => metric = *number,
            RouteAttribute::CacheInfo(_) | RouteAttribute::Preference(_) => {}
            RouteAttribute::Metrics(list) => {
                for item in list {
                    match item {
                        RouteMetric::Mtu(bytes) => mtu = Some(*bytes),
                        _ => is_plain = false,
                    }
                }
            }
            _ => is_plain = false,
        }
    }
    if table != MAIN && table != TABLE {
        return None;
    }
    let hop = match (header.kind, device) {
        (RouteType::Unreachable, _) if is_plain => Hop::Unreachable,
        (RouteType::Unicast, Some(device)) if is_plain => {
            Hop::Device { device, gateway, source, scope: u8::from(header.scope).into() }
        }
        _ => Hop::Other,
    };
    Some((Route { table, destination, hop, metric, mtu }, header.protocol.into()))
}

/// A rule that looks at the mark and at nothing else.
fn rule(message: &RuleMessage) -> Option<(Rule, u8)> {
    let header = &message.header;
    let family = match header.family {
        AddressFamily::Inet => Family::V4,
        AddressFamily::Inet6 => Family::V6,
        _ => return None,
    };
    let is_plain =
        header.action == RuleAction::ToTable && header.tos == 0 && !header.flags.contains(RuleFlags::Invert);
    let (mut priority, mut mark, mut mask, mut table, mut protocol) =
        (0, None, u32::MAX, header.table.into(), 0);
    for attribute in &message.attributes {
        match attribute {
            RuleAttribute::Priority(number) => priority = *number,
            RuleAttribute::FwMark(number) => mark = Some(*number),
            RuleAttribute::FwMask(number) => mask = *number,
            RuleAttribute::Table(number) => table = *number,
            RuleAttribute::Protocol(number) => protocol = (*number).into(),
            // No limit.
            RuleAttribute::SuppressPrefixLen(u32::MAX) => {}
            _ => return None,
        }
    }
    let mark = mark.filter(|_| is_plain)?;
    Some((Rule { family, priority, mark, mask, table }, protocol))
}

fn ip(addr: &RouteAddress) -> Option<IpAddr> {
    match addr {
        RouteAddress::Inet(addr) => Some((*addr).into()),
        RouteAddress::Inet6(addr) => Some((*addr).into()),
        _ => None,
    }
}
