//! The packet socket of a capture.

use std::io::IoSliceMut;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::errno::Errno;
use nix::sys::socket::sockopt::{ReceiveTimestampns, RxqOvfl};
use nix::sys::socket::{ControlMessageOwned, LinkAddr, MsgFlags, bind, recvmsg, setsockopt};
use nix::sys::time::TimeSpec;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::netdevice::name_to_index;
use rustix::net::sockopt::set_socket_recv_buffer_size_force;
use rustix::net::{AddressFamily, SocketType, socket};

use super::{Frame, address};

/// Hears one interface.
pub(super) struct Socket {
    fd: OwnedFd,
    link: u16,
}

impl Socket {
    /// On an interface of the calling thread's network namespace.
    pub(super) fn open(interface: &str) -> Result<Self> {
        // of no protocol until it is bound: till then it would hear all interfaces
        let fd = socket(AddressFamily::PACKET, SocketType::RAW, None)
            .context("cannot open a packet socket: this needs root")?;
        set_socket_recv_buffer_size_force(&fd, MEMORY)?;
        setsockopt(&fd, ReceiveTimestampns, &true)?;
        setsockopt(&fd, RxqOvfl, &1)?;
        let index = name_to_index(&fd, interface)
            .with_context(|| format!("there is no interface {interface} here"))?;
        let everything = address::everything_of(index).context("no interface has such an index")?;
        bind(fd.as_raw_fd(), &everything).with_context(|| format!("cannot hear {interface}"))?;
        let link = match address::hardware_type(&fd)? {
            ETHER | LOOPBACK => EN10MB,
            _ => RAW,
        };
        Ok(Self { fd, link })
    }

    /// Type of the link layer, as capture files have it.
    pub(super) fn link(&self) -> u16 {
        self.link
    }

    /// Hands frames over until the other end of `stopped` is closed, those included that came until then; how many
    /// were lost.
    pub(super) fn receive(&self, stopped: &UnixStream, mut take: impl FnMut(Frame)) -> Result<u32> {
        let mut buffer = vec![0; LONGEST];
        let mut lost = 0;
        loop {
            let mut events = [PollFd::new(&self.fd, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
            match poll(&mut events, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error).context("cannot wait for frames"),
            }
            let is_over = !events[1].revents().is_empty();
            while let Some(frame) = self.next(&mut buffer, &mut lost)? {
                take(frame);
            }
            if is_over {
                return Ok(lost);
            }
        }
    }

    fn next(&self, buffer: &mut [u8], lost: &mut u32) -> Result<Option<Frame>> {
        let mut control = nix::cmsg_space!(TimeSpec, u32);
        let (len, address, time) = {
            let mut slices = [IoSliceMut::new(buffer)];
            let flags = MsgFlags::MSG_DONTWAIT;
            let message =
                match recvmsg::<LinkAddr>(self.fd.as_raw_fd(), &mut slices, Some(&mut control), flags) {
                    Ok(message) => message,
                    Err(Errno::EAGAIN) => return Ok(None),
                    Err(error) => return Err(error).context("cannot take a frame"),
                };
            let mut time = None;
            for said in message.cmsgs()? {
                if let ControlMessageOwned::ScmTimestampns(at) = said {
                    time = Some(Duration::new(u64::try_from(at.tv_sec())?, u32::try_from(at.tv_nsec())?));
                } else if let ControlMessageOwned::RxqOvfl(so_far) = said {
                    *lost = so_far;
                }
            }
            (message.bytes, message.address, time)
        };
        let bytes = buffer.get(..len).context("a frame longer than any")?.to_vec();
        let time = time.context("a frame without a time")?;
        let is_outgoing = address.is_some_and(|address| address.pkttype() == OUTGOING);
        Ok(Some(Frame { time, is_outgoing, bytes }))
    }
}

const MEMORY: usize = 32 << 20;
/// Of super-frames too.
const LONGEST: usize = 1 << 18;
/// linux: `uapi/linux/if_arp.h`
const ETHER: u16 = 1;
const LOOPBACK: u16 = 772;
/// linux: `uapi/linux/if_packet.h`
const OUTGOING: u8 = 4;
/// Link types of capture files
const EN10MB: u16 = 1;
const RAW: u16 = 101;
