//! The event of a packet.
#![expect(unsafe_code, reason = "read-only globals, written before the programs are loaded")]

use wgtrace_abi::{ABI_VERSION, Gate, PacketEvent};

use super::devices::Kind;
use super::skb::{Skb, now};

/// Inode of the network namespace that this instance is loaded for.
// SAFETY: no other symbol of the object has this name.
#[unsafe(no_mangle)]
static NETNS: u32 = 0;

/// What events of these programs look like, for whoever loads them.
// SAFETY: no other symbol of the object has this name.
#[unsafe(no_mangle)]
#[used]
static BLANK_EVENT: PacketEvent = PacketEvent {
    version: ABI_VERSION,
    kind: PacketEvent::KIND,
    hook: 0,
    flags: 0,
    ifindex: 0,
    sequence: 0,
    time: 0,
    len: 0,
    captured: 0,
    gso_size: 0,
    gso_segs: 0,
    vlan_tci: 0,
    vlan_protocol: 0,
    protocol: 0,
    verdict: 0,
    drop_reason: 0,
    packet_type: 0,
    reserved: 0,
    mark: 0,
    hash: 0,
    ingress_ifindex: 0,
    sampling: 0,
    netns: 0,
};

/// The event of `skb` at a hook where this was decided: a verdict, and a drop reason or 0.
#[inline(always)]
pub(super) fn of(
    skb: &Skb,
    hook: u8,
    gate: Gate,
    device: Kind,
    sequence: u64,
    captured: u16,
    [verdict, drop_reason]: [u8; 2],
) -> PacketEvent {
    // The tag is out of date while it is not there.
    let (vlan_protocol, vlan_tci) =
        if skb.has_vlan_tag() { (skb.vlan_protocol(), skb.vlan_tci()) } else { (0, 0) };
    PacketEvent {
        version: ABI_VERSION,
        kind: PacketEvent::KIND,
        hook,
        flags: device.flags(),
        ifindex: skb.ifindex(),
        sequence,
        time: now(),
        len: skb.len(),
        captured,
        gso_size: low(skb.gso_size()),
        gso_segs: low(skb.gso_segs()),
        vlan_tci: low(vlan_tci),
        vlan_protocol: u16::from_be(low(vlan_protocol)),
        protocol: u16::from_be(low(skb.protocol())),
        verdict,
        drop_reason,
        packet_type: low(skb.packet_type()).to_le_bytes()[0],
        reserved: 0,
        mark: skb.mark(),
        hash: skb.hash(),
        ingress_ifindex: skb.ingress_ifindex(),
        sampling: gate.sampling.max(1),
        netns: netns(),
    }
}

#[inline(always)]
fn netns() -> u32 {
    // SAFETY: it is there as long as the program; volatile because it is written in the object, not here.
    unsafe { (&raw const NETNS).read_volatile() }
}

/// The half of a context field that the kernel's own field has.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "16 bits in struct sk_buff, widened for the context")]
fn low(field: u32) -> u16 {
    field as u16
}
