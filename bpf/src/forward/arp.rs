use wgtrace_abi::forward::Origin;
use wgtrace_abi::{Address, DropReason};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, transmute};

use super::{Decision, Done, Meta, Sink};
use crate::Packet;

/// Bytes of an ARP message for IPv4 in its Ethernet frame.
pub const ARP_LEN: usize = 42;

/// As [`Head`](super::Head), words of 16 bits as they lie there.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Arp {
    destination: [u16; 3],
    source: [u16; 3],
    ethertype: u16,
    hardware: u16,
    protocol: u16,
    /// Of a hardware address, and of a protocol's.
    sizes: u16,
    operation: u16,
    sender_mac: [u16; 3],
    sender: [u16; 2],
    target_mac: [u16; 3],
    target: [u16; 2],
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
    if !asked.is_request() || Address::v4(transmute!(asked.target)).is(&origin.ipv4) {
        sink.put(Decision::Pass(meta.mark));
        return Ok(());
    }
    let host_mac = transmute!(origin.host_mac);
    let reply = Arp {
        destination: asked.source,
        source: host_mac,
        operation: REPLY.to_be(),
        sender_mac: host_mac,
        sender: asked.target,
        target_mac: asked.sender_mac,
        target: asked.sender,
        ..asked
    };
    sink.put(Decision::Answer { frame: transmute!(reply), ifindex: meta.ifindex });
    Ok(())
}

impl Arp {
    /// Whether it asks for the Ethernet address of an IPv4 address.
    #[inline(always)]
    fn is_request(&self) -> bool {
        let differs = (self.hardware ^ ETHERNET.to_be())
            | (self.protocol ^ IPV4.to_be())
            | (self.sizes ^ SIZES.to_be())
            | (self.operation ^ REQUEST.to_be());
        differs == 0
    }
}

const ETHERNET: u16 = 1;
const IPV4: u16 = 0x0800;
const SIZES: u16 = 0x0604;
const REQUEST: u16 = 1;
const REPLY: u16 = 2;
