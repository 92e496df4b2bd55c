//! What addresses are, as far as it follows from the configuration and the other nodes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use wgtrace_abi::Address;
use wgtrace_abi::forward::{Place, PlaceKind};
use wgtrace_tunnel::Prefix;

use crate::config::Config;
use crate::registry::Roster;

/// Every prefix that is something; where two have the same, what is told last counts, which is never the more open.
pub fn places(config: &Config, roster: &Roster) -> BTreeMap<Prefix, Place> {
    let nobody = Address::default();
    let own = Address::from(config.node_ip);
    let mut places = BTreeMap::new();
    let mut set = |prefix: Prefix, kind, node| places.insert(prefix, Place::new(kind, node));
    for clear in &config.cleartext_cidr {
        set(*clear, PlaceKind::Cleartext, nobody);
    }
    for services in &config.service_cidr {
        set(*services, PlaceKind::Services, nobody);
    }
    for pool in &config.cluster_pool {
        set(*pool, PlaceKind::Pool, nobody);
    }
    for addr in [config.node_ip, config.router_ip] {
        set(Prefix::host(addr), PlaceKind::OwnNode, own);
    }
    for node in roster.nodes().values() {
        let at = node.addresses.first().copied().map_or(nobody, Address::from);
        for addr in node.addresses.iter().copied().filter(IpAddr::is_ipv4) {
            set(Prefix::host(addr), PlaceKind::RemoteNode, at);
        }
        for cidr in &node.pod_cidrs {
            set(*cidr, PlaceKind::RemotePods, at);
        }
    }
    set(config.pod_cidr, PlaceKind::LocalPods, own);
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Entry;

    fn config(more: &str) -> Config {
        let text = "node-name = \"worker\"\nnode-ip = \"172.18.0.3\"\npod-cidr = \"10.0.1.0/24\"\n\
                    router-ip = \"10.0.1.26\"\n";
        format!("{text}{more}").parse().unwrap()
    }

    fn roster(config: &Config) -> Roster {
        let mut roster = Roster::new(config.policy(), config.entry(None));
        let entry = Entry {
            name: "worker2".parse().unwrap(),
            addresses: vec!["172.18.0.4".parse().unwrap()],
            pod_cidrs: vec!["10.0.2.0/24".parse().unwrap()],
            public_key: None,
            port: 51871,
        };
        roster.replace([(entry.name.clone(), Ok(entry))].into(), BTreeMap::new());
        roster
    }

    #[test]
    fn the_walkthroughs_addresses_are_what_they_are() {
        let config = config("");
        let places = places(&config, &roster(&config));
        let shown: Vec<String> =
            places.iter().map(|(prefix, place)| format!("{prefix} {}", place.kind().name())).collect();
        let expected = [
            "10.0.0.0/8 pool",
            "10.0.1.0/24 local-pods",
            "10.0.1.26/32 own-node",
            "10.0.2.0/24 remote-pods",
            "10.96.0.0/12 services",
            "172.18.0.3/32 own-node",
            "172.18.0.4/32 remote-node",
        ];
        let mut shown = shown;
        shown.sort();
        assert_eq!(shown, expected);
    }

    #[test]
    fn nobody_opens_a_pods_network_by_calling_it_cleartext() {
        let config = config("cleartext-cidr = [\"10.0.2.0/24\", \"10.9.0.0/16\"]\n");
        let places = places(&config, &roster(&config));
        let kind = |prefix: &str| places.get(&prefix.parse().unwrap()).map(Place::kind);
        assert_eq!(kind("10.0.2.0/24"), Some(PlaceKind::RemotePods));
        assert_eq!(kind("10.9.0.0/16"), Some(PlaceKind::Cleartext));
    }
}
