//! The UDP socket that messages travel through, many at a time.

mod option;
mod returned;

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU32, Ordering};

use quinn_udp::{EcnCodepoint, RecvMeta, UdpSocketState};
use rustix::io::Errno;
use rustix::net::sockopt;
use socket2::{Domain, Protocol, Socket, Type};
use thiserror::Error;
use wgtrace_decrypt::keypair::message_len;

/// One socket for both families, or for IPv4 alone where the kernel has no IPv6.
#[derive(Debug)]
pub struct Udp {
    socket: Socket,
    state: UdpSocketState,
    v6: bool,
    port: u16,
    /// Super-frames that still go out as single messages, because the path refused one.
    single: AtomicU32,
}

/// A run of messages for one address, all of one length but for the last, which may be shorter.
#[derive(Debug, Clone, Copy)]
pub struct SuperFrame<'b> {
    /// Whom it is for.
    pub destination: SocketAddr,
    /// The messages, one behind the other.
    pub messages: &'b [u8],
    /// Length of each.
    pub size: usize,
    /// What congestion can be told with.
    pub ecn: Option<EcnCodepoint>,
}

impl Udp {
    /// Most messages in one [`SuperFrame`].
    // linux: include/linux/udp.h, UDP_MAX_SEGMENTS of every kernel that has the offload
    pub const MOST_MESSAGES: usize = 64;
    /// Most bytes in one [`SuperFrame`]: what fits behind an IPv4 and a UDP header.
    pub const MOST_BYTES: usize = 65535 - 20 - 8;

    /// Most packets that one [`SuperFrame`] carries, of those that fill a device with this MTU.
    pub fn most_packets(mtu: usize) -> usize {
        (Self::MOST_BYTES / message_len(mtu, mtu)).clamp(1, Self::MOST_MESSAGES)
    }

    /// Takes `port`, or any free one for 0; what is sent carries the firewall mark `mark`.
    pub fn bind(port: u16, mark: u32) -> Result<Self, UdpError> {
        let (socket, v6) = match open(Domain::IPV6, Ipv6Addr::UNSPECIFIED.into(), port) {
            Ok(socket) => (socket, true),
            // No IPv6 in this kernel, or switched off.
            Err(error) if is_without_v6(&error) => {
                let socket = open(Domain::IPV4, Ipv4Addr::UNSPECIFIED.into(), port);
                (socket.map_err(|error| UdpError::bind(port, &error))?, false)
            }
            Err(error) => return Err(UdpError::bind(port, &error)),
        };
        let failed = |step| move |error: io::Error| UdpError::Failed { step, kind: error.kind() };
        let state = UdpSocketState::new((&socket).into()).map_err(failed("setting up"))?;
        if v6 {
            // Tunnels are fragmented rather than blind to a smaller path: linux does the same.
            sockopt::set_ipv6_mtu_discover(&socket, sockopt::Ipv6PathMtuDiscovery::DONT)
                .map_err(|error| failed("setting up")(error.into()))?;
            option::allow_ipv6_fragments(&socket).map_err(failed("setting up"))?;
        }
        sockopt::set_ip_mtu_discover(&socket, sockopt::Ipv4PathMtuDiscovery::DONT)
            .map_err(|error| failed("setting up")(error.into()))?;
        if let Err(error) = returned::ask(&socket, v6) {
            tracing::warn!(%error, "peers that are gone will not be noticed before they are missed");
        }
        if mark != 0 {
            set_mark(&socket, mark)?;
        }
        grow_buffers(&socket);
        let port = socket
            .local_addr()
            .map_err(failed("asking for the port of"))?
            .as_socket()
            .map_or(port, |addr| addr.port());
        Ok(Self { socket, state, v6, port, single: AtomicU32::new(0) })
    }

    /// The port in use.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Marks what is sent from now on.
    pub fn set_mark(&self, mark: u32) -> Result<(), UdpError> {
        set_mark(&self.socket, mark)
    }

    /// Sends a super-frame in one call where the path allows it, else one message at a time; returns
    /// how many messages were refused, and the last reason.
    pub fn send(&self, frame: SuperFrame<'_>) -> Result<(), SendError> {
        let SuperFrame { messages, size, .. } = frame;
        if messages.len() <= size {
            return self.try_send(frame).map_err(|error| SendError { lost: 1, kind: error.kind() });
        }
        let single = self.single.load(Ordering::Relaxed);
        if single == 0 {
            match self.try_send(frame) {
                Ok(()) => return Ok(()),
                Err(error) if is_about_size(&error) => self.single.store(SINGLE, Ordering::Relaxed),
                Err(error) => {
                    let lost = u32::try_from(messages.len().div_ceil(size)).unwrap_or(u32::MAX);
                    return Err(SendError { lost, kind: error.kind() });
                }
            }
        } else {
            self.single.store(single - 1, Ordering::Relaxed);
        }
        let mut result = Ok(());
        for message in messages.chunks(size.max(1)) {
            if let Err(error) = self.try_send(SuperFrame { messages: message, size: message.len(), ..frame })
            {
                let lost = result.map_or_else(|earlier: SendError| earlier.lost, |()| 0) + 1;
                result = Err(SendError { lost, kind: error.kind() });
            }
        }
        result
    }

