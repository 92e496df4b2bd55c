//! The pods of this node: whose packets come in by a device, and by which device an address is reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use aya::Ebpf;
use aya::maps::{HashMap, MapData};
use wgtrace_abi::forward::{Endpoint, Mac, Origin};
use wgtrace_abi::{Address, names};
use zerocopy::transmute;

use super::tables::{Bytes, failed, map, map_mut, removed};
use crate::probe::ProbeError;

/// A pod of this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalPod {
    /// The host's end of its cable.
    pub ifindex: u32,
    /// Its IPv4 address.
    pub ipv4: Option<Ipv4Addr>,
    /// Its IPv6 address.
    pub ipv6: Option<Ipv6Addr>,
    /// Link-layer address of its own end.
    pub mac: Mac,
    /// Link-layer address of the host's end.
    pub host_mac: Mac,
}

impl LocalPod {
    fn addresses(&self) -> impl Iterator<Item = Address> {
        let both = [self.ipv4.map(IpAddr::V4), self.ipv6.map(IpAddr::V6)];
        both.into_iter().flatten().map(Address::from)
    }
}

/// Where it is reached first, so that nobody answers to an address that leads nowhere.
pub(super) fn add(ebpf: &mut Ebpf, pod: &LocalPod) -> Result<(), ProbeError> {
    let before = origin(ebpf, pod.ifindex)?;
    let endpoint = Endpoint { ifindex: pod.ifindex, mac: pod.mac, host_mac: pod.host_mac };
    for address in pod.addresses() {
        let bytes: Bytes<Endpoint> = transmute!(endpoint);
        endpoints_mut(ebpf)?.insert(address.0, bytes, 0).map_err(failed(names::ENDPOINTS))?;
    }
    let or_none = |address: Option<IpAddr>| address.map_or_else(Address::default, Address::from);
    let now = Origin {
        ipv4: or_none(pod.ipv4.map(IpAddr::V4)),
        ipv6: or_none(pod.ipv6.map(IpAddr::V6)),
        host_mac: pod.host_mac,
        reserved: [0; 2],
    };
    let bytes: Bytes<Origin> = transmute!(now);
    origins_mut(ebpf)?.insert(pod.ifindex, bytes, 0).map_err(failed(names::ORIGINS))?;
    for address in before.iter().flat_map(|before| [before.ipv4, before.ipv6]) {
        if address != now.ipv4 && address != now.ipv6 {
            remove_endpoint(ebpf, address, pod.ifindex)?;
        }
    }
    Ok(())
}

pub(super) fn remove(ebpf: &mut Ebpf, ifindex: u32) -> Result<bool, ProbeError> {
    let Some(origin) = origin(ebpf, ifindex)? else { return Ok(false) };
    for address in [origin.ipv4, origin.ipv6] {
        remove_endpoint(ebpf, address, ifindex)?;
    }
    removed(origins_mut(ebpf)?.remove(&ifindex), names::ORIGINS)
}

pub(super) fn all(ebpf: &Ebpf) -> Result<Vec<LocalPod>, ProbeError> {
    let origins: HashMap<&MapData, u32, Bytes<Origin>> =
        map(ebpf, names::ORIGINS)?.try_into().map_err(failed(names::ORIGINS))?;
    let endpoints: HashMap<&MapData, Bytes<Address>, Bytes<Endpoint>> =
        map(ebpf, names::ENDPOINTS)?.try_into().map_err(failed(names::ENDPOINTS))?;
    let mut pods = Vec::new();
    for entry in &origins {
        let (ifindex, bytes) = entry.map_err(failed(names::ORIGINS))?;
        let origin: Origin = transmute!(bytes);
        let mut pod = LocalPod { ifindex, ipv4: None, ipv6: None, mac: [0; 6], host_mac: origin.host_mac };
        for address in [origin.ipv4, origin.ipv6] {
            let Ok(bytes) = endpoints.get(&address.0, 0) else { continue };
            let endpoint: Endpoint = transmute!(bytes);
            if endpoint.ifindex != ifindex {
                continue;
            }
            pod.mac = endpoint.mac;
            match address.ip() {
                IpAddr::V4(ipv4) => pod.ipv4 = Some(ipv4),
                IpAddr::V6(ipv6) => pod.ipv6 = Some(ipv6),
            }
        }
        pods.push(pod);
    }
    pods.sort_unstable_by_key(|pod| pod.ifindex);
    Ok(pods)
}

/// Unless it is another device's by now.
fn remove_endpoint(ebpf: &mut Ebpf, address: Address, ifindex: u32) -> Result<(), ProbeError> {
    let mut endpoints = endpoints_mut(ebpf)?;
    let Ok(bytes) = endpoints.get(&address.0, 0) else { return Ok(()) };
    let endpoint: Endpoint = transmute!(bytes);
    if endpoint.ifindex == ifindex {
        removed(endpoints.remove(&address.0), names::ENDPOINTS)?;
    }
    Ok(())
}

fn origin(ebpf: &mut Ebpf, ifindex: u32) -> Result<Option<Origin>, ProbeError> {
    match origins_mut(ebpf)?.get(&ifindex, 0) {
        Ok(bytes) => Ok(Some(transmute!(bytes))),
        Err(aya::maps::MapError::KeyNotFound) => Ok(None),
        Err(error) => Err(failed(names::ORIGINS)(error)),
    }
}

type Origins<'a> = HashMap<&'a mut MapData, u32, Bytes<Origin>>;
type Endpoints<'a> = HashMap<&'a mut MapData, Bytes<Address>, Bytes<Endpoint>>;

fn origins_mut(ebpf: &mut Ebpf) -> Result<Origins<'_>, ProbeError> {
    map_mut(ebpf, names::ORIGINS)?.try_into().map_err(failed(names::ORIGINS))
}

fn endpoints_mut(ebpf: &mut Ebpf) -> Result<Endpoints<'_>, ProbeError> {
    map_mut(ebpf, names::ENDPOINTS)?.try_into().map_err(failed(names::ENDPOINTS))
}
