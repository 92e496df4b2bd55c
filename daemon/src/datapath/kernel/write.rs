//! Steps, in netlink's words.

use rtnetlink::packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use rtnetlink::packet_route::address::{AddressAttribute, AddressMessage};
use rtnetlink::packet_route::link::{
    AfSpecInet6, AfSpecUnspec, In6AddrGenMode, InfoData, InfoVeth, LinkAttribute, LinkMessage,
};
use rtnetlink::packet_route::route::{RouteAttribute, RouteMessage, RouteMetric, RouteType};
use rtnetlink::packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};
use rtnetlink::{LinkMessageBuilder, LinkUnspec, LinkVeth};
use rustix::io::Errno;

use super::{Kernel, random_mac};
use crate::datapath::change::Change;
use crate::datapath::state::{Address, Family, Hop, PROTOCOL, Route, Rule, Setting};
use crate::wireguard::DeviceName;

impl Kernel {
    /// Does one step; done already is done.
    pub(super) async fn write(&self, change: &Change) -> Result<(), Errno> {
        let create = NLM_F_CREATE | NLM_F_EXCL;
        let done = match change {
            Change::AddVeth { name, peer } => {
                self.request(RouteNetlinkMessage::NewLink(veth(name, peer)?), create).await
            }
            Change::DeleteLink(name) => {
                let message = LinkUnspec::new_with_name(name.as_str()).build();
                self.request(RouteNetlinkMessage::DelLink(message), 0).await
            }
            Change::SetLink(name, setting) => {
                self.request(RouteNetlinkMessage::SetLink(with(name, *setting)), 0).await
            }
            Change::AddAddress(address) => {
                let message = self.address(address).await?;
                self.request(RouteNetlinkMessage::NewAddress(message), create).await
            }
            Change::DeleteAddress(address) => match self.address(address).await {
                Ok(message) => self.request(RouteNetlinkMessage::DelAddress(message), 0).await,
                Err(error) => Err(error),
            },
            Change::AddRoute(route) => {
                let message = self.route(route).await?;
                self.request(RouteNetlinkMessage::NewRoute(message), create).await
            }
            Change::ReplaceRoute(route) => {
                let message = self.route(route).await?;
                let flags = NLM_F_CREATE | NLM_F_REPLACE;
                self.request(RouteNetlinkMessage::NewRoute(message), flags).await
            }
            Change::DeleteRoute(route) => match self.route(route).await {
                Ok(message) => self.request(RouteNetlinkMessage::DelRoute(message), 0).await,
                Err(error) => Err(error),
            },
            Change::AddRule(of) => self.request(RouteNetlinkMessage::NewRule(rule(of)), create).await,
            Change::DeleteRule(of) => self.request(RouteNetlinkMessage::DelRule(rule(of)), 0).await,
            Change::SetSysctl(..) => Err(Errno::OPNOTSUPP),
        };
        // Somebody was faster. Whether with the same is seen when all is read again.
        match done {
            Err(Errno::EXIST) if is_addition(change) => Ok(()),
            Err(Errno::NOENT | Errno::SRCH | Errno::NODEV | Errno::ADDRNOTAVAIL) if is_removal(change) => {
                Ok(())
            }
            done => done,
        }
    }

    async fn address(&self, address: &Address) -> Result<AddressMessage, Errno> {
        let mut message = AddressMessage::default();
        message.header.family = family(Family::of(address.addr));
        message.header.prefix_len = address.len;
        message.header.scope = u8::from(address.scope).into();
        message.header.index = self.index(&address.device).await?;
        message.attributes =
            vec![AddressAttribute::Local(address.addr), AddressAttribute::Address(address.addr)];
        Ok(message)
    }

