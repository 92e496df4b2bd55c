//! Egress of a native device: the last that a packet meets of ours.

use aya_ebpf::macros::classifier;
use aya_ebpf::programs::TcContext;
use wgtrace_abi::Hook;
use wgtrace_bpf::forward;

use super::Maps;
use crate::programs::skb::Skb;

#[classifier]
fn wgt_fwd_net_tx(context: TcContext) -> i32 {
    let skb = Skb::from(context);
    super::carry_out(&skb, Hook::ToNetdev, |sink| {
        forward::to_netdev(&skb, &super::meta_of_any(&skb), &Maps, sink)
    })
}
