//! Out by another device.
#![expect(unsafe_code, reason = "a helper")]

use aya_ebpf::helpers::bpf_redirect;

/// Sends the packet out by the device with this index. Where that has no link layer, the kernel takes the Ethernet
/// header off (linux: `__bpf_redirect_no_mac`).
#[inline(always)]
pub(super) fn egress(ifindex: u32) -> i32 {
    // SAFETY: takes numbers.
    #[expect(clippy::cast_possible_truncation, reason = "a verdict of tc")]
    unsafe {
        bpf_redirect(ifindex, 0) as i32
    }
}