    /// Receives what is there: super-frames of one source and one length of message each, that of the
    /// last excepted. `None` when there is nothing.
    pub fn receive(
        &self,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> io::Result<Option<usize>> {
        match self.state.recv((&self.socket).into(), buffers, metas) {
            Ok(count) => {
                for meta in metas.iter_mut().take(count) {
                    meta.addr = SocketAddr::new(meta.addr.ip().to_canonical(), meta.addr.port());
                }
                Ok(Some(count))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Destinations of datagrams that the network has returned, up to some number.
    pub fn returned(&self) -> Vec<SocketAddr> {
        returned::take(&self.socket)
    }

    fn try_send(&self, frame: SuperFrame<'_>) -> io::Result<()> {
        let destination = match (frame.destination.ip(), self.v6) {
            (IpAddr::V4(addr), true) => {
                SocketAddr::new(addr.to_ipv6_mapped().into(), frame.destination.port())
            }
            (IpAddr::V6(_), false) => return Err(Errno::AFNOSUPPORT.into()),
            (IpAddr::V4(_), false) | (IpAddr::V6(_), true) => frame.destination,
        };
        let transmit = quinn_udp::Transmit {
            destination,
            ecn: frame.ecn,
            contents: frame.messages,
            segment_size: Some(frame.size),
            src_ip: None,
        };
        let mut tries = TRIES;
        loop {
            tries = tries.saturating_sub(1);
            match self.state.try_send((&self.socket).into(), &transmit) {
                // The socket's buffer is full: wait for room, as a blocking socket would.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait_writable()?,
                // It may be that of an earlier one, which this one was not sent for.
                Err(_) if tries > 0 => {}
                result => return result,
            }
        }
    }

    fn wait_writable(&self) -> io::Result<()> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let patience = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        match poll(&mut [PollFd::new(&self.socket, PollFlags::OUT)], Some(&patience)) {
            Ok(0) => Err(Errno::NOBUFS.into()),
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Udp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// What of a super-frame did not go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{lost} messages not sent: {kind}")]
pub struct SendError {
    /// Messages.
    pub lost: u32,
    /// Why the last of them was refused.
    pub kind: io::ErrorKind,
}

/// Why there is no socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UdpError {
    /// Somebody has it.
    #[error(
        "UDP port {0} is in use: choose another ListenPort, or stop its holder (`ss -lunp sport = :{0}`)"
    )]
    PortTaken(u16),
    /// A capability is missing.
    #[error("not allowed to mark packets: run as root or with CAP_NET_ADMIN, or without FwMark")]
    MarkNotPermitted,
    /// Anything else.
    #[error("{step} the UDP socket: {kind}")]
    Failed {
        /// What was being done.
        step: &'static str,
        /// What went wrong.
        kind: io::ErrorKind,
    },
}

impl UdpError {
    fn bind(port: u16, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::AddrInUse {
            Self::PortTaken(port)
        } else {
            Self::Failed { step: "binding", kind: error.kind() }
        }
    }
}

fn open(domain: Domain, addr: IpAddr, port: u16) -> io::Result<Socket> {
    let socket = Socket::new(domain, Type::DGRAM.nonblocking().cloexec(), Some(Protocol::UDP))?;
    if domain == Domain::IPV6 {
        socket.set_only_v6(false)?;
    }
    socket.bind(&SocketAddr::new(addr, port).into())?;
    Ok(socket)
}

fn is_without_v6(error: &io::Error) -> bool {
    [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

fn set_mark(socket: &Socket, mark: u32) -> Result<(), UdpError> {
    socket.set_mark(mark).map_err(|error| {
        if error.kind() == io::ErrorKind::PermissionDenied {
            UdpError::MarkNotPermitted
        } else {
            UdpError::Failed { step: "marking", kind: error.kind() }
        }
    })
}

/// Room for bursts; beyond the system's limit where this program may go there.
fn grow_buffers(socket: &Socket) {
    if sockopt::set_socket_recv_buffer_size_force(socket, BUFFER).is_err() {
        let _ = sockopt::set_socket_recv_buffer_size(socket, BUFFER);
    }
    if sockopt::set_socket_send_buffer_size_force(socket, BUFFER).is_err() {
        let _ = sockopt::set_socket_send_buffer_size(socket, BUFFER);
    }
}

/// Errors that a super-frame gets and its messages alone may not: a segment above the path's MTU, no
/// checksum offload on the way.
fn is_about_size(error: &io::Error) -> bool {
    [Errno::INVAL, Errno::IO, Errno::MSGSIZE]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Of each message: errors that came back for others stand before it.
const TRIES: u32 = 3;
const BUFFER: usize = 7 << 20;
/// After a refusal this many super-frames are not tried as such.
const SINGLE: u32 = 1024;
