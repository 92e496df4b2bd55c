//! `GATES`: who listens, the first thing that every program asks.
#![expect(unsafe_code, reason = "values of a map that user space writes meanwhile")]

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::macros::btf_map;
use wgtrace_abi::{Gate, Hook};
use zerocopy::transmute;

#[btf_map]
static GATES: PerCpuArray<Gate, { Hook::COUNT }> = PerCpuArray::new();

/// The gate of a hook on this CPU.
pub(super) struct OwnGate(*mut Gate);

/// The gate of `hook`.
#[inline(always)]
pub(super) fn of(hook: u8) -> Option<OwnGate> {
    GATES.get_ptr_mut(u32::from(hook)).map(OwnGate)
}

impl OwnGate {
    /// All of it at once, so that state and settings belong together.
    #[inline(always)]
    #[expect(clippy::cast_ptr_alignment, reason = "the kernel aligns values of maps to 8 bytes")]
    pub(super) fn read(&self) -> Gate {
        // SAFETY: the lookup gave it; values of arrays are aligned to 8 bytes.
        let word: u64 = unsafe { self.0.cast::<u64>().read_volatile() };
        transmute!(word)
    }

    /// Until user space opens it again, packets are only counted.
    #[inline(always)]
    pub(super) fn deafen(&self) {
        // SAFETY: the lookup gave it.
        unsafe { (&raw mut (*self.0).state).write_volatile(Gate::DEAF) }
    }
}
