#![expect(unsafe_code, reason = "the one socket option that no crate in use wraps")]

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _};

/// Lets IPv6 datagrams be fragmented again, which quinn-udp forbids: it suits a transport that finds
/// out the path's MTU by itself.
pub(super) fn allow_ipv6_fragments(socket: impl AsFd) -> io::Result<()> {
    let off: c_int = 0;
    let len = libc::socklen_t::try_from(size_of::<c_int>()).unwrap_or_default();
    // SAFETY: the option reads one `int`, which `off` is and outlives the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            libc::IPPROTO_IPV6,
            libc::IPV6_DONTFRAG,
            (&raw const off).cast(),
            len,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
