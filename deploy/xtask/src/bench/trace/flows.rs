//! The flow table and the decoder in front of it, at several sizes.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use wgtrace_abi::{ABI_VERSION, Hook, PacketEvent};
use wgtrace_flow::{FlowTable, Limits, Packet, decode};
use zerocopy::IntoBytes as _;

use crate::bench::median;

/// Nanoseconds a packet and bytes a flow, at one size.
#[derive(Debug)]
struct Row {
    flows: u32,
    decode: Vec<f64>,
    update: Vec<f64>,
    bytes: usize,
}

pub(super) fn run(runs: usize) -> Result<()> {
    println!("\n**flow table**: TCP packets in random order, each flow seen on three hooks\n");
    println!("| flows | decode, ns a packet | update, ns a packet | bytes a flow |\n|---|---|---|---|");
    for flows in [1_000, 100_000, 1_000_000] {
        let row = measure(flows, runs)?;
        println!(
            "| {} | {:.0} | {:.0} | {} |",
            row.flows,
            median(&row.decode),
            median(&row.update),
            row.bytes
        );
    }
    Ok(())
}

fn measure(flows: u32, runs: usize) -> Result<Row> {
    let mut records = Records::new(flows);
    let mut table = FlowTable::new(Limits::default(), SEED);
    for hook in HOOKS {
        for first in (0..records.flows.len()).step_by(BATCH) {
            records.write(hook, first);
            for record in records.iter() {
                table.update(&decode(record)?);
            }
        }
    }
    let bytes = table.memory().total() / table.len().max(1);

    let mut row = Row { flows, decode: Vec::new(), update: Vec::new(), bytes };
    for _ in 0..runs {
        let (mut decoding, mut updating, mut packets) = (Duration::ZERO, Duration::ZERO, 0);
        for hook in HOOKS.into_iter().cycle() {
            if packets >= LEAST_PACKETS {
                break;
            }
            records.shuffle();
            records.write(hook, 0);
            let start = Instant::now();
            for record in records.iter() {
                black_box(decode(black_box(record))?);
            }
            decoding += start.elapsed();
            let decoded: Vec<Packet<'_>> = records.iter().map(decode).collect::<Result<_, _>>()?;
            let start = Instant::now();
            for packet in &decoded {
                table.update(packet).context("the table has room for each of these flows")?;
            }
            updating += start.elapsed();
            packets += decoded.len();
        }
        row.decode.push(nanoseconds(decoding, packets));
        row.update.push(nanoseconds(updating, packets));
    }
    Ok(row)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn nanoseconds(elapsed: Duration, packets: usize) -> f64 {
    elapsed.as_nanos() as f64 / packets as f64
}

/// Records as a ring delivers them, one behind the other: a packet of each of some flows, in random order.
#[derive(Debug)]
struct Records {
    bytes: Vec<u8>,
    flows: Vec<u32>,
    random: u64,
    time: u64,
    sequence: u32,
}

impl Records {
    fn new(flows: u32) -> Self {
        Self { bytes: Vec::new(), flows: (0..flows).collect(), random: SEED, time: 1 << 30, sequence: 0 }
    }

    /// The next packet of each flow of a batch, at one hook.
    fn write(&mut self, hook: Hook, first: usize) {
        self.bytes.clear();
        self.sequence += 1;
        for flow in self.flows.iter().skip(first).take(BATCH) {
            self.time += 100;
            self.bytes.extend_from_slice(event(hook, self.time).as_bytes());
            self.bytes.extend_from_slice(&packet(*flow, self.sequence));
            self.bytes.extend_from_slice(&[0; RECORD_LEN - size_of::<PacketEvent>() - PACKET_LEN]);
        }
    }

    fn shuffle(&mut self) {
        for last in (1..self.flows.len()).rev() {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            let range = u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1);
            self.flows.swap(last, usize::try_from(self.random % range).unwrap_or(0));
        }
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.chunks_exact(RECORD_LEN)
    }
}

fn event(hook: Hook, time: u64) -> PacketEvent {
    PacketEvent {
        version: ABI_VERSION,
        kind: PacketEvent::KIND,
        hook: hook.number(),
        flags: 0,
        ifindex: 3 + u32::from(hook.number()),
        sequence: 0,
        time,
        len: 1514,
        captured: PACKET_CAPTURED,
        gso_size: 0,
        gso_segs: 0,
        vlan_tci: 0,
        vlan_protocol: 0,
        protocol: 0x800,
        verdict: 0,
        drop_reason: 0,
        packet_type: 0,
        reserved: 0,
        mark: 0,
        hash: 0,
        ingress_ifindex: 0,
        sampling: 1,
        netns: 1,
    }
}

/// The headers of a full-size TCP segment, the `sequence`th of its flow, and the first bytes of its payload.
fn packet(flow: u32, sequence: u32) -> [u8; PACKET_LEN] {
    let mut packet = [0; PACKET_LEN];
    let [_, a, b, c] = flow.to_be_bytes();
    let sequence = sequence.wrapping_mul(1460).to_be_bytes();
    let headers: [&[u8]; 5] = [
        &[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0],
        &[0x45, 0, 0x05, 0xdc, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, a, b, c, 10, 0, 2, 194],
        &[0xc0, c, 0, 80],
        &sequence,
        &[0, 0, 0, 1, 0x50, 0x10, 1, 0],
    ];
    for (to, from) in packet.iter_mut().zip(headers.into_iter().flatten()) {
        *to = *from;
    }
    packet
}

const HOOKS: [Hook; 3] = [Hook::FromContainer, Hook::ToWireguard, Hook::ToNetdev];
const PACKET_LEN: usize = 96;
const PACKET_CAPTURED: u16 = 96;
/// With the kernel's padding: event and packet start at 4 of 8.
const RECORD_LEN: usize = size_of::<PacketEvent>() + PACKET_LEN + 4;
/// Packets between two drains of a ring.
const BATCH: usize = 1 << 16;
/// Enough for the clock.
const LEAST_PACKETS: usize = 1_000_000;
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
