//! Segmentation offload at the TUN, both ways: the kernel hands over TCP and UDP super-packets and
//! takes them back, so that one system call and one walk through the stack serve dozens of packets.
//!
//! [`Segments`] turns a super-packet read from the device into the packets it stands for.
//! [`Coalescer`] turns packets into super-packets for the device, as the kernel's own receive offload
//! would. Both work on bytes alone.

mod checksum;
mod coalesce;
mod headers;
mod segments;
mod vnet;

use thiserror::Error;

pub use coalesce::Coalescer;
pub use segments::Segments;
pub use vnet::{Gso, VnetHeader};

/// Why a packet from the device is none that can be sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OffloadError {
    /// The header in front of the packet names an offload that was not asked for.
    #[error("offload type {0:#04x}, which this device does not offer")]
    UnknownType(u8),
    /// A header, or the checksum's place, lies beyond the packet.
    #[error("the packet ends at {have} bytes, {need} are needed")]
    Truncated {
        /// Bytes needed.
        need: usize,
        /// Bytes present.
        have: usize,
    },
    /// Neither IPv4 nor IPv6.
    #[error("IP version {0}")]
    NotIp(u8),
    /// A super-packet whose headers are not those of its offload type.
    #[error("the packet is not of the offload type's protocol")]
    OtherProtocol,
    /// A super-packet that is a fragment.
    #[error("a fragment with segments")]
    Fragment,
    /// A super-packet without size or start of what is to be segmented.
    #[error("a super-packet without segment size or checksum start")]
    NoSegmentSize,
    /// A header length below the least possible.
    #[error("a header of {0} bytes")]
    ShortHeader(usize),
}

#[cfg(test)]
mod tests;
