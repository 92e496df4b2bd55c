//! `FILTERS`: what is wanted, two for each hook, of which the gate names the one that holds.

use aya_ebpf::btf_maps::Array;
use aya_ebpf::macros::btf_map;
use wgtrace_abi::{Filter, Gate, Hook};

#[btf_map]
static FILTERS: Array<Filter, { 2 * Hook::COUNT }> = Array::new();

/// The filter of `hook` that holds.
#[inline(always)]
pub(super) fn of(hook: u8, gate: Gate) -> Option<&'static Filter> {
    FILTERS.get(2 * u32::from(hook) + u32::from(gate.filter & 1))
}
