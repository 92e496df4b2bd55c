//! Ingress of `cilium_wg0`.

use aya_ebpf::macros::classifier;
use aya_ebpf::programs::TcContext;
use wgtrace_abi::Hook;
use wgtrace_bpf::forward;

use crate::programs::skb::Skb;

#[classifier]
fn wgt_fwd_wg_rx(context: TcContext) -> i32 {
    let skb = Skb::from(context);
    super::carry_out(&skb, Hook::FromWireguard, |sink| forward::from_wireguard(&super::meta(&skb), sink))
}
