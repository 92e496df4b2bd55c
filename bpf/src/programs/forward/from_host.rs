//! Egress of `cilium_host`.

use aya_ebpf::macros::classifier;
use aya_ebpf::programs::TcContext;
use wgtrace_abi::Hook;
use wgtrace_bpf::forward;

use super::Maps;
use crate::programs::skb::Skb;

#[classifier]
fn wgt_fwd_host_tx(context: TcContext) -> i32 {
    let skb = Skb::from(context);
    super::carry_out(&skb, Hook::FromHost, |sink| forward::from_host(&skb, &super::meta(&skb), &Maps, sink))
}
