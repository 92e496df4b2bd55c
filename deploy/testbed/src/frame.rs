//! Frames as they are, and what they are put together from.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};

use anyhow::{Context as _, Result, ensure};
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::sockopt::Mark;
use nix::sys::socket::{LinkAddr, MsgFlags, SockaddrLike as _, bind, sendto, setsockopt};
use rustix::io::Errno;
use rustix::net::sockopt::set_socket_recv_buffer_size_force;
use rustix::net::{AddressFamily, RecvFlags, SocketType, eth, recv, socket};

/// Puts frames on a device, whatever is in them.
#[derive(Debug)]
pub struct FrameSender {
    socket: OwnedFd,
    device: LinkAddr,
}

impl FrameSender {
    /// For a device of the namespace it is called in.
    pub fn open(name: &str) -> Result<Self> {
        let device = device(name)?;
        // of no protocol: it sends and hears nothing
        let socket =
            socket(AddressFamily::PACKET, SocketType::RAW, None).context("cannot open a packet socket")?;
        ensure!(device.len() > 0, "{name} has no address to send by");
        Ok(Self { socket, device })
    }

    /// Gives what is sent from now on this mark.
    pub fn mark(&self, mark: u32) -> Result<()> {
        setsockopt(&self.socket, Mark, &mark).context("cannot mark what is sent")
    }

    /// Sends one frame: on Ethernet at least its 14-byte header, on a TUN device an IP packet.
    pub fn send(&self, frame: &[u8]) -> Result<()> {
        let sent = sendto(self.socket.as_raw_fd(), frame, &self.device, MsgFlags::empty())
            .map_err(io::Error::from)
            .with_context(|| format!("cannot send a frame of {} bytes", frame.len()))?;
        ensure!(sent == frame.len(), "only {sent} of {} bytes were sent", frame.len());
        Ok(())
    }

    /// Sends the same frame many times.
    pub fn repeat(&self, frame: &[u8], times: u64) -> Result<()> {
        (0..times).try_for_each(|_| self.send(frame))
    }
}

/// What a device sends and receives, kept from the moment this is opened until somebody asks.
#[derive(Debug)]
pub struct FrameReceiver {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

impl FrameReceiver {
    /// On a device of the namespace it is called in; what finds no room in `memory` bytes of the kernel's is lost.
    pub fn open(name: &str, memory: usize) -> Result<Self> {
        let device = device(name)?;
        let socket = socket(AddressFamily::PACKET, SocketType::RAW, Some(eth::ALL))
            .context("cannot open a packet socket")?;
        set_socket_recv_buffer_size_force(&socket, memory)?;
        bind(socket.as_raw_fd(), &device)
            .map_err(io::Error::from)
            .with_context(|| format!("cannot hear {name}"))?;
        let mut receiver = Self { socket, buffer: vec![0; LONGEST] };
        // until it was bound it heard all devices
        while receiver.take()?.is_some() {}
        Ok(receiver)
    }

    /// The next frame, whole; `None` when there is none yet.
    pub fn take(&mut self) -> Result<Option<&[u8]>> {
        match recv(&self.socket, &mut self.buffer[..], RecvFlags::DONTWAIT | RecvFlags::TRUNC) {
            Ok((_, len)) => Ok(Some(self.buffer.get(..len).context("a frame longer than any")?)),
            Err(Errno::AGAIN) => Ok(None),
            Err(error) => Err(error).context("cannot take a frame"),
        }
    }
}

fn device(name: &str) -> Result<LinkAddr> {
    getifaddrs()?
        .filter(|interface| interface.interface_name == name)
        .find_map(|interface| interface.address.and_then(|address| address.as_link_addr().copied()))
        .with_context(|| format!("there is no device {name}"))
}

/// Of super-frames too.
const LONGEST: usize = 1 << 18;

/// An Ethernet frame.
pub fn ethernet(dst: [u8; 6], src: [u8; 6], ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&dst[..], &src, &ethertype.to_be_bytes(), payload].concat()
}

/// What follows the EtherType of a tag (0x8100, 0x88a8): the tag control, and what is inside.
pub fn tagged(tci: u16, ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&tci.to_be_bytes()[..], &ethertype.to_be_bytes(), payload].concat()
}
