//! UDP datagrams, counted.

use std::io::IoSlice;
use std::net::{SocketAddr, UdpSocket};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::UdpGsoSegment;
use rustix::io::Errno;
use rustix::net::addr::SocketAddrArg as _;
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, sendmmsg};

/// Datagrams to one port, as fast as the kernel takes them.
#[derive(Debug, Clone, Copy)]
pub struct Flood {
    /// Port to send from; 0 lets the kernel choose.
    pub from_port: u16,
    /// Where they go.
    pub to: SocketAddr,
    /// How many sends: datagrams, or super-frames with `segment`.
    pub count: u64,
    /// Bytes in each send.
    pub payload: usize,
    /// Lets the kernel cut each send into datagrams of this many bytes (`UDP_SEGMENT`).
    pub segment: Option<u16>,
}

impl Flood {
    /// `count` datagrams of `payload` bytes each.
    pub const fn new(to: SocketAddr, count: u64, payload: usize) -> Self {
        Self { from_port: 0, to, count, payload, segment: None }
    }

    /// Sends them from the namespace it is called in; how many the kernel took, which is `count` unless it fails.
    pub fn send(&self) -> Result<u64> {
        self.send_while(|| true)
    }

    /// The same, given up at `deadline`; how many the kernel took until then.
    pub fn send_until(&self, deadline: Instant) -> Result<u64> {
        self.send_while(|| Instant::now() < deadline)
    }

    fn send_while(&self, mut goes_on: impl FnMut() -> bool) -> Result<u64> {
        let mut from = self.to;
        from.set_ip(if self.to.is_ipv4() { [0; 4].into() } else { [0; 16].into() });
        from.set_port(self.from_port);
        let socket = UdpSocket::bind(from).with_context(|| format!("cannot send from {from}"))?;
        // not connected: ICMP errors about the last datagrams would fail the next
        let to = self.to.as_any();
        if let Some(segment) = self.segment {
            setsockopt(&socket, UdpGsoSegment, &i32::from(segment))
                .context("this kernel cannot segment UDP: Linux 4.18 can")?;
        }
        let bytes = vec![0x55; self.payload];
        let slices = [IoSlice::new(&bytes)];
        let mut sent = 0;
        while sent < self.count && goes_on() {
            let batch = usize::try_from(self.count - sent).map_or(BATCH, |left| left.min(BATCH));
            let mut control: Vec<_> = (0..batch).map(|_| SendAncillaryBuffer::default()).collect();
            let mut messages: Vec<_> =
                control.iter_mut().map(|none| MMsgHdr::new_with_addr(&to, &slices, none)).collect();
            match sendmmsg(&socket, &mut messages, SendFlags::empty()) {
                Ok(taken) => {
                    ensure!(taken > 0, "the kernel takes no more datagrams");
                    sent += u64::try_from(taken)?;
                }
                Err(Errno::INTR) => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("after {sent} of {} datagrams", self.count));
                }
            }
        }
        Ok(sent)
    }
}

const BATCH: usize = 64;

/// A port that takes datagrams and reads none: without it each would be answered with an ICMP error.
#[derive(Debug)]
pub struct Sink {
    _socket: UdpSocket,
}

impl Sink {
    /// Takes the port in the namespace it is called in.
    pub fn bind(at: SocketAddr) -> Result<Self> {
        let socket = UdpSocket::bind(at).with_context(|| format!("cannot listen at {at}"))?;
        Ok(Self { _socket: socket })
    }
}
