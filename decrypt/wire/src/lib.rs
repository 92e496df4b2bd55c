//! Views of the packets that WireGuard travels in, and of its four messages.
//!
//! Every view is checked once, by its `parse`; its accessors then cannot fail. Captures are cut at a
//! snap length, so only the headers must be whole: `payload` is what is there of the payload, and
//! `claimed_len` is what the header says it was. Bytes behind the claimed length (ethernet padding)
//! are not part of a payload. Checksums are read, never demanded: offloading leaves them unfinished.
//!
//! ```
//! use wgtrace_wire::{EtherType, Ethernet, Ipv4, Udp};
//!
//! fn ports(frame: &[u8]) -> Option<(u16, u16)> {
//!     let ethernet = Ethernet::parse(frame).ok()?;
//!     if ethernet.ethertype() != EtherType::IPV4 {
//!         return None;
//!     }
//!     let udp = Udp::parse(Ipv4::parse(ethernet.payload()).ok()?.payload()).ok()?;
//!     Some((udp.src_port(), udp.dst_port()))
//! }
//! assert_eq!(ports(&[0; 60]), None);
//! ```
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod arp;
mod bytes;
pub mod checksum;
mod error;
pub mod ethernet;
pub mod icmp;
pub mod ip;
pub mod ipv4;
pub mod ipv6;
pub mod option;
pub mod tcp;
pub mod udp;
pub mod vlan;
pub mod wireguard;

pub use arp::Arp;
pub use error::Error;
pub use ethernet::{EtherType, Ethernet, Mac};
pub use icmp::{Icmpv4, Icmpv6};
pub use ip::{Ip, Protocol};
pub use ipv4::Ipv4;
pub use ipv6::Ipv6;
pub use tcp::Tcp;
pub use udp::Udp;
