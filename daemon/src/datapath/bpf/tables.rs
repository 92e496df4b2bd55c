//! The maps that forwarding is decided by, as types of the contract.

use aya::Ebpf;
use aya::maps::lpm_trie::Key;
use aya::maps::{Array, LpmTrie, Map, MapData, MapError};
use wgtrace_abi::forward::{Endpoint, Metric, Origin, Place, Settings};
use wgtrace_abi::{Address, names};
use wgtrace_tunnel::Prefix;
use zerocopy::transmute;

use crate::probe::ProbeError;

/// A map's value, or key, as aya takes it.
pub(super) type Bytes<T> = <T as Layout>::Bytes;

/// Types that are only bytes to aya.
pub(super) trait Layout {
    type Bytes: aya::Pod;
}

macro_rules! layouts {
    ($($type:ty),+) => {$(
        impl Layout for $type {
            type Bytes = [u8; size_of::<$type>()];
        }
    )+};
}

layouts!(Settings, Endpoint, Origin, Place, Address, Metric);

/// Whether the maps, which may have been pinned by others, are what they should be.
pub(super) fn check(ebpf: &Ebpf) -> Result<(), ProbeError> {
    let sizes = |key: usize, value: usize| (u32::try_from(key).ok(), u32::try_from(value).ok());
    let expected = [
        (names::SETTINGS, sizes(4, size_of::<Settings>())),
        (names::ENDPOINTS, sizes(size_of::<Address>(), size_of::<Endpoint>())),
        (names::ORIGINS, sizes(4, size_of::<Origin>())),
        (names::IPCACHE, sizes(4 + size_of::<Address>(), size_of::<Place>())),
        (names::METRICS, sizes(4, size_of::<Metric>())),
    ];
    for (name, sizes) in expected {
        let info = data(ebpf, name)?.info().map_err(failed(name))?;
        if (Some(info.key_size()), Some(info.value_size())) != sizes {
            let reason = "it is pinned with another layout; remove it with `wgtraced cleanup`".to_owned();
            return Err(ProbeError::Other { what: format!("use map {name}"), reason });
        }
    }
    Ok(())
}

pub(super) fn settings(ebpf: &Ebpf) -> Result<Settings, ProbeError> {
    let name = names::SETTINGS;
    let map: Array<&MapData, Bytes<Settings>> = map(ebpf, name)?.try_into().map_err(failed(name))?;
    map.get(&0, 0).map(|bytes| transmute!(bytes)).map_err(failed(name))
}

pub(super) fn set_settings(ebpf: &mut Ebpf, settings: &Settings) -> Result<(), ProbeError> {
    let name = names::SETTINGS;
    let mut map: Array<&mut MapData, Bytes<Settings>> =
        map_mut(ebpf, name)?.try_into().map_err(failed(name))?;
    let bytes: Bytes<Settings> = transmute!(*settings);
    map.set(0, bytes, 0).map_err(failed(name))
}

pub(super) fn set_prefix(ebpf: &mut Ebpf, prefix: Prefix, place: &Place) -> Result<(), ProbeError> {
    let bytes: Bytes<Place> = transmute!(*place);
    prefixes_mut(ebpf)?.insert(&key(prefix), bytes, 0).map_err(failed(names::IPCACHE))
}

pub(super) fn remove_prefix(ebpf: &mut Ebpf, prefix: Prefix) -> Result<bool, ProbeError> {
    removed(prefixes_mut(ebpf)?.remove(&key(prefix)), names::IPCACHE)
}

pub(super) fn prefixes(ebpf: &Ebpf) -> Result<Vec<(Prefix, Place)>, ProbeError> {
    let name = names::IPCACHE;
    let map: LpmTrie<&MapData, Bytes<Address>, Bytes<Place>> =
        map(ebpf, name)?.try_into().map_err(failed(name))?;
    let mut found = Vec::new();
    for entry in &map {
        let (key, place) = entry.map_err(failed(name))?;
        let ip = Address(key.data()).ip();
        let bits = key.prefix_len().saturating_sub(if ip.is_ipv4() { MAPPED } else { 0 });
        let prefix = u8::try_from(bits).ok().and_then(|bits| Prefix::new(ip, bits).ok());
        let place: Place = transmute!(place);
        found.extend(prefix.map(|prefix| (prefix, place)));
    }
    found.sort_unstable_by_key(|(prefix, _)| *prefix);
    Ok(found)
}

type Prefixes<'a> = LpmTrie<&'a mut MapData, Bytes<Address>, Bytes<Place>>;

fn prefixes_mut(ebpf: &mut Ebpf) -> Result<Prefixes<'_>, ProbeError> {
    map_mut(ebpf, names::IPCACHE)?.try_into().map_err(failed(names::IPCACHE))
}

fn key(prefix: Prefix) -> Key<Bytes<Address>> {
    let mapped = if prefix.addr().is_ipv4() { MAPPED } else { 0 };
    Key::new(mapped + u32::from(prefix.len()), Address::from(prefix.addr()).0)
}

/// Bits before those of an IPv4 address.
const MAPPED: u32 = 96;

/// Whether there was something to remove.
pub(super) fn removed(result: Result<(), MapError>, name: &'static str) -> Result<bool, ProbeError> {
    match result {
        Ok(()) => Ok(true),
        Err(MapError::KeyNotFound) => Ok(false),
        Err(MapError::SyscallError(error)) if error.io_error.kind() == std::io::ErrorKind::NotFound => {
            Ok(false)
        }
        Err(error) => Err(failed(name)(error)),
    }
}

pub(super) fn map<'a>(ebpf: &'a Ebpf, name: &str) -> Result<&'a Map, ProbeError> {
    ebpf.map(name).ok_or_else(|| ProbeError::Object(format!("it has no map {name}")))
}

pub(super) fn map_mut<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut Map, ProbeError> {
    ebpf.map_mut(name).ok_or_else(|| ProbeError::Object(format!("it has no map {name}")))
}

pub(super) fn data<'a>(ebpf: &'a Ebpf, name: &str) -> Result<&'a MapData, ProbeError> {
    if let Map::Array(data) | Map::HashMap(data) | Map::LpmTrie(data) | Map::PerCpuArray(data) =
        map(ebpf, name)?
    {
        return Ok(data);
    }
    Err(ProbeError::Object(format!("map {name} is of another kind")))
}

pub(super) fn failed(name: &'static str) -> impl Fn(MapError) -> ProbeError {
    move |error| ProbeError::map(format!("use map {name}"), &error)
}
