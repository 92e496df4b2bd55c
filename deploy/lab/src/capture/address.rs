//! Addresses of packet sockets, which no crate makes of their parts, or reads when they are short.
#![expect(unsafe_code, reason = "structures of the kernel's")]

use std::io;
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd as _};

use libc::{AF_PACKET, sockaddr_ll};
use nix::sys::socket::{LinkAddr, SockaddrLike as _};

/// Everything that an interface sends and receives.
pub(super) fn everything_of(index: u32) -> Option<LinkAddr> {
    let address = sockaddr_ll {
        sll_family: u16::try_from(AF_PACKET).ok()?,
        sll_protocol: ALL.to_be(),
        sll_ifindex: i32::try_from(index).ok()?,
        ..EMPTY
    };
    // SAFETY: it points to a whole `sockaddr_ll`, which is copied, and `LEN` is its size.
    unsafe { LinkAddr::from_raw((&raw const address).cast(), Some(LEN)) }
}

/// Type of the interface that a socket is bound to, as ARP has it.
pub(super) fn hardware_type(socket: &impl AsFd) -> io::Result<u16> {
    let mut address = EMPTY;
    let mut len = LEN;
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: `address` has room for `len` bytes, and both outlive the call.
    let result = unsafe { libc::getsockname(fd, (&raw mut address).cast(), &raw mut len) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(address.sll_hatype) }
}

const EMPTY: sockaddr_ll = sockaddr_ll {
    sll_family: 0,
    sll_protocol: 0,
    sll_ifindex: 0,
    sll_hatype: 0,
    sll_pkttype: 0,
    sll_halen: 0,
    sll_addr: [0; 8],
};

#[expect(clippy::cast_possible_truncation, reason = "20")]
const LEN: libc::socklen_t = size_of::<sockaddr_ll>() as libc::socklen_t;

/// linux: `ETH_P_ALL`
const ALL: u16 = 3;
