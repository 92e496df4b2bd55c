//! Egress of a pod's host-side device.

use aya_ebpf::macros::classifier;
use aya_ebpf::programs::TcContext;
use wgtrace_abi::Hook;
use wgtrace_bpf::forward;

use crate::programs::skb::Skb;

#[classifier]
fn wgt_fwd_lxc_tx(context: TcContext) -> i32 {
    let skb = Skb::from(context);
    super::carry_out(&skb, Hook::ToContainer, |sink| forward::to_container(&super::meta(&skb), sink))
}
