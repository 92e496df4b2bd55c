//! Whether the values make sense, each and together.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;
use wgtrace_tunnel::Prefix;

use super::file::{self, File, Network};
use super::{Config, Encryption};
use crate::datapath::Intent;
use crate::registry::Name;
use crate::wireguard::DeviceName;

/// What is wrong, and in which part of the text.
type Fault = (Option<Range<usize>>, String);

pub(super) fn check(file: File) -> Result<Config, Fault> {
    let node_name =
        file.node_name.ok_or((None, "`node-name` is missing: the node's name in the cluster".into()))?;
    let node_ip = required(file.node_ip, "node-ip", "the node's address on `device`")?;
    is_unicast(&node_ip)?;
    let pod_cidr = required(file.pod_cidr, "pod-cidr", "the network of this node's pods")?;
    let pods = network(&pod_cidr)?;
    if pods.len() > SMALLEST_POD_CIDR {
        return Err(at(&pod_cidr, &format!("{pods} has no room for pods: at most /{SMALLEST_POD_CIDR}")));
    }
    if pods.contains(*node_ip.get_ref()) {
        return Err(at(
            &pod_cidr,
            &format!("{pods} has the node's own address, {}, in it", node_ip.get_ref()),
        ));
    }
    let router_ip = router(file.router_ip, pods)?;
    let cluster_pool = pool(&file.ipam, &node_ip)?;
    if !cluster_pool.iter().any(|pool| holds(*pool, pods)) {
        return Err(at(
            &pod_cidr,
            &format!(
                "{pods} is not within ipam.cluster-pool ({}): its traffic would not be encrypted",
                list(&cluster_pool)
            ),
        ));
    }
    let ipv4_native_routing_cidr = match &file.ipv4_native_routing_cidr {
        None => default_pool(),
        Some(native) => network(native)?,
    };
    if !holds(ipv4_native_routing_cidr, pods) {
        let fault =
            format!("{ipv4_native_routing_cidr} does not hold {pods}: pods would see each other masqueraded");
        return Err((file.ipv4_native_routing_cidr.map(|native| native.span()), fault));
    }
    let encryption = encryption(&file.encryption)?;
    let cleartext_cidr = cleartext(&file.cleartext_cidr, pods)?;
    let service_cidr = services(file.service_cidr.as_deref(), pods)?;
    l7_proxy(file.l7_proxy.as_ref(), encryption.is_some())?;
    let device_mtu = mtu(file.device_mtu.as_ref(), encryption)?;
    Ok(Config {
        cluster_name: file.cluster_name.unwrap_or_else(|| Name::known("default")),
        node_name,
        node_ip: node_ip.into_inner(),
        device: file.device.map_or_else(|| DeviceName::known("eth0"), |device| device.0),
        device_mtu,
        pod_cidr: pods,
        router_ip,
        auto_direct_node_routes: file.auto_direct_node_routes.unwrap_or(true),
        ipv4_native_routing_cidr,
        cleartext_cidr,
        service_cidr,
        cluster_pool,
        nodes_in_pool: file.ipam.nodes_in_pool,
        encryption,
        debug: file.debug.enabled,
        verbose: file.debug.verbose,
        payload: file.trace.payload,
        registry_directory: directory(file.registry.directory, "/etc/wgtrace/nodes")?,
        state_directory: directory(file.state_directory, "/var/lib/wgtrace")?,
        run_directory: directory(file.run_directory, "/run/wgtrace")?,
    })
}

fn required<T>(value: Option<Spanned<T>>, key: &str, what: &str) -> Result<Spanned<T>, Fault> {
    value.ok_or_else(|| (None, format!("`{key}` is missing: {what}")))
}

fn at<T>(value: &Spanned<T>, fault: &str) -> Fault {
    (Some(value.span()), fault.to_owned())
}

fn is_unicast(addr: &Spanned<IpAddr>) -> Result<(), Fault> {
    let IpAddr::V4(v4) = addr.get_ref() else {
        return Err(at(addr, "the datapath speaks IPv4: give an IPv4 address"));
    };
    if v4.is_unspecified() || v4.is_loopback() || v4.is_multicast() || v4.is_broadcast() {
        return Err(at(addr, &format!("{v4} is no address that other nodes can send to")));
    }
    Ok(())
}

/// A network that is neither everything nor of IPv6.
fn network(network: &Spanned<Network>) -> Result<Prefix, Fault> {
    let prefix = network.get_ref().0;
    if prefix.len() == 0 {
        return Err(at(network, &format!("{prefix} is everything: name the networks that are meant")));
    }
    if prefix.addr().is_ipv6() {
        return Err(at(network, "the datapath speaks IPv4: give an IPv4 network"));
    }
    Ok(prefix)
}

/// Whether all of `inner` lies in `outer`.
fn holds(outer: Prefix, inner: Prefix) -> bool {
    outer.len() <= inner.len() && outer.contains(inner.addr())
}

fn router(router_ip: Option<Spanned<IpAddr>>, pods: Prefix) -> Result<IpAddr, Fault> {
    let IpAddr::V4(first) = pods.addr() else { return Err((None, "pod-cidr is not of IPv4".into())) };
    let size = u32::MAX.checked_shr(pods.len().into()).unwrap_or(0);
    let nth = |n: u32| IpAddr::V4(Ipv4Addr::from_bits(first.to_bits().saturating_add(n)));
    let Some(router_ip) = router_ip else { return Ok(nth(1)) };
    let addr = *router_ip.get_ref();
    if !pods.contains(addr) {
        return Err(at(&router_ip, &format!("{addr} is not in pod-cidr, {pods}")));
    }
    if addr == nth(0) || addr == nth(size) {
        return Err(at(&router_ip, &format!("{addr} is the first or last address of {pods}")));
    }
    Ok(addr)
}

