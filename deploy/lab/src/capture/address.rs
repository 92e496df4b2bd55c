//! The one address that no crate makes safely.
#![expect(unsafe_code, reason = "a packet socket's address is made of its parts")]

use std::mem::size_of;

use libc::{AF_PACKET, sockaddr_ll};
use nix::sys::socket::{LinkAddr, SockaddrLike as _};

/// Everything that an interface sends and receives.
pub(super) fn everything_of(index: u32) -> Option<LinkAddr> {
    let address = sockaddr_ll {
        sll_family: u16::try_from(AF_PACKET).ok()?,
        sll_protocol: ALL.to_be(),
        sll_ifindex: i32::try_from(index).ok()?,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    let len = libc::socklen_t::try_from(size_of::<sockaddr_ll>()).ok()?;
    // SAFETY: it points to a whole `sockaddr_ll`, which is copied, and `len` is its size.
    unsafe { LinkAddr::from_raw((&raw const address).cast(), Some(len)) }
}

/// linux: `ETH_P_ALL`
const ALL: u16 = 3;
