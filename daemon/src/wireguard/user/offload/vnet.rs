use zerocopy::byteorder::little_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::OffloadError;

/// What stands in front of each packet on a device with `IFF_VNET_HDR`.
// linux: include/uapi/linux/virtio_net.h, struct virtio_net_hdr; little endian by TUNSETVNETLE
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct VnetHeader {
    /// Bit 0: the checksum is to be completed.
    pub flags: u8,
    /// The kind of super-packet, 0 for none.
    pub gso_type: u8,
    /// Length of all headers; a hint that cannot be relied upon.
    pub hdr_len: U16,
    /// Payload bytes in each segment.
    pub gso_size: U16,
    /// Where checksumming begins.
    pub csum_start: U16,
    /// Where the sum goes, from there.
    pub csum_offset: U16,
}

const _: () = assert!(size_of::<VnetHeader>() == VnetHeader::LEN);

impl VnetHeader {
    /// Length in bytes.
    pub const LEN: usize = 10;

    /// Whether the checksum holds the pseudo-header's sum only.
    pub fn needs_checksum(self) -> bool {
        self.flags & NEEDS_CSUM != 0
    }

    /// The kind of super-packet, if it is one.
    pub fn gso(self) -> Result<Option<Gso>, OffloadError> {
        match self.gso_type & !ECN {
            0 => Ok(None),
            1 => Ok(Some(Gso::Tcp4)),
            4 => Ok(Some(Gso::Tcp6)),
            5 => Ok(Some(Gso::Udp)),
            _ => Err(OffloadError::UnknownType(self.gso_type)),
        }
    }

    /// The header of a super-packet whose headers take `hdr_len` bytes, the last from `csum_start`.
    pub fn of(gso: Gso, hdr_len: u16, gso_size: u16, csum_start: u16) -> Self {
        Self {
            flags: NEEDS_CSUM,
            gso_type: match gso {
                Gso::Tcp4 => 1,
                Gso::Tcp6 => 4,
                Gso::Udp => 5,
            },
            hdr_len: hdr_len.into(),
            gso_size: gso_size.into(),
            csum_start: csum_start.into(),
            csum_offset: gso.checksum_offset().into(),
        }
    }
}

/// Kinds of super-packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gso {
    /// TCP in IPv4.
    Tcp4,
    /// TCP in IPv6.
    Tcp6,
    /// UDP in either.
    Udp,
}

impl Gso {
    /// Where the checksum lies in the transport header.
    pub fn checksum_offset(self) -> u16 {
        match self {
            Self::Tcp4 | Self::Tcp6 => 16,
            Self::Udp => 6,
        }
    }

    /// The transport's protocol number.
    pub fn protocol(self) -> u8 {
        match self {
            Self::Tcp4 | Self::Tcp6 => 6,
            Self::Udp => 17,
        }
    }
}

const NEEDS_CSUM: u8 = 1;
/// Set beside TCP types; how congestion bits are treated does not depend on it here.
const ECN: u8 = 0x80;