fn pool(ipam: &file::Ipam, node_ip: &Spanned<IpAddr>) -> Result<Vec<Prefix>, Fault> {
    let (pool, span) = match &ipam.cluster_pool {
        None => (vec![default_pool()], None),
        Some(list) => (list.get_ref().iter().map(network).collect::<Result<_, _>>()?, Some(list.span())),
    };
    if pool.is_empty() {
        return Err((span, "ipam.cluster-pool is empty: nothing would be encrypted".into()));
    }
    let node = *node_ip.get_ref();
    if !ipam.nodes_in_pool
        && let Some(pool) = pool.iter().find(|pool| pool.contains(node))
    {
        let fault = format!(
            "ipam.cluster-pool {pool} has this node's address, {node}, in it: traffic to nodes would be taken for \
             traffic to pods; name the pods' networks more closely, or set ipam.nodes-in-pool = true"
        );
        return Err((span.or(Some(node_ip.span())), fault));
    }
    Ok(pool)
}

fn cleartext(list: &[Spanned<Network>], pods: Prefix) -> Result<Vec<Prefix>, Fault> {
    let check = |item| {
        let clear = network(item)?;
        if holds(clear, pods) || holds(pods, clear) {
            let fault = format!(
                "{clear} and pod-cidr, {pods}, overlap: to send pods' traffic in clear, set encryption.enabled = false"
            );
            return Err(at(item, &fault));
        }
        Ok(clear)
    };
    list.iter().map(check).collect()
}

fn services(list: Option<&[Spanned<Network>]>, pods: Prefix) -> Result<Vec<Prefix>, Fault> {
    let Some(list) = list else { return Ok(vec![default_services()]) };
    let check = |item| {
        let services = network(item)?;
        if holds(services, pods) || holds(pods, services) {
            return Err(at(item, &format!("{services} and pod-cidr, {pods}, overlap: who has an address?")));
        }
        Ok(services)
    };
    list.iter().map(check).collect()
}

fn encryption(encryption: &file::Encryption) -> Result<Option<Encryption>, Fault> {
    let listen_port = match &encryption.listen_port {
        Some(port) if *port.get_ref() == 0 => return Err(at(port, "0 is no port that others can send to")),
        port => port.as_ref().map_or(LISTEN_PORT, |port| *port.get_ref()),
    };
    let overhead = match &encryption.overhead {
        Some(bytes) if !OVERHEADS.contains(bytes.get_ref()) => {
            return Err(at(
                bytes,
                "encryption adds between 60 and 200 bytes: 80, or 95 with IPv6 between the nodes",
            ));
        }
        bytes => bytes.as_ref().map_or(Intent::WIREGUARD_OVERHEAD, |bytes| *bytes.get_ref()),
    };
    let strict = encryption.strict_mode;
    Ok(encryption.enabled.unwrap_or(true).then_some(Encryption { listen_port, overhead, strict }))
}

fn l7_proxy(l7_proxy: Option<&Spanned<bool>>, encrypted: bool) -> Result<(), Fault> {
    match l7_proxy {
        Some(wanted) if *wanted.get_ref() && encrypted => {
            Err(at(wanted, "l7-proxy does not go with WireGuard encryption: set it to false"))
        }
        Some(wanted) if *wanted.get_ref() => Err(at(wanted, "there is no l7-proxy: set it to false")),
        _ => Ok(()),
    }
}

fn mtu(mtu: Option<&Spanned<u32>>, encryption: Option<Encryption>) -> Result<Option<u32>, Fault> {
    let Some(mtu) = mtu else { return Ok(None) };
    let bytes = *mtu.get_ref();
    // linux: ETH_MAX_MTU; IPv4 demands 68, which no tunnel is worth.
    let least = LEAST_MTU.saturating_add(encryption.map_or(0, |encryption| encryption.overhead));
    if !(least..=65535).contains(&bytes) {
        return Err(at(mtu, &format!("an MTU here is between {least} and 65535 bytes")));
    }
    Ok(Some(bytes))
}

fn directory(path: Option<Spanned<PathBuf>>, otherwise: &str) -> Result<PathBuf, Fault> {
    let Some(path) = path else { return Ok(otherwise.into()) };
    let is_plain = path.get_ref().to_str().is_some_and(|text| !text.contains(char::is_control));
    if !path.get_ref().is_absolute() || !is_plain {
        return Err(at(&path, "a directory here is a path from / on, without control characters"));
    }
    Ok(path.into_inner())
}

/// That of Cilium.
fn default_pool() -> Prefix {
    let addr = Ipv4Addr::new(10, 0, 0, 0).into();
    Prefix::new(addr, 8).unwrap_or_else(|_| Prefix::host(addr))
}

/// That of kubeadm.
fn default_services() -> Prefix {
    let addr = Ipv4Addr::new(10, 96, 0, 0).into();
    Prefix::new(addr, 12).unwrap_or_else(|_| Prefix::host(addr))
}

fn list(networks: &[Prefix]) -> String {
    networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Network, broadcast, router, health, and some pods.
const SMALLEST_POD_CIDR: u8 = 29;
pub(super) const LISTEN_PORT: u16 = 51871;
const OVERHEADS: std::ops::RangeInclusive<u32> = 60..=200;
/// RFC 791: what every host takes.
const LEAST_MTU: u32 = 576;
