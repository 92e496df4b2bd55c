//! `EVENTS`: the ring of each CPU.
#![expect(unsafe_code, reason = "a helper called for its result, which the binding's wrapper drops")]

use aya_ebpf::bindings::BPF_F_CURRENT_CPU;
use aya_ebpf::btf_maps::PerfEventByteArray;
use aya_ebpf::helpers::bpf_perf_event_output;
use aya_ebpf::macros::btf_map;
use wgtrace_abi::PacketEvent;

use super::skb::Skb;

#[btf_map]
static EVENTS: PerfEventByteArray = PerfEventByteArray::new();

/// Writes `event` and the first `captured` bytes of the packet; a negative error number when it could not.
#[inline(always)]
pub(super) fn emit(skb: &Skb, event: &PacketEvent, captured: u16) -> i64 {
    // How much of the context to append is in the upper half (linux: BPF_F_CTXLEN_MASK).
    let flags = u64::from(captured) << 32 | BPF_F_CURRENT_CPU;
    // SAFETY: context, map and event are what the helper takes, and it only reads the event.
    unsafe {
        bpf_perf_event_output(
            skb.as_ptr(),
            (&raw const EVENTS).cast_mut().cast(),
            flags,
            core::ptr::from_ref(event).cast_mut().cast(),
            size_of::<PacketEvent>() as u64,
        )
    }
}
