//! The maps of an instance, as types of the contract.

use std::os::fd::{AsFd as _, BorrowedFd};

use aya::{
    Ebpf,
    maps::{Array, Map, MapData, PerCpuArray, PerCpuValues},
    util::nr_cpus,
};
use wgtrace_abi::{Filter, Gate, Hook, HookCounters, device, names};
use zerocopy::transmute;

use super::ProbeError;

/// Sets `hook`'s gate on every CPU.
pub(super) fn set_gate(ebpf: &mut Ebpf, hook: Hook, gate: Gate) -> Result<(), ProbeError> {
    let mut gates: PerCpuArray<&mut MapData, [u8; size_of::<Gate>()]> =
        map_mut(ebpf, names::GATES)?.try_into().map_err(failed(names::GATES))?;
    let cpus = nr_cpus().map_err(|(file, error)| ProbeError::io(format!("read {file}"), &error))?;
    let values = PerCpuValues::try_from(vec![transmute!(gate); cpus])
        .map_err(|error| ProbeError::io("set gates", &error))?;
    gates.set(hook.number().into(), values, 0).map_err(failed(names::GATES))
}

/// Writes one of `hook`'s two filters.
pub(super) fn set_filter(ebpf: &mut Ebpf, hook: Hook, slot: u8, filter: &Filter) -> Result<(), ProbeError> {
    let mut filters: Array<&mut MapData, [u8; size_of::<Filter>()]> =
        map_mut(ebpf, names::FILTERS)?.try_into().map_err(failed(names::FILTERS))?;
    let index = 2 * u32::from(hook.number()) + u32::from(slot);
    let value: [u8; size_of::<Filter>()] = transmute!(*filter);
    filters.set(index, value, 0).map_err(failed(names::FILTERS))
}

/// Says whether packets of a device start with their IP header; devices beyond the map stay unknown.
pub(super) fn set_l3(ebpf: &mut Ebpf, ifindex: u32, l3: bool) -> Result<(), ProbeError> {
    let Some((word, bit)) = device::position(ifindex) else { return Ok(()) };
    let mut devices: Array<&mut MapData, u64> =
        map_mut(ebpf, names::L3_DEVICES)?.try_into().map_err(failed(names::L3_DEVICES))?;
    let before = devices.get(&word, 0).map_err(failed(names::L3_DEVICES))?;
    let after = if l3 { before | bit } else { before & !bit };
    if after == before { Ok(()) } else { devices.set(word, after, 0).map_err(failed(names::L3_DEVICES)) }
}

/// The counters of `hook`, one for each possible CPU in rising order.
pub(super) fn counters(ebpf: &Ebpf, hook: Hook) -> Result<Vec<HookCounters>, ProbeError> {
    let counters: PerCpuArray<&MapData, [u64; size_of::<HookCounters>() / 8]> =
        map(ebpf, names::COUNTERS)?.try_into().map_err(failed(names::COUNTERS))?;
    let values = counters.get(&hook.number().into(), 0).map_err(failed(names::COUNTERS))?;
    Ok(values.iter().map(|value| transmute!(*value)).collect())
}

/// The array of perf events.
pub(super) fn events(ebpf: &Ebpf) -> Result<BorrowedFd<'_>, ProbeError> {
    let Map::PerfEventArray(data) = map(ebpf, names::EVENTS)? else {
        return Err(ProbeError::Object(format!("map {} is no perf event array", names::EVENTS)));
    };
    Ok(data.fd().as_fd())
}

fn map<'a>(ebpf: &'a Ebpf, name: &str) -> Result<&'a Map, ProbeError> {
    ebpf.map(name).ok_or_else(|| ProbeError::Object(format!("it has no map {name}")))
}

fn map_mut<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut Map, ProbeError> {
    ebpf.map_mut(name).ok_or_else(|| ProbeError::Object(format!("it has no map {name}")))
}

fn failed(name: &'static str) -> impl Fn(aya::maps::MapError) -> ProbeError {
    move |error| ProbeError::map(format!("use map {name}"), &error)
}
