//! Packet sockets that queue nothing: their filter makes the events.
//!
//! A packet socket sees what came in before tc, and what goes out behind every tc program: what it does not
//! see leaving has not left.
#![expect(unsafe_code, reason = "addresses of packet sockets have no safe wrapper")]

use std::os::fd::{AsRawFd as _, OwnedFd};

use aya::programs::SocketFilter;
use rustix::{
    io::Errno,
    net::{AddressFamily, SocketFlags, SocketType, socket_with},
};

use super::{Interface, ProbeError};

/// A tap on one interface; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Tap {
    _socket: OwnedFd,
}

impl Tap {
    /// Taps `interface` of the namespace this thread is in.
    pub(super) fn open(interface: &Interface, program: &SocketFilter) -> Result<Self, ProbeError> {
        let what = || format!("open a packet socket on {interface}");
        // Protocol 0 takes no packet at all, so none is seen without the filter.
        let socket = socket_with(AddressFamily::PACKET, SocketType::RAW, SocketFlags::CLOEXEC, None)
            .map_err(|errno| ProbeError::call(what(), errno))?;
        program.attach(&socket).map_err(|error| ProbeError::program(what(), &error))?;
        match bind(&socket, interface.index) {
            Ok(()) => Ok(Self { _socket: socket }),
            Err(Errno::NODEV | Errno::NXIO) => Err(ProbeError::Gone(interface.clone())),
            Err(errno) => Err(ProbeError::call(what(), errno)),
        }
    }
}

/// All protocols, both directions. A device that is down is tapped from when it comes up.
fn bind(socket: &OwnedFd, ifindex: u32) -> Result<(), Errno> {
    let address = libc::sockaddr_ll {
        sll_family: AF_PACKET,
        sll_protocol: ETH_P_ALL.to_be(),
        sll_ifindex: i32::try_from(ifindex).map_err(|_| Errno::NODEV)?,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    // SAFETY: the address is as long as is said and lives through the call, which only reads it.
    let bound = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), ADDRESS_LEN) };
    if bound == 0 {
        Ok(())
    } else {
        Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
    }
}

// linux: include/uapi/linux/if_packet.h, if_ether.h
const AF_PACKET: u16 = 17;
const ETH_P_ALL: u16 = 3;
const ADDRESS_LEN: libc::socklen_t = 20;
const _: () = assert!(size_of::<libc::sockaddr_ll>() == ADDRESS_LEN as usize);
