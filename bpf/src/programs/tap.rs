//! Socket filter of a packet socket: what entered a device, and what really left it.

use aya_ebpf::EbpfContext as _;
use aya_ebpf::macros::socket_filter;
use aya_ebpf::programs::SkBuffContext;
use wgtrace_abi::{Hook, PacketType};

use super::skb::Skb;
use super::trace;

/// Queues nothing to the socket: everything is in the event.
#[socket_filter]
fn wgt_tap(context: SkBuffContext) -> i64 {
    let skb = Skb::new(context.as_ptr());
    let outgoing = skb.packet_type() == PacketType::Outgoing as u32;
    trace::packet(&skb, if outgoing { Hook::TapOut } else { Hook::TapIn });
    0
}
