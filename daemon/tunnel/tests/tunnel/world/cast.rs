//! Who is on the wire, and what they say.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use wgtrace_decrypt::key::{PrivateKey, PublicKey};

/// The two ends.
pub(crate) const A: usize = 0;
pub(crate) const B: usize = 1;

/// 2023-11-14, in nanoseconds since 1970.
pub(crate) const EPOCH: i64 = 1_700_000_000_000_000_000;

pub(crate) fn private(n: usize) -> PrivateKey {
    PrivateKey::from_bytes([0x10 + n as u8; 32])
}

pub(crate) fn public(n: usize) -> PublicKey {
    private(n).public()
}

pub(crate) fn inner(n: usize) -> IpAddr {
    [10, 0, 0, 1 + n as u8].into()
}

pub(crate) fn outer(n: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1 + n as u8], 51871))
}

/// An IPv4 packet of `len` bytes from one end to the other, told apart by `tag`.
pub(crate) fn packet(from: usize, to: usize, tag: u32, len: usize) -> Vec<u8> {
    let (IpAddr::V4(src), IpAddr::V4(dst)) = (inner(from), inner(to)) else { panic!("IPv4") };
    let mut packet = vec![0xab; len.max(24)];
    packet[0] = 0x45;
    let total = (packet.len() as u16).to_be_bytes();
    packet[2..4].copy_from_slice(&total);
    packet[12..16].copy_from_slice(&src.octets());
    packet[16..20].copy_from_slice(&dst.octets());
    packet[20..24].copy_from_slice(&tag.to_be_bytes());
    packet
}

pub(crate) fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(crate) fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}
