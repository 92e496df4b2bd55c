//! A kernel that is a few tables: it refuses what the real one refuses, and loses what the real one loses.

use std::net::IpAddr;

use crate::datapath::state::{Hop, MAIN, PROTOCOL, Route, Rule, Setting, Sysctl};
use crate::datapath::{Change, Observed};
use crate::probe::links::LinkKind;
use crate::wireguard::DeviceName;

use super::plain_link;

/// Does one step, or says why not.
pub(super) fn apply(kernel: &mut Observed, change: &Change) -> Result<(), String> {
    let refuse = |why: &str| Err(format!("`{change}`: {why}"));
    match change {
        Change::AddVeth { name, peer } => {
            if kernel.links.contains_key(name) || kernel.links.contains_key(peer) {
                return refuse("exists");
            }
            let next = kernel.links.values().map(|link| link.index).max().unwrap_or(1) + 1;
            for (name, index, other) in [(name, next, next + 1), (peer, next + 1, next)] {
                let mut link = plain_link(index, LinkKind::Veth);
                link.peer = Some(other);
                kernel.links.insert(name.clone(), link);
            }
        }
        Change::DeleteLink(name) => delete(kernel, name),
        Change::SetLink(name, setting) => {
            let Some(link) = kernel.links.get_mut(name) else { return refuse("no device") };
            match *setting {
                Setting::Mtu(mtu) => link.mtu = mtu,
                Setting::Arp(arp) => link.arp = arp,
                Setting::TxQueueLen(len) => link.tx_queue_len = len,
                Setting::NoAutomaticAddress => link.automatic_address = false,
                Setting::Up => link.up = true,
            }
        }
        Change::AddAddress(address) => {
            if !kernel.links.contains_key(&address.device) {
                return refuse("no device");
            }
            let same = |have: &crate::datapath::state::Address| {
                (have.addr, have.len, &have.device) == (address.addr, address.len, &address.device)
            };
            if kernel.addresses.iter().any(same) {
                return refuse("exists");
            }
            kernel.addresses.push(address.clone());
        }
        Change::DeleteAddress(address) => {
            kernel.addresses.retain(|have| have != address);
            // linux: fib_sync_down_addr
            kernel.routes.retain(|(route, _)| source(route) != Some(address.addr));
        }
        Change::AddRoute(route) => {
            is_possible(kernel, route).map_err(|why| format!("`{change}`: {why}"))?;
            if kernel.routes.iter().any(|(have, _)| have.key() == route.key()) {
                return refuse("exists");
            }
            kernel.routes.push((route.clone(), PROTOCOL));
        }
        Change::ReplaceRoute(route) => {
            is_possible(kernel, route).map_err(|why| format!("`{change}`: {why}"))?;
            match kernel.routes.iter_mut().find(|(have, _)| have.key() == route.key()) {
                Some(have) => *have = (route.clone(), PROTOCOL),
                None => return refuse("nothing to replace"),
            }
        }
        Change::DeleteRoute(route) => {
            kernel.routes.retain(|have| *have != (route.clone(), PROTOCOL));
        }
        Change::AddRule(rule) => {
            if kernel.rules.iter().any(|(have, _)| have == rule) {
                return refuse("exists");
            }
            kernel.rules.push((*rule, PROTOCOL));
        }
        Change::DeleteRule(rule) => kernel.rules.retain(|have| *have != (*rule, PROTOCOL)),
        Change::SetSysctl(sysctl, value) => {
            if sysctl.device().is_some_and(|device| !kernel.links.contains_key(device)) {
                return refuse("no such setting");
            }
            if *sysctl == Sysctl::IP_FORWARD {
                // linux: inet_forward_change
                for device in kernel.links.keys() {
                    kernel.sysctls.insert(Sysctl::of(device, "forwarding"), *value);
                }
            }
            kernel.sysctls.insert(sysctl.clone(), *value);
        }
    }
    Ok(())
}

/// A device goes, and with it its other end and all that hangs on the two.
pub(super) fn delete(kernel: &mut Observed, name: &DeviceName) {
    let Some(link) = kernel.links.remove(name) else { return };
    kernel.addresses.retain(|address| address.device != *name);
    kernel.routes.retain(|(route, _)| route.device() != Some(name));
    kernel.sysctls.retain(|sysctl, _| sysctl.device() != Some(name));
    let is_other_end = |other: &crate::datapath::observed::Link| {
        other.index == link.peer.unwrap_or(0) && other.kind == link.kind
    };
    let other = kernel.links.iter().find(|(_, other)| is_other_end(other)).map(|(name, _)| name.clone());
    if let Some(other) = other {
        delete(kernel, &other);
    }
}

fn is_possible(kernel: &Observed, route: &Route) -> Result<(), &'static str> {
    let Hop::Device { device, gateway, source, .. } = &route.hop else { return Ok(()) };
    let is_local = |addr: IpAddr| kernel.addresses.iter().any(|address| address.addr == addr);
    match kernel.links.get(device) {
        None => return Err("no device"),
        Some(link) if !link.up => return Err("device is down"),
        Some(_) => {}
    }
    if source.is_some_and(|source| !is_local(source)) {
        return Err("not an address of this host");
    }
    let is_on_link = |gateway: IpAddr| {
        let direct = |(route, _): &(Route, u8)| {
            matches!(&route.hop, Hop::Device { device: by, gateway: None, .. } if by == device)
                && route.destination.contains(gateway)
        };
        is_local(gateway) || kernel.routes.iter().any(direct)
    };
    if gateway.is_some_and(|gateway| !is_on_link(gateway)) {
        return Err("the gateway is not on the link");
    }
    Ok(())
}

fn source(route: &Route) -> Option<IpAddr> {
    match &route.hop {
        Hop::Device { source, .. } => *source,
        Hop::Unreachable | Hop::Other => None,
    }
}

/// The route that a packet takes.
pub(super) fn lookup(kernel: &Observed, mark: u32, to: IpAddr) -> Option<&Route> {
    let mut rules: Vec<&Rule> = kernel.rules.iter().map(|(rule, _)| rule).collect();
    rules.sort_by_key(|rule| rule.priority);
    let tables = rules.iter().filter(|rule| mark & rule.mask == rule.mark).map(|rule| rule.table);
    tables.chain([MAIN]).find_map(|table| {
        let routes = kernel.routes.iter().map(|(route, _)| route);
        let fitting = routes.filter(|route| route.table == table && route.destination.contains(to));
        fitting.min_by_key(|route| (u8::MAX - route.destination.len(), route.metric))
    })
}
