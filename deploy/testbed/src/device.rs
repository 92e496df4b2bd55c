//! The two requests about devices that no crate asks safely.
#![expect(unsafe_code, reason = "ioctl")]

use std::io;
use std::os::fd::{AsFd, AsRawFd as _};

use libc::{IFF_NO_PI, IFF_TUN, c_char, ifreq};

/// Turns an open `/dev/net/tun` into a TUN device of the caller's namespace.
pub(crate) fn make_tun(file: &impl AsFd, name: &str) -> io::Result<()> {
    let mut request = request(name)?;
    request.ifr_ifru.ifru_flags = i16::try_from(IFF_TUN | IFF_NO_PI).map_err(io::Error::other)?;
    // SAFETY: TUNSETIFF takes an `ifreq`, and this one outlives the call.
    let result = unsafe { libc::ioctl(file.as_fd().as_raw_fd(), libc::TUNSETIFF, &raw mut request) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Sends a command with one value to ethtool, about a device of the socket's namespace.
pub(crate) fn set_feature(socket: &impl AsFd, name: &str, command: u32, value: u32) -> io::Result<()> {
    let mut value = [command, value];
    let mut request = request(name)?;
    request.ifr_ifru.ifru_data = (&raw mut value).cast();
    // SAFETY: SIOCETHTOOL takes an `ifreq` that points to a command and, for these, one value (linux: struct
    // ethtool_value); both outlive the call.
    let result = unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), SIOCETHTOOL, &raw mut request) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// linux: `include/uapi/linux/sockios.h`
const SIOCETHTOOL: libc::Ioctl = 0x8946;

fn request(name: &str) -> io::Result<ifreq> {
    // SAFETY: an `ifreq` is numbers and a union of numbers and a pointer, for all of which zero is a value.
    let mut request: ifreq = unsafe { std::mem::zeroed() };
    let (_, room) = request.ifr_name.split_last_mut().ok_or(io::ErrorKind::InvalidInput)?;
    if name.len() > room.len() {
        return Err(io::ErrorKind::InvalidFilename.into());
    }
    for (place, byte) in room.iter_mut().zip(name.bytes()) {
        *place = c_char::from_ne_bytes([byte]);
    }
    Ok(request)
}
