//! What every program does with a packet.

use wgtrace_abi::{Filter, Gate, Hook, Verdict};
use wgtrace_bpf::filter;
use wgtrace_bpf::gate::{self, Listener};
use wgtrace_bpf::headers::{self, Start};

use super::devices::Kind;
use super::gates::OwnGate;
use super::skb::Skb;
use super::{counters, devices, event, filters, gates, ring, scratch};

/// A tracer at a tc hook: the packet goes on to whatever program comes next.
#[inline(always)]
pub(super) fn classify(skb: &Skb, hook: Hook) -> i32 {
    packet(skb, hook.number());
    NEXT
}

/// `TC_ACT_UNSPEC`, which is `TCX_NEXT`: `TC_ACT_OK` would switch off every later program.
const NEXT: i32 = -1;

/// What a tracer knows of what becomes of a packet.
const UNKNOWN: [u8; 2] = [Verdict::Unknown as u8, 0];

/// A packet that a tracer sees at the hook with number `hook`. While nobody listens, one map lookup.
#[inline(always)]
pub(super) fn packet(skb: &Skb, hook: u8) {
    if let Some(gate) = listener(hook) {
        tell(skb, hook, &gate, UNKNOWN);
    }
}

/// The gate of the hook with number `hook`, unless nobody listens.
#[inline(always)]
pub(super) fn listener(hook: u8) -> Option<OwnGate> {
    gates::of(hook).filter(|own| gate::listener(own.read()) != Listener::Nobody)
}

/// Tells whoever listens of a packet, and of what was decided: a verdict, and a drop reason or 0.
#[inline(always)]
pub(super) fn tell(skb: &Skb, hook: u8, own: &OwnGate, outcome: [u8; 2]) {
    let gate = own.read();
    match gate::listener(gate) {
        Listener::Nobody => {}
        Listener::Elsewhere => {
            if let Some(counters) = counters::of(hook) {
                gate::unheard(counters);
            }
        }
        Listener::Here => {
            if !open(skb, hook, gate, outcome) {
                own.deafen();
            }
        }
    }
}

/// A packet that somebody may want; whether this CPU can be heard.
#[inline(always)]
fn open(skb: &Skb, hook: u8, gate: Gate, outcome: [u8; 2]) -> bool {
    let Some(counters) = counters::of(hook) else { return true };
    let device = devices::kind(skb.ifindex());
    let Some(filter) = filters::of(hook, gate) else { return true };
    let wanted = filter.count == 0 || matches(skb, hook, device, filter);
    let Some(sequence) = gate::admit(gate, wanted, counters) else { return true };
    let captured = gate::captured(gate, skb.len());
    let event = event::of(skb, hook, gate, device, sequence, captured, outcome);
    gate::settle(ring::emit(skb, &event, captured), counters)
}

#[inline(always)]
fn matches(skb: &Skb, hook: u8, device: Kind, filter: &Filter) -> bool {
    let Some((packet, headers)) = scratch::of(skb, hook) else { return true };
    headers::parse_into(&packet, if device.is_l3() { Start::Ip } else { Start::Ethernet }, headers);
    filter::matches(filter, headers)
}
