//! Captures of any size, made with the project's own handshake and cipher.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use wgtrace_decrypt::key::{PresharedKey, PrivateKey};
use wgtrace_decrypt::keylog::NoKeyLog;
use wgtrace_decrypt::keypair::{message_len, padded_len};
use wgtrace_decrypt::noise::{Initiator, Responder, Tai64n};
use wgtrace_wire::wireguard::{SessionIndex, TransportHeader};
use zerocopy::IntoBytes as _;

/// A capture with its key log.
pub(super) struct Traffic {
    pub(super) name: &'static str,
    pub(super) capture: PathBuf,
    pub(super) keys: PathBuf,
    pub(super) packets: u64,
    pub(super) inner_len: usize,
}

/// Bytes a packet of `inner` bytes takes in the capture, record header included.
pub(super) fn frame_len(inner: usize) -> u64 {
    (16 + HEADERS + message_len(inner, MTU)) as u64
}

/// Ethernet, IPv4, UDP.
const HEADERS: usize = 14 + 20 + 8;
const MTU: usize = 1420;

impl Traffic {
    /// Length of each plaintext, padding included.
    pub(super) fn plain_len(&self) -> usize {
        padded_len(self.inner_len, MTU)
    }

    /// Writes `packets` packets of `inner_len` bytes, all in one session, one way.
    pub(super) fn write(dir: &Path, name: &'static str, packets: u64, inner_len: usize) -> Result<Self> {
        let (capture, keys) = (dir.join(format!("{name}.pcap")), dir.join(format!("{name}.keys")));
        let traffic = Self { name, capture, keys, packets, inner_len };
        traffic.fill().with_context(|| format!("cannot write {}", traffic.capture.display()))?;
        Ok(traffic)
    }

    fn fill(&self) -> Result<()> {
        let [initiator_key, responder_key, ephemeral_i, ephemeral_r] =
            [1, 2, 3, 4].map(|seed| PrivateKey::from_bytes([seed; 32]));
        let (sender, receiver) = (SessionIndex(0x1111_1111), SessionIndex(0x2222_2222));
        let (initiator, initiation) = Initiator::start(
            &initiator_key,
            &responder_key.public(),
            &PresharedKey::NONE,
            sender,
            ephemeral_i.clone(),
            Tai64n::from_unix_nanos(START_NANOS),
            &NoKeyLog,
        )?;
        let received = Responder::receive(&responder_key, &initiation)?;
        let (response, _) = received.respond(&PresharedKey::NONE, receiver, &ephemeral_r, &NoKeyLog)?;
        let mut pair = initiator.finish(&response, &NoKeyLog)?;

        let mut log = File::create(&self.keys)?;
        writeln!(log, "LOCAL_STATIC_PRIVATE_KEY = {}", *initiator_key.expose_base64())?;
        writeln!(log, "REMOTE_STATIC_PUBLIC_KEY = {}", responder_key.public())?;
        writeln!(log, "LOCAL_EPHEMERAL_PRIVATE_KEY = {}", *ephemeral_i.expose_base64())?;

        let mut out = BufWriter::with_capacity(1 << 20, File::create(&self.capture)?);
        out.write_all(&[0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0])?;
        frame(&mut out, 0, initiation.as_bytes(), Way::Forward)?;
        frame(&mut out, 1, response.as_bytes(), Way::Back)?;
        let mut message = Vec::new();
        for number in 0..self.packets {
            message.clear();
            message.resize(TransportHeader::LEN, 0);
            inner(&mut message, self.inner_len, number)?;
            message.resize(message_len(self.inner_len, MTU), 0);
            let message = pair.seal(&mut message, self.inner_len, MTU)?;
            frame(&mut out, number + 2, message, Way::Forward)?;
        }
        Ok(out.flush()?)
    }
}

/// 2026-01-01.
const START_NANOS: i64 = 1_767_225_600_000_000_000;

#[derive(Clone, Copy)]
enum Way {
    Forward,
    Back,
}

/// One captured frame: record header, Ethernet, IPv4, UDP, payload.
fn frame(out: &mut impl Write, number: u64, payload: &[u8], way: Way) -> Result<()> {
    let time = u64::try_from(START_NANOS)? + number * 1_000;
    let udp = u16::try_from(8 + payload.len())?;
    let ip = 20 + udp;
    let len = 14 + u32::from(ip);
    for word in [u32::try_from(time / 1_000_000_000)?, u32::try_from(time % 1_000_000_000)?, len, len] {
        out.write_all(&word.to_le_bytes())?;
    }
    let (src, dst) = match way {
        Way::Forward => ([172, 18, 0, 3], [172, 18, 0, 4]),
        Way::Back => ([172, 18, 0, 4], [172, 18, 0, 3]),
    };
    out.write_all(&[2, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 3, 8, 0])?;
    ipv4(out, ip, src, dst)?;
    out.write_all(&PORT.to_be_bytes())?;
    out.write_all(&PORT.to_be_bytes())?;
    out.write_all(&udp.to_be_bytes())?;
    out.write_all(&[0, 0])?;
    Ok(out.write_all(payload)?)
}

/// An inner packet of `len` bytes: UDP between two pods, numbered.
fn inner(out: &mut Vec<u8>, len: usize, number: u64) -> Result<()> {
    let end = out.len() + len;
    ipv4(out, u16::try_from(len)?, [10, 0, 1, 203], [10, 0, 2, 194])?;
    out.extend_from_slice(&5001_u16.to_be_bytes());
    out.extend_from_slice(&5001_u16.to_be_bytes());
    out.extend_from_slice(&u16::try_from(len - 20)?.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&number.to_be_bytes());
    out.resize(end, 0x77);
    Ok(())
}

fn ipv4(out: &mut impl Write, total: u16, src: [u8; 4], dst: [u8; 4]) -> Result<()> {
    let [high, low] = total.to_be_bytes();
    out.write_all(&[0x45, 0, high, low, 0, 0, 0x40, 0, 63, 17, 0, 0])?;
    out.write_all(&src)?;
    Ok(out.write_all(&dst)?)
}

/// Cilium's.
const PORT: u16 = 51_871;
