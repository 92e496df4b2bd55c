#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of netlink's words only those that concern us, now and later"
)]

use std::collections::BTreeMap;

use anyhow::Result;
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::address::AddressMessage;
use rtnetlink::packet_route::link::{
    AfSpecInet6, AfSpecUnspec, In6AddrGenMode, LinkAttribute, LinkInfo, LinkMessage,
};

use super::{Layer, Link, Links, Other, UP};
use crate::show::Address;
use crate::show::netlink::list;

/// The devices of the calling thread's namespace, with their addresses.
///
/// # Errors
/// When the kernel does not answer.
pub fn read_links() -> Result<Links> {
    let messages = list(&RouteNetlinkMessage::GetLink(LinkMessage::default()))?;
    let mut read: Vec<Read> = messages
        .iter()
        .filter_map(|message| match message {
            RouteNetlinkMessage::NewLink(message) => Some(read(message)),
            _ => None,
        })
        .collect();
    read.sort_by_key(|read| read.link.index);
    let known: BTreeMap<u32, (String, bool)> = read
        .iter()
        .map(|read| (read.link.index, (read.link.name.clone(), read.link.flags & UP != 0)))
        .collect();
    let mut links: Vec<Link> = read.into_iter().map(|read| read.joined(&known)).collect();
    for message in list(&RouteNetlinkMessage::GetAddress(AddressMessage::default()))? {
        if let RouteNetlinkMessage::NewAddress(message) = message
            && let Some(address) = Address::new(&message)
            && let Some(link) = links.iter_mut().find(|link| link.index == address.device)
        {
            link.addresses.push(address);
        }
    }
    Ok(Links(links))
}

/// A device, and those it has to do with by their indices.
struct Read {
    link: Link,
    other: Option<u32>,
    master: Option<u32>,
}

impl Read {
    fn joined(self, known: &BTreeMap<u32, (String, bool)>) -> Link {
        let Self { mut link, other, master } = self;
        link.other = other.map(|index| match known.get(&index) {
            _ if index == 0 => Other::None,
            Some((name, up)) if link.netns.is_none() => Other::Here { name: name.clone(), up: *up },
            _ => Other::Elsewhere(index),
        });
        link.master = master.and_then(|index| known.get(&index)).map(|(name, _)| name.clone());
        link
    }
}

fn read(message: &LinkMessage) -> Read {
    let header = &message.header;
    let mut link = Link {
        index: header.index,
        name: String::new(),
        other: None,
        flags: header.flags.bits(),
        mtu: 0,
        qdisc: None,
        master: None,
        state: "UNKNOWN".to_owned(),
        mode: 0,
        group: 0,
        queue: 0,
        layer: layer(u16::from(header.link_layer_type)),
        address: Vec::new(),
        broadcast: Vec::new(),
        netns: None,
        kind: None,
        promiscuity: 0,
        mtus: (0, 0),
        addrgenmode: None,
        queues: (0, 0),
        gso_max: (0, 0),
        addresses: Vec::new(),
    };
    let (mut other, mut master) = (None, None);
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => link.name.clone_from(name),
            LinkAttribute::Mtu(bytes) => link.mtu = *bytes,
            LinkAttribute::Qdisc(name) => link.qdisc = Some(name.clone()),
            LinkAttribute::OperState(state) => link.state = state.to_string(),
            LinkAttribute::Mode(mode) => link.mode = u8::from(*mode),
            LinkAttribute::Group(number) => link.group = *number,
            LinkAttribute::TxQueueLen(packets) => link.queue = *packets,
            LinkAttribute::Address(octets) => link.address.clone_from(octets),
            LinkAttribute::Broadcast(octets) => link.broadcast.clone_from(octets),
            LinkAttribute::Link(index) => other = Some(*index),
            LinkAttribute::Controller(index) => master = Some(*index),
            LinkAttribute::LinkNetNsId(number) => link.netns = Some(*number),
            LinkAttribute::LinkInfo(list) => link.kind = kind(list),
            LinkAttribute::Promiscuity(number) => link.promiscuity = *number,
            LinkAttribute::MinMtu(bytes) => link.mtus.0 = *bytes,
            LinkAttribute::MaxMtu(bytes) => link.mtus.1 = *bytes,
            LinkAttribute::NumTxQueues(number) => link.queues.0 = *number,
            LinkAttribute::NumRxQueues(number) => link.queues.1 = *number,
            LinkAttribute::GsoMaxSize(bytes) => link.gso_max.0 = *bytes,
            LinkAttribute::GsoMaxSegs(number) => link.gso_max.1 = *number,
            LinkAttribute::AfSpecUnspec(families) => link.addrgenmode = addrgenmode(families),
            _ => {}
        }
    }
    Read { link, other, master }
}

fn kind(list: &[LinkInfo]) -> Option<String> {
    list.iter().find_map(|info| match info {
        LinkInfo::Kind(kind) => Some(kind.to_string()),
        _ => None,
    })
}

fn addrgenmode(families: &[AfSpecUnspec]) -> Option<&'static str> {
    let inet6 = families.iter().find_map(|family| match family {
        AfSpecUnspec::Inet6(list) => Some(list),
        _ => None,
    })?;
    inet6.iter().find_map(|attribute| match attribute {
        AfSpecInet6::AddrGenMode(In6AddrGenMode::Eui64) => Some("eui64"),
        AfSpecInet6::AddrGenMode(In6AddrGenMode::None) => Some("none"),
        AfSpecInet6::AddrGenMode(In6AddrGenMode::StablePrivacy) => Some("stable_secret"),
        AfSpecInet6::AddrGenMode(In6AddrGenMode::Random) => Some("random"),
        _ => None,
    })
}

/// linux: `include/uapi/linux/if_arp.h`
fn layer(number: u16) -> Layer {
    match number {
        1 => Layer::Ether,
        772 => Layer::Loopback,
        0xfffe => Layer::None,
        number => Layer::Unknown(number),
    }
}
