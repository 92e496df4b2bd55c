//! `expect.json` of a scenario: what has to come out, known from `cilium_wg0` and not from decrypting.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wgtrace_wire::wireguard::{Message, TAG_LEN, TransportHeader};
use wgtrace_wire::{EtherType, Ethernet, Ipv4, Protocol, Udp};

use super::Keys;
use crate::walkthrough::inner::finished;
use crate::walkthrough::stage::Seen;
use crate::walkthrough::wire::Wire;
use crate::{Frame, Recording};

/// Its text.
///
/// # Errors
/// When `eth0` does not carry the packets of `cilium_wg0`, one by one and in their order.
pub(super) fn text(seen: &Seen, keys: &Keys) -> Result<String> {
    let mut inner = Inner::of(&seen.tunnel);
    let mut messages = Vec::new();
    let mut directions: BTreeMap<u32, Direction> = BTreeMap::new();
    let mut total = Wire::default();
    let mut carriers = 0;
    for (number, frame) in (1..).zip(&seen.wire.frames) {
        let wire = Wire::of(&Recording { frames: vec![frame.clone()], ..empty(&seen.wire) });
        total.handshakes += wire.handshakes;
        total.keepalives += wire.keepalives;
        let Some((from, _)) = wire.data.first() else { continue };
        carriers += 1;
        // a super-frame has several, one behind the other
        let mut rest = payload(frame).unwrap_or_default();
        while !rest.is_empty() {
            let packet = inner.next(frame.is_outgoing).context("eth0 carries more than cilium_wg0")?;
            let (message, behind) =
                rest.split_at_checked(sealed_len(packet.len())).context("another length")?;
            rest = behind;
            let Message::TransportData(data) = Message::parse(message)? else { bail!("another message") };
            let (receiver, counter) = (data.header.receiver.get(), data.header.counter.get());
            let direction = directions.entry(receiver).or_insert_with(|| Direction::of(*from));
            direction.packets += 1;
            direction.bytes += packet.len();
            messages.push(json!({
                "frame": number,
                "from": if frame.is_outgoing { "a" } else { "b" },
                "receiver": format!("{receiver:#010x}"),
                "counter": counter,
                "inner_len": packet.len(),
                "inner_sha256": sha256(&packet),
            }));
        }
    }
    ensure!(inner.is_empty(), "cilium_wg0 has packets that eth0 does not carry");
    ensure!(
        total.handshakes == 0 && total.keepalives == 0,
        "a handshake or a keepalive came between: once more"
    );
    let counts = json!({
        "frames": seen.wire.frames.len(),
        "datagrams": seen.wire.frames.iter().filter(|frame| is_datagram(frame)).count(),
        "not_wireguard": seen.wire.frames.iter().filter(|frame| is_datagram(frame)).count() - carriers,
        "transport": carriers,
        "initiations": 0,
        "responses": 0,
        "handshake_duplicates": 0,
        "cookie_replies": 0,
    });
    let directions: Vec<Value> =
        directions.iter().map(|(receiver, direction)| direction.json(*receiver)).collect();
    let run = json!({
        "keys": ["transport.keys"],
        "side": "a",
        "sessions": vec![Value::Null; keys.sessions()],
        "directions": directions,
        "failures": [],
        "handshake_failures": [],
        "cookies_opened": 0,
        "mac2_verified": 0,
    });
    let mut out = String::from("{\n\"capture\": \"eth0.pcapng\",\n");
    writeln!(out, "\"beside\": [\"cilium_wg0.pcapng\", \"pod-eth0.pcapng\"],\n\"counts\": {counts},")?;
    let messages: Vec<String> = messages.iter().map(|message| format!("  {message}")).collect();
    writeln!(out, "\"messages\": [\n{}],\n\"inside\": [],\n\"runs\": [\n  {run}]\n}}", messages.join(",\n"))?;
    Ok(out)
}

/// The packets of `cilium_wg0`, which leave and come in their order.
struct Inner {
    sent: std::vec::IntoIter<Vec<u8>>,
    received: std::vec::IntoIter<Vec<u8>>,
}

impl Inner {
    fn of(tunnel: &Recording) -> Self {
        let (sent, received): (Vec<_>, Vec<_>) = tunnel.frames.iter().partition(|frame| frame.is_outgoing);
        let packets = |frames: Vec<&Frame>| {
            frames.into_iter().map(|frame| finished(&frame.bytes)).collect::<Vec<_>>().into_iter()
        };
        Self { sent: packets(sent), received: packets(received) }
    }

    fn next(&mut self, is_outgoing: bool) -> Option<Vec<u8>> {
        if is_outgoing { self.sent.next() } else { self.received.next() }
    }

    fn is_empty(&self) -> bool {
        self.sent.len() == 0 && self.received.len() == 0
    }
}

/// What one side sent.
struct Direction {
    from: Ipv4Addr,
    packets: usize,
    bytes: usize,
}

impl Direction {
    fn of(from: Ipv4Addr) -> Self {
        Self { from, packets: 0, bytes: 0 }
    }

    fn json(&self, receiver: u32) -> Value {
        json!({
            "receiver": format!("{receiver:#010x}"),
            "packets": self.packets,
            "bytes": self.bytes,
            "endpoint": format!("{}:{PORT}", self.from),
        })
    }
}

fn is_datagram(frame: &Frame) -> bool {
    payload(frame).is_some()
}

/// That of its UDP datagram, if it is one.
fn payload(frame: &Frame) -> Option<&[u8]> {
    let ethernet = Ethernet::parse(&frame.bytes).ok().filter(|frame| frame.ethertype() == EtherType::IPV4)?;
    let ip = Ipv4::parse(ethernet.payload()).ok().filter(|ip| ip.protocol() == Protocol::UDP)?;
    Some(Udp::parse(ip.payload()).ok()?.payload())
}

/// Length of the message that a packet is carried in: padded to 16 bytes, but not beyond the MTU (whitepaper 5.4.6).
fn sealed_len(packet: usize) -> usize {
    TransportHeader::LEN + packet.next_multiple_of(16).min(MTU.max(packet)) + TAG_LEN
}

fn empty(recording: &Recording) -> Recording {
    Recording { interface: recording.interface.clone(), link: recording.link, frames: Vec::new(), lost: 0 }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        // Writing into a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

const PORT: u16 = 51871;
/// Of `cilium_wg0`.
const MTU: usize = 1420;
