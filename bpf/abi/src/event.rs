//! One packet at one hook.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::{ABI_VERSION, DropReason, Hook, Mark, ObservationPoint, Verdict};

/// What a program saw of a packet; the first `captured` bytes of the packet follow it in the record.
///
/// Times are nanoseconds of `CLOCK_BOOTTIME`, lengths are bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct PacketEvent {
    /// [`ABI_VERSION`] of the program.
    pub version: u8,
    /// [`PacketEvent::KIND`].
    pub kind: u8,
    /// Where the program is attached: a [`Hook`].
    pub hook: u8,
    /// [`PacketEvent::L3`] and what else is known of the packet, as bits.
    pub flags: u8,
    /// Interface the hook belongs to, within [`netns`](Self::netns).
    pub ifindex: u32,
    /// Position among the events of this CPU and hook, from 0; lost ones leave gaps.
    pub sequence: u64,
    /// When the program ran.
    pub time: u64,
    /// Length of the packet: of the whole super-frame where `gso_size` is not 0.
    pub len: u32,
    /// How many bytes of the packet follow.
    pub captured: u16,
    /// Payload bytes of each segment of a super-frame; 0 otherwise.
    pub gso_size: u16,
    /// Segments of a super-frame; 0 or 1 otherwise.
    pub gso_segs: u16,
    /// VLAN tag control that is not in the bytes any more; see [`vlan_protocol`](Self::vlan_protocol).
    pub vlan_tci: u16,
    /// EtherType of the tag in `vlan_tci`; 0 when there is no such tag.
    pub vlan_protocol: u16,
    /// EtherType as the kernel knows it, tags taken off.
    pub protocol: u16,
    /// A [`Verdict`].
    pub verdict: u8,
    /// A [`DropReason`]; 0 when the packet was not dropped here.
    pub drop_reason: u8,
    /// A [`PacketType`].
    pub packet_type: u8,
    /// Zero.
    pub reserved: u8,
    /// The packet's mark as it leaves the hook.
    pub mark: u32,
    /// The kernel's flow hash; 0 when it has none yet.
    pub hash: u32,
    /// Interface the packet came in by; 0 for packets made on this node.
    pub ingress_ifindex: u32,
    /// One of this many matching packets is sampled.
    pub sampling: u32,
    /// Inode of the network namespace.
    pub netns: u32,
}

const _: () = assert!(size_of::<PacketEvent>() == 64);

impl PacketEvent {
    /// What [`kind`](Self::kind) says of a packet event.
    pub const KIND: u8 = 1;
    /// The device has no link-layer header: the packet starts with its IP header.
    pub const L3: u8 = 1 << 0;
    /// The program does not know the kind of device ([`crate::device`]).
    pub const UNKNOWN_DEVICE: u8 = 1 << 1;
    /// Most packet bytes in one event: record lengths are 16 bits in the kernel.
    pub const MAX_CAPTURED: u16 = 65_000;

    /// Whether this can be read by what was compiled with this crate.
    pub fn is_supported(&self) -> bool {
        self.version == ABI_VERSION && self.kind == Self::KIND
    }

    /// Where it was seen; `None` for a number of another version.
    pub fn hook(&self) -> Option<Hook> {
        Hook::from_number(self.hook)
    }

    /// The observation point in Cilium's terms.
    pub fn point(&self) -> Option<ObservationPoint> {
        self.hook().map(Hook::point)
    }

    /// What was decided there.
    pub fn verdict(&self) -> Option<Verdict> {
        Verdict::from_number(self.verdict)
    }

    /// Why it was dropped there.
    pub fn drop_reason(&self) -> Option<DropReason> {
        (self.drop_reason != 0).then_some(DropReason(self.drop_reason))
    }

    /// The mark, as a type.
    pub fn mark(&self) -> Mark {
        Mark(self.mark)
    }

    /// Whether the packet's bytes start with the IP header.
    pub fn is_l3(&self) -> bool {
        self.flags & Self::L3 != 0
    }

    /// Whom the link layer had it for.
    pub fn packet_type(&self) -> Option<PacketType> {
        PacketType::from_number(self.packet_type)
    }
}

/// `skb->pkt_type` (linux: `include/uapi/linux/if_packet.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PacketType {
    /// To this host.
    Host = 0,
    /// To all.
    Broadcast = 1,
    /// To a group.
    Multicast = 2,
    /// To somebody else.
    OtherHost = 3,
    /// Leaving by this device.
    Outgoing = 4,
    /// Looped back to a sender of multicast.
    Loopback = 5,
}

impl PacketType {
    /// Every value.
    pub const ALL: [Self; 6] =
        [Self::Host, Self::Broadcast, Self::Multicast, Self::OtherHost, Self::Outgoing, Self::Loopback];

    /// The value with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|value| *value as u8 == number)
    }

    /// The name as it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Broadcast => "broadcast",
            Self::Multicast => "multicast",
            Self::OtherHost => "other-host",
            Self::Outgoing => "outgoing",
            Self::Loopback => "loopback",
        }
    }
}
