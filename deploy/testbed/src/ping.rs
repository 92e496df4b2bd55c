//! Echo requests.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, ipproto, recv, sendto, socket};
use wgtrace_wire::checksum;

/// Sends `count` echo requests one after the other, each when the last was answered.
///
/// An answer that does not come within two seconds is an error.
pub fn ping(to: Ipv4Addr, count: u16, payload: usize) -> Result<()> {
    let mut pinger = Pinger::new(to, payload)?;
    for number in 0..count {
        if pinger.round_trip()?.is_none() {
            bail!("{to} did not answer ping {number}");
        }
    }
    Ok(())
}

/// Echo requests to one address from the namespace it is made in.
#[derive(Debug)]
pub struct Pinger {
    socket: OwnedFd,
    to: Ipv4Addr,
    payload: usize,
    next: u16,
}

impl Pinger {
    /// Requests with `payload` bytes behind the ICMP header.
    pub fn new(to: Ipv4Addr, payload: usize) -> Result<Self> {
        let socket =
            socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::ICMP)).context("cannot ping")?;
        set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
        Ok(Self { socket, to, payload, next: 0 })
    }

    /// Sends the next request and waits for its answer; `None` when none comes within two seconds.
    pub fn round_trip(&mut self) -> Result<Option<Duration>> {
        Ok(self.echo()?.map(|echo| echo.time))
    }

    /// The same, with what the answer says.
    pub fn echo(&mut self) -> Result<Option<Echo>> {
        // with who answers, tells the answers to this call from those to others in the same namespace
        let [_, .., id_high, id_low] = std::process::id().to_be_bytes();
        let number = self.next;
        let [high, low] = number.to_be_bytes();
        self.next = self.next.wrapping_add(1);
        let mut request = vec![8, 0, 0, 0, id_high, id_low, high, low];
        request.resize(8 + self.payload, 0x50);
        let sum = checksum::internet(&[&request]).to_be_bytes();
        if let Some(field) = request.get_mut(2..4) {
            field.copy_from_slice(&sum);
        }
        let start = Instant::now();
        sendto(&self.socket, &request, SendFlags::empty(), &SocketAddrV4::new(self.to, 0))
            .with_context(|| format!("cannot ping {}", self.to))?;
        let answer = [0, id_high, id_low, high, low];
        loop {
            let mut packet = [0; 128];
            match recv(&self.socket, &mut packet, RecvFlags::TRUNC) {
                // behind an IP header without options: type, code, checksum, id, number
                Ok((_, len))
                    if packet[12..16] == self.to.octets()
                        && [packet[20], packet[24], packet[25], packet[26], packet[27]] == answer =>
                {
                    let bytes = len.saturating_sub(20);
                    return Ok(Some(Echo { number, ttl: packet[8], bytes, time: start.elapsed() }));
                }
                Ok(_) | Err(Errno::INTR) if start.elapsed() < PATIENCE => {}
                Ok(_) | Err(Errno::AGAIN | Errno::INTR) => return Ok(None),
                Err(error) => return Err(error).context("cannot hear echo replies"),
            }
        }
    }
}

/// The answer to an echo request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Echo {
    /// Of the request: the first has 0.
    pub number: u16,
    /// Hops that the answer had left.
    pub ttl: u8,
    /// Length of the answer, its ICMP header included.
    pub bytes: usize,
    /// From the request to the answer.
    pub time: Duration,
}

const PATIENCE: Duration = Duration::from_secs(2);
