use wgtrace_abi::forward::{Mac, Origin};
use wgtrace_abi::{Address, DropReason};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, transmute};

use super::{Decision, Done, Meta, Sink};
use crate::Packet;

/// Bytes of an ARP message for IPv4 in its Ethernet frame.
pub const ARP_LEN: usize = 42;

#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Arp {
    destination: Mac,
    source: Mac,
    ethertype: [u8; 2],
    /// Ethernet, IPv4, and how long their addresses are.
    kinds: [u8; 6],
    operation: [u8; 2],
    sender_mac: Mac,
    sender: [u8; 4],
    target_mac: Mac,
    target: [u8; 4],
}

const _: () = assert!(size_of::<Arp>() == ARP_LEN);

/// To a pod, everybody is behind the host's end of its cable: so it needs no route but by its gateway, whichever
/// that is. Only for its own address nobody answers (RFC 5227).
#[inline(always)]
pub(super) fn answer<P: Packet + ?Sized, S: Sink>(
    packet: &P,
    meta: &Meta,
    origin: &Origin,
    sink: &mut S,
) -> Done {
    let bytes: [u8; ARP_LEN] = packet.read(0).map_err(|_| DropReason::INVALID_PACKET)?;
    let asked: Arp = transmute!(bytes);
    let is_request = u64::from_be_bytes(joined(asked.kinds, asked.operation)) == REQUEST;
    if !is_request || Address::v4(asked.target).is(&origin.ipv4) {
        sink.put(Decision::Pass(meta.mark));
        return Ok(());
    }
    let reply = Arp {
        destination: asked.source,
        source: origin.host_mac,
        operation: [0, 2],
        sender_mac: origin.host_mac,
        sender: asked.target,
        target_mac: asked.sender_mac,
        target: asked.sender,
        ..asked
    };
    sink.put(Decision::Answer { frame: transmute!(reply), ifindex: meta.ifindex });
    Ok(())
}

#[inline(always)]
fn joined([a, b, c, d, e, f]: [u8; 6], [g, h]: [u8; 2]) -> [u8; 8] {
    [a, b, c, d, e, f, g, h]
}

/// Ethernet, IPv4, their lengths, and that it is a request.
const REQUEST: u64 = 0x0001_0800_0604_0001;
