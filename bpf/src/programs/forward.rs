//! Forwarding: one file for each attach point, which decides; here it is carried out.

mod from_host;
mod from_lxc;
mod from_net;
mod from_wg;
mod leaks;
mod metrics;
mod outcome;
mod tables;
mod to_host;
mod to_lxc;
mod to_net;
mod to_wg;

use aya_ebpf::bindings::{TC_ACT_SHOT, TC_ACT_UNSPEC};
use wgtrace_abi::{Hook, Mark, Verdict};
use wgtrace_bpf::forward::Meta;
use wgtrace_bpf::headers::Start;

use super::copied::Copied;
use super::skb::Skb;
use super::{devices, redirect, trace};
use leaks::Leaks;
use outcome::Writer;
use tables::Maps;

/// What is known of a packet on Ethernet.
#[inline(always)]
fn meta(skb: &Skb) -> Meta {
    Meta {
        ifindex: skb.ifindex(),
        mark: Mark(skb.mark()),
        tagged: skb.has_vlan_tag(),
        start: Start::Ethernet,
    }
}

/// The same at a device that may have no link layer.
#[inline(always)]
fn meta_of_any(skb: &Skb) -> Meta {
    let start = if devices::kind(skb.ifindex()).is_l3() { Start::Ip } else { Start::Ethernet };
    Meta { start, ..meta(skb) }
}

/// Counts a packet that a socket filter sees leaving by a native device, behind every program, if the guard would not have
/// let it.
#[inline(always)]
pub(super) fn watch(skb: &Skb) {
    wgtrace_bpf::forward::to_netdev(&Copied(skb), &meta_of_any(skb), &Maps, &mut Leaks(skb));
}

/// Does what was decided about a packet, and tells of it: the event has the verdict, the mark that the packet leaves
/// with, and its bytes as they came.
#[inline(always)]
fn carry_out(skb: &Skb, hook: Hook, decide: impl FnOnce(&mut Writer<'_>)) -> i32 {
    let hook = hook.number();
    let Some(outcome) = outcome::of(hook) else { return TC_ACT_SHOT };
    decide(&mut outcome.writer(skb));
    let listener = trace::listener(hook);
    if listener.is_some() && outcome.rewrites() && !skb.make_writable() {
        // from here on, writing cannot fail: what the event says holds
        outcome.fail();
    }
    skb.set_mark(outcome.mark());
    if let Some(gate) = listener {
        trace::tell(skb, hook, &gate, [outcome.verdict(), outcome.reason()]);
    }
    if !outcome.rewrite(skb) {
        outcome.fail();
    }
    metrics::count(skb, hook, outcome.reason());
    let verdict = outcome.verdict();
    if verdict == Verdict::Redirected as u8 {
        return redirect::egress(outcome.ifindex());
    }
    // `TC_ACT_OK` would switch off every later program
    if verdict == Verdict::Forwarded as u8 { TC_ACT_UNSPEC } else { TC_ACT_SHOT }
}
