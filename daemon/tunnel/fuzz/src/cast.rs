//! Who is there, and where.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use wgtrace_decrypt::key::{PrivateKey, PublicKey};
use wgtrace_tunnel::Prefix;

/// The stranger's number; devices have those from 0.
pub const STRANGER: usize = 7;

/// 2023-11-14, in nanoseconds since 1970.
pub const EPOCH: i64 = 1_700_000_000_000_000_000;

pub fn private(n: usize) -> PrivateKey {
    PrivateKey::from_bytes([0x10 + small(n); 32])
}

pub fn public(n: usize) -> PublicKey {
    private(n).public()
}

/// Where a number's datagrams come from.
pub fn outer(n: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1 + small(n)], 51871))
}

/// An inner address of a number's own.
pub fn inner(n: usize, v6: bool) -> IpAddr {
    let v4 = Ipv4Addr::new(10, 0, 0, 1 + small(n));
    if v6 { v4.to_ipv6_mapped().into() } else { v4.into() }
}

/// The networks of one number.
pub fn hosts(n: usize) -> [Prefix; 2] {
    [false, true].map(|v6| Prefix::host(inner(n, v6)))
}

pub fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn small(n: usize) -> u8 {
    u8::try_from(n).expect("a small number")
}
