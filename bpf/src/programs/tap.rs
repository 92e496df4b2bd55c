//! Socket filter of a packet socket: what entered a device, and what really left it.

use aya_ebpf::macros::socket_filter;
use aya_ebpf::programs::SkBuffContext;
use wgtrace_abi::PacketType;
use wgtrace_bpf::tap;

use super::skb::Skb;
use super::{forward, trace};

/// Queues nothing to the socket: everything is in the event, and in the count of leaks.
#[socket_filter]
fn wgt_tap(context: SkBuffContext) -> i64 {
    let skb = Skb::from(context);
    trace::packet(&skb, tap::hook(skb.packet_type()));
    if skb.packet_type() == PacketType::Outgoing as u32 {
        forward::watch(&skb);
    }
    0
}
