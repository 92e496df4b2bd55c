//! `COUNTERS`: what happened, by hook and CPU.
#![expect(unsafe_code, reason = "values of a map")]

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::macros::btf_map;
use wgtrace_abi::{Hook, HookCounters};

#[btf_map]
static COUNTERS: PerCpuArray<HookCounters, { Hook::COUNT }> = PerCpuArray::new();

/// The counters of `hook` on this CPU.
#[inline(always)]
pub(super) fn of(hook: u8) -> Option<&'static mut HookCounters> {
    let counters = COUNTERS.get_ptr_mut(u32::from(hook))?;
    // SAFETY: the lookup gave it; the programs of a hook do not interrupt each other on a CPU, and user
    // space only reads.
    Some(unsafe { &mut *counters })
}
