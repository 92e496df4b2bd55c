//! `SCRATCH`: what is read of a packet for its filter, by hook and CPU.
//!
//! The verifier follows every value on the stack and in registers, and walks the rest of a program once for each
//! set of them: every way through the headers times every rule. What is in a map it forgets.
#![expect(unsafe_code, reason = "values of a map")]

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::macros::btf_map;
use wgtrace_abi::Hook;
use wgtrace_bpf::headers::Headers;
use wgtrace_bpf::{OutOfBounds, Packet};

use super::skb::Skb;

#[btf_map]
static SCRATCH: PerCpuArray<[u64; size_of::<Scratch>() / 8], { Hook::COUNT }> = PerCpuArray::new();

#[repr(C)]
struct Scratch {
    headers: Headers,
    offset: u64,
}

/// A packet whose headers are being read.
pub(super) struct Reading<'a> {
    skb: &'a Skb,
    offset: *mut u64,
}

/// Room for the headers of a packet at `hook`, empty, and the packet to read them from.
#[inline(always)]
pub(super) fn of(skb: &Skb, hook: u8) -> Option<(Reading<'_>, &'static mut Headers)> {
    let scratch: *mut Scratch = SCRATCH.get_ptr_mut(u32::from(hook))?.cast();
    // SAFETY: the lookup gave it, as long as a `Scratch` and aligned to 8; the programs of a hook do not
    // interrupt each other on a CPU, and user space never looks.
    let (headers, offset) = unsafe { (&mut (*scratch).headers, &raw mut (*scratch).offset) };
    *headers = Headers::default();
    Some((Reading { skb, offset }, headers))
}

impl Packet for Reading<'_> {
    #[inline(always)]
    fn length(&self) -> usize {
        self.skb.length()
    }

    #[inline(always)]
    fn read<const N: usize>(&self, offset: usize) -> Result<[u8; N], OutOfBounds> {
        self.skb.read(offset)
    }

    #[inline(always)]
    fn forget(&self, offset: usize) -> usize {
        // SAFETY: as above; volatile, or the compiler would remember it.
        unsafe {
            self.offset.write_volatile(offset as u64);
            self.offset.read_volatile() as usize
        }
    }
}
