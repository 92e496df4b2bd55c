//! Datagrams that came back: nobody listens there, or nobody is there (ip(7), `IP_RECVERR`).

use std::collections::BTreeSet;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd as _;

use nix::sys::socket::sockopt::{Ipv4RecvErr, Ipv6RecvErr};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt};
use socket2::Socket;

/// Has the kernel keep what comes back.
pub(super) fn ask(socket: &Socket, v6: bool) -> io::Result<()> {
    setsockopt(socket, Ipv4RecvErr, &true)?;
    if v6 {
        setsockopt(socket, Ipv6RecvErr, &true)?;
    }
    Ok(())
}

/// Whom they were for; reading takes them off, and wakes nobody for them any more.
pub(super) fn take(socket: &Socket) -> Vec<SocketAddr> {
    let mut destinations = BTreeSet::new();
    for _ in 0..MOST {
        // Of the datagram itself nothing is of interest.
        let (mut control, mut parts) = ([0; CONTROL], []);
        let parts: &mut [IoSliceMut<'_>] = &mut parts;
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let Ok(message) = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), parts, Some(&mut control), flags)
        else {
            break;
        };
        let is_unreachable = message.cmsgs().is_ok_and(|mut all| all.any(|one| is_unreachable(&one)));
        destinations.extend(message.address.as_ref().and_then(address).filter(|_| is_unreachable));
    }
    destinations.into_iter().collect()
}

/// Any reason but that the datagram is too long: another would arrive.
fn is_unreachable(message: &ControlMessageOwned) -> bool {
    let (ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _)) = message
    else {
        return false;
    };
    match error.ee_origin {
        libc::SO_EE_ORIGIN_ICMP => error.ee_type == V4_UNREACHABLE && error.ee_code != V4_TOO_LONG,
        libc::SO_EE_ORIGIN_ICMP6 => error.ee_type == V6_UNREACHABLE,
        _ => false,
    }
}

fn address(of: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = of.as_sockaddr_in().map(|addr| (IpAddr::from(addr.ip()), addr.port()));
    let (ip, port) =
        v4.or_else(|| of.as_sockaddr_in6().map(|addr| (IpAddr::from(addr.ip()), addr.port())))?;
    Some(SocketAddr::new(ip.to_canonical(), port))
}

/// Taken at a time: who sends more of them than that does not keep a worker from its packets.
const MOST: usize = 64;
/// Room for the error, and for what else the socket tells of a datagram.
const CONTROL: usize = 512;
// RFC 792, RFC 1191, RFC 4443
const V4_UNREACHABLE: u8 = 3;
const V4_TOO_LONG: u8 = 4;
const V6_UNREACHABLE: u8 = 1;
