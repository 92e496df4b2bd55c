//! Ingress of `cilium_host`.

use aya_ebpf::macros::classifier;
use aya_ebpf::programs::TcContext;
use wgtrace_abi::Hook;

use super::trace;

#[classifier]
fn wgt_to_host(context: TcContext) -> i32 {
    trace::classify(&context.into(), Hook::ToHost)
}
