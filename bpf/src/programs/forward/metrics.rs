//! `METRICS`: what became of packets, counted whoever listens.
#![expect(unsafe_code, reason = "values of a map")]

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::macros::btf_map;
use wgtrace_abi::forward::Metric;

use crate::programs::skb::Skb;

#[btf_map]
static METRICS: PerCpuArray<Metric, { Metric::COUNT }> = PerCpuArray::new();

/// Counts a packet at `hook`: dropped for a reason, or, with 0, not.
#[inline(always)]
pub(super) fn count(skb: &Skb, hook: u8, reason: u8) {
    let Some(metric) = METRICS.get_ptr_mut(Metric::position(hook, reason)) else { return };
    // SAFETY: the lookup gave it; the programs of a hook do not interrupt each other on a CPU, and user space
    // only reads.
    let metric = unsafe { &mut *metric };
    metric.packets = metric.packets.wrapping_add(1);
    metric.bytes = metric.bytes.wrapping_add(skb.len().into());
}
