//! Ingress of a native device.

use aya_ebpf::macros::classifier;
use aya_ebpf::programs::TcContext;
use wgtrace_abi::Hook;
use wgtrace_bpf::forward;

use super::Maps;
use crate::programs::skb::Skb;

#[classifier]
fn wgt_fwd_net_rx(context: TcContext) -> i32 {
    let skb = Skb::from(context);
    super::carry_out(&skb, Hook::FromNetdev, |sink| {
        forward::from_netdev(&skb, &super::meta_of_any(&skb), &Maps, sink)
    })
}
