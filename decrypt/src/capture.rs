//! Capture files: containers in, frames out.

mod error;
mod frame;
mod notes;
mod options;
mod order;
mod pcap;
mod pcapng;
mod reader;
mod resync;
mod secrets;
mod source;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use frame::{Chunk, Frame, Interface, LinkType, Timestamp};
pub use notes::{Notes, Tally, Truncation};
pub use options::{Direction, Remarks};
pub use reader::{CHUNK_LEN, Reader};
pub use secrets::SecretsBlock;

/// Longest packet that is taken for one, in bytes.
///
/// Wireshark and libpcap stop at 256 KiB for network link types, and the longest frame that Linux
/// passes through a tap is `GSO_MAX_SIZE`, 8 * 65535 bytes (linux: include/linux/netdevice.h). The
/// tighter the bound, the sooner a damaged length is told from a long packet.
pub const MAX_PACKET_LEN: usize = 1 << 20;
