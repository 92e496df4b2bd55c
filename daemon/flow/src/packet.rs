//! A packet at a hook, as its event and its bytes tell it.

mod network;
mod transport;
mod vlans;
mod wireguard;

use wgtrace_abi::{Hook, PacketEvent};
use wgtrace_wire::{Error, Ethernet};

pub use network::{IpPacket, Network};
pub use transport::{TcpSegment, Transport, UdpDatagram};
pub use vlans::{Vlan, Vlans};
pub use wireguard::WireGuard;

/// A packet at a hook.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    /// What the program said of it.
    pub event: PacketEvent,
    /// Where it was seen.
    pub hook: Hook,
    /// What was captured of it.
    pub bytes: &'a [u8],
    /// Its link-layer header.
    pub link: Link<'a>,
    /// Its VLAN tags.
    pub vlans: Vlans<'a>,
    /// Its network-layer header.
    pub network: Network<'a>,
    /// Its transport header, or what is in the place of one.
    pub transport: Transport<'a>,
}

impl Packet<'_> {
    /// Packets on the wire that this one stands for: the segments of a super-frame, else 1.
    pub fn segments(&self) -> u32 {
        match (self.event.gso_size, self.event.gso_segs) {
            (0, _) => 1,
            (_, segments) if segments > 1 => u32::from(segments),
            // linux: gso_segs is 0 where a guest or a driver made the super-frame (include/linux/virtio_net.h)
            (size, _) => self.transport.payload_len().unwrap_or(1).div_ceil(u32::from(size)).max(1),
        }
    }

    /// Whether more of the packet was there than was captured.
    pub fn is_cut(&self) -> bool {
        u32::from(self.event.captured) < self.event.len
    }
}

/// What a packet starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link<'a> {
    /// An ethernet header.
    Ethernet(Ethernet<'a>),
    /// The IP header: the device has no link layer.
    None,
    /// The program did not know the device, and the bytes fit both kinds or neither.
    Unknown,
    /// An ethernet header that is not whole.
    Unread(Fault),
}

/// Why a header could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The captured bytes end before it does; the packet went on.
    Cut,
    /// The packet itself is too short for it, or it contradicts itself.
    Malformed(Error),
}
