//! Egress of `cilium_wg0`.

use aya_ebpf::macros::classifier;
use aya_ebpf::programs::TcContext;
use wgtrace_abi::Hook;

use super::trace;

#[classifier]
fn wgt_to_wg(context: TcContext) -> i32 {
    trace::classify(&context.into(), Hook::ToWireguard)
}
