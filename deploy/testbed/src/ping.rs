//! Echo requests.

use std::net::{Ipv4Addr, SocketAddrV4};
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
    let socket = socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::ICMP)).context("cannot ping")?;
    set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
    // tells the answers to this call from those to others in the same namespace
    let [_, .., id_high, id_low] = std::process::id().to_be_bytes();
    for number in 0..count {
        let [high, low] = number.to_be_bytes();
        let mut request = vec![8, 0, 0, 0, id_high, id_low, high, low];
        request.resize(8 + payload, 0x50);
        let sum = checksum::internet(&[&request]).to_be_bytes();
        if let Some(field) = request.get_mut(2..4) {
            field.copy_from_slice(&sum);
        }
        sendto(&socket, &request, SendFlags::empty(), &SocketAddrV4::new(to, 0))
            .with_context(|| format!("cannot ping {to}"))?;
        let deadline = Instant::now() + PATIENCE;
        let answer = [0, id_high, id_low, high, low];
        loop {
            let mut packet = [0; 128];
            match recv(&socket, &mut packet, RecvFlags::empty()) {
                // behind an IP header without options: type, code, checksum, id, number
                Ok(_) if [packet[20], packet[24], packet[25], packet[26], packet[27]] == answer => break,
                Ok(_) | Err(Errno::INTR) if Instant::now() < deadline => {}
                Ok(_) | Err(Errno::AGAIN | Errno::INTR) => bail!("{to} did not answer ping {number}"),
                Err(error) => return Err(error).context("cannot hear echo replies"),
            }
        }
    }
    Ok(())
}

const PATIENCE: Duration = Duration::from_secs(2);
