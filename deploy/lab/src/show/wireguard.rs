//! A WireGuard device in user space, as wg(8) prints it.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use wgtrace_decrypt::key::{KEY_LEN, PrivateKey, PublicKey};
use zeroize::Zeroizing;

use super::units::{ago, bytes};

/// A device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// Its public key.
    pub public_key: Option<PublicKey>,
    /// The port it listens on.
    pub port: u16,
    /// The mark of its own packets.
    pub fwmark: u32,
    /// Its peers, in the order of the answer.
    pub peers: Vec<Peer>,
}

/// A peer of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its public key.
    pub public_key: PublicKey,
    /// Where it is.
    pub endpoint: Option<String>,
    /// Which addresses are behind it.
    pub allowed_ips: Vec<String>,
    /// Seconds since 1970 at the last handshake; 0 for never.
    pub last_handshake: u64,
    /// Bytes received from it.
    pub received: u64,
    /// Bytes sent to it.
    pub sent: u64,
}

/// Asks the socket where `wg` asks a device in user space.
///
/// # Errors
/// When nobody answers there, or not as agreed (wireguard.com/xplatform).
pub fn ask(name: &str, socket: &Path) -> Result<Device> {
    let mut stream = UnixStream::connect(socket)
        .with_context(|| format!("nobody answers for {name} at {}", socket.display()))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"get=1\n\n")?;
    // holds the private key
    let mut answer = Zeroizing::new(Vec::with_capacity(MOST));
    let mut part = Zeroizing::new([0; 4096]);
    while !answer.ends_with(b"\n\n") {
        let len = stream.read(&mut *part).with_context(|| format!("{name} does not answer"))?;
        ensure!(len > 0 && answer.len() + len <= MOST, "{name} does not answer to the end");
        answer.extend_from_slice(part.get(..len).unwrap_or_default());
    }
    read(name, std::str::from_utf8(&answer).with_context(|| format!("{name} does not answer in text"))?)
}

/// Reads an answer.
fn read(name: &str, answer: &str) -> Result<Device> {
    let mut device = Device { name: name.to_owned(), ..Device::default() };
    for line in answer.lines().filter(|line| !line.is_empty()) {
        let (key, value) = line.split_once('=').context("a line without =")?;
        let number = || value.parse::<u64>().with_context(|| format!("{key} is no number"));
        match (key, device.peers.last_mut()) {
            ("errno", _) => ensure!(value == "0", "{name} answers with error {value}"),
            ("private_key", _) => {
                device.public_key = Some(PrivateKey::from_bytes(*hex(value)?).public());
            }
            ("listen_port", _) => device.port = u16::try_from(number()?).context("listen_port")?,
            ("fwmark", _) => device.fwmark = u32::try_from(number()?).context("fwmark")?,
            ("public_key", _) => device.peers.push(Peer {
                public_key: PublicKey::from_bytes(*hex(value)?),
                endpoint: None,
                allowed_ips: Vec::new(),
                last_handshake: 0,
                received: 0,
                sent: 0,
            }),
            ("endpoint", Some(peer)) => peer.endpoint = Some(value.to_owned()),
            ("allowed_ip", Some(peer)) => peer.allowed_ips.push(value.to_owned()),
            ("last_handshake_time_sec", Some(peer)) => peer.last_handshake = number()?,
            ("rx_bytes", Some(peer)) => peer.received = number()?,
            ("tx_bytes", Some(peer)) => peer.sent = number()?,
            ("endpoint" | "allowed_ip", None) => bail!("{key} before any peer"),
            _ => {}
        }
    }
    // wireguard-tools: src/show.c, sort_peers
    device.peers.sort_by_key(|peer| std::cmp::Reverse(peer.last_handshake));
    Ok(device)
}

fn hex(text: &str) -> Result<Zeroizing<[u8; KEY_LEN]>> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    ensure!(text.len() == 2 * KEY_LEN && text.is_ascii(), "a key that is none");
    for (byte, at) in key.iter_mut().zip((0..).step_by(2)) {
        let digits = text.get(at..at + 2).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).map_err(|_| anyhow::anyhow!("a key that is none"))?;
    }
    Ok(key)
}

impl Device {
    /// As `wg show NAME` prints it at that time, in seconds since 1970.
    pub fn at(&self, now: u64) -> impl fmt::Display + use<'_> {
        fmt::from_fn(move |f| {
            write!(f, "interface: {}", self.name)?;
            if let Some(key) = &self.public_key {
                write!(f, "\n  public key: {key}\n  private key: (hidden)")?;
            }
            write!(f, "\n  listening port: {}", self.port)?;
            if self.fwmark != 0 {
                write!(f, "\n  fwmark: {:#x}", self.fwmark)?;
            }
            self.peers.iter().try_for_each(|peer| write!(f, "\n\n{}", peer.at(now)))
        })
    }
}

impl Peer {
    fn at(&self, now: u64) -> impl fmt::Display + use<'_> {
        fmt::from_fn(move |f| {
            write!(f, "peer: {}", self.public_key)?;
            if let Some(endpoint) = &self.endpoint {
                write!(f, "\n  endpoint: {endpoint}")?;
            }
            let allowed = self.allowed_ips.join(", ");
            write!(f, "\n  allowed ips: {}", if allowed.is_empty() { "(none)" } else { &allowed })?;
            if self.last_handshake != 0 {
                write!(f, "\n  latest handshake: {}", ago(now.saturating_sub(self.last_handshake)))?;
            }
            if self.received != 0 || self.sent != 0 {
                write!(f, "\n  transfer: {} received, {} sent", bytes(self.received), bytes(self.sent))?;
            }
            Ok(())
        })
    }
}

const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes of an answer: thousands of peers.
const MOST: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "private_key=0000000000000000000000000000000000000000000000000000000000000001\n\
        listen_port=51871\nfwmark=1536\n\
        public_key=0101010101010101010101010101010101010101010101010101010101010101\n\
        protocol_version=1\nendpoint=172.18.0.2:51871\nlast_handshake_time_sec=0\nallowed_ip=10.0.0.0/24\n\
        public_key=0202020202020202020202020202020202020202020202020202020202020202\n\
        endpoint=172.18.0.4:51871\nlast_handshake_time_sec=1000\ntx_bytes=628\nrx_bytes=476\n\
        allowed_ip=10.0.2.0/24\nallowed_ip=172.18.0.4/32\nerrno=0\n\n";

    #[test]
    fn a_device_is_printed_as_wg_does_the_latest_handshake_first() {
        let device = read("cilium_wg0", ANSWER).unwrap();
        let key = device.public_key.unwrap();
        assert_eq!(
            device.at(1221).to_string(),
            format!(
                "interface: cilium_wg0\n  public key: {key}\n  private key: (hidden)\n  listening port: 51871\n  \
                 fwmark: 0x600\n\n\
                 peer: AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n  endpoint: 172.18.0.4:51871\n  \
                 allowed ips: 10.0.2.0/24, 172.18.0.4/32\n  latest handshake: 3 minutes, 41 seconds ago\n  \
                 transfer: 476 B received, 628 B sent\n\n\
                 peer: AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n  endpoint: 172.18.0.2:51871\n  \
                 allowed ips: 10.0.0.0/24"
            )
        );
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_refused() {
        for answer in ["errno=1\n\n", "public_key=01\n\n", "listen_port=70000\n\n", "endpoint=1\n\n", "x\n\n"]
        {
            read("wg0", answer).unwrap_err();
        }
    }
}