    async fn route(&self, route: &Route) -> Result<RouteMessage, Errno> {
        let mut message = RouteMessage::default();
        let header = &mut message.header;
        header.address_family = family(Family::of(route.destination.addr()));
        header.destination_prefix_length = route.destination.len();
        header.table = u8::try_from(route.table).unwrap_or_default();
        header.protocol = PROTOCOL.into();
        let attributes = &mut message.attributes;
        attributes.push(RouteAttribute::Table(route.table));
        if route.destination.len() > 0 {
            attributes.push(RouteAttribute::Destination(route.destination.addr().into()));
        }
        if route.metric != 0 {
            attributes.push(RouteAttribute::Priority(route.metric));
        }
        attributes.extend(route.mtu.map(|mtu| RouteAttribute::Metrics(vec![RouteMetric::Mtu(mtu)])));
        match &route.hop {
            Hop::Unreachable => header.kind = RouteType::Unreachable,
            Hop::Device { device, gateway, source, scope } => {
                header.kind = RouteType::Unicast;
                header.scope = u8::from(*scope).into();
                attributes.push(RouteAttribute::Oif(self.index(device).await?));
                attributes.extend(gateway.map(|addr| RouteAttribute::Gateway(addr.into())));
                attributes.extend(source.map(|addr| RouteAttribute::PrefSource(addr.into())));
            }
            // One of ours that somebody changed; its key and protocol are enough to remove it.
            Hop::Other => header.scope = rtnetlink::packet_route::route::RouteScope::NoWhere,
        }
        Ok(message)
    }

    /// A device's index.
    pub(crate) async fn index(&self, name: &DeviceName) -> Result<u32, Errno> {
        use futures_util::TryStreamExt as _;
        let mut found = self.handle.link().get().match_name(name.as_str().to_owned()).execute();
        match found.try_next().await {
            Ok(Some(message)) => Ok(message.header.index),
            _ => Err(Errno::NODEV),
        }
    }
}

fn veth(name: &DeviceName, peer: &DeviceName) -> Result<LinkMessage, Errno> {
    let [own, other] = [random_mac(), random_mac()].map(|mac| mac.map_err(|_| Errno::AGAIN));
    let end = LinkMessageBuilder::<LinkUnspec>::new().name(peer.as_str()).address(other?.to_vec()).build();
    let pair = LinkVeth::new(name.as_str(), peer.as_str()).address(own?.to_vec());
    Ok(pair.set_info_data(InfoData::Veth(InfoVeth::Peer(end))).build())
}

fn with(name: &DeviceName, setting: Setting) -> LinkMessage {
    let link = LinkUnspec::new_with_name(name.as_str());
    match setting {
        Setting::Mtu(mtu) => link.mtu(mtu),
        Setting::Arp(arp) => link.arp(arp),
        Setting::TxQueueLen(len) => link.txqueuelen(len),
        Setting::NoAutomaticAddress => {
            let mode = AfSpecInet6::AddrGenMode(In6AddrGenMode::None);
            let families = vec![AfSpecUnspec::Inet6(vec![mode])];
            link.append_extra_attribute(LinkAttribute::AfSpecUnspec(families))
        }
        Setting::Up => link.up(),
    }
    .build()
}

fn rule(rule: &Rule) -> RuleMessage {
    let mut message = RuleMessage::default();
    message.header.family = family(rule.family);
    message.header.table = u8::try_from(rule.table).unwrap_or_default();
    message.header.action = RuleAction::ToTable;
    message.attributes = vec![
        RuleAttribute::Priority(rule.priority),
        RuleAttribute::FwMark(rule.mark),
        RuleAttribute::FwMask(rule.mask),
        RuleAttribute::Table(rule.table),
        RuleAttribute::Protocol(PROTOCOL.into()),
    ];
    message
}

fn family(family: Family) -> AddressFamily {
    match family {
        Family::V4 => AddressFamily::Inet,
        Family::V6 => AddressFamily::Inet6,
    }
}

fn is_addition(change: &Change) -> bool {
    matches!(
        change,
        Change::AddVeth { .. } | Change::AddAddress(_) | Change::AddRoute(_) | Change::AddRule(_)
    )
}

fn is_removal(change: &Change) -> bool {
    matches!(
        change,
        Change::DeleteLink(_) | Change::DeleteAddress(_) | Change::DeleteRoute(_) | Change::DeleteRule(_)
    )
}
