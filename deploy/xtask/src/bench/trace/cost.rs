//! What the programs cost a packet: `BPF_PROG_TEST_RUN`, beside a program that does nothing.

use anyhow::Result;
use wgtrace_testbed::bpf::{Code, Program};
use wgtraced::probe::ring::{RingSettings, Rings};

use super::producer::{HOOK, Producer, frame};
use crate::bench::median;

/// A state of the program, and nanoseconds a packet of each round.
struct Row {
    name: &'static str,
    gate: Gate,
    nanoseconds: Vec<f64>,
}

#[derive(Clone, Copy)]
enum Gate {
    Empty,
    Closed,
    Deaf,
    Open { snaplen: u16 },
}

pub(super) fn run(runs: usize) -> Result<()> {
    let mut rows = [
        ("empty program", Gate::Empty),
        ("tracer, nobody listens", Gate::Closed),
        ("tracer, no ring on this CPU", Gate::Deaf),
        ("tracer, header only", Gate::Open { snaplen: 0 }),
        ("tracer, header + 96 bytes", Gate::Open { snaplen: 96 }),
    ]
    .map(|(name, gate)| Row { name, gate, nanoseconds: Vec::new() });
    let empty = Program::load("bench_empty", Code::Next)?;
    for _ in 0..runs {
        for row in &mut rows {
            row.nanoseconds.push(measure(row.gate, &empty)?);
        }
    }
    let floor = rows.first().map_or(f64::NAN, |empty| median(&empty.nanoseconds));
    println!("\n**cost of a packet**: {PACKETS} test runs over a packet of {} bytes\n", frame().len());
    println!("| program | ns a packet | over the empty program |\n|---|---|---|");
    for row in &rows {
        let cost = median(&row.nanoseconds);
        println!("| {} | {cost:.0} | {:.0} |", row.name, cost - floor);
    }
    Ok(())
}

/// Mean of many packets; what they leave in the ring is read in between, not meanwhile.
fn measure(gate: Gate, empty: &Program) -> Result<f64> {
    let packets = u32::try_from(PACKETS)?;
    let snaplen = match gate {
        Gate::Empty => return Ok(empty.test_run(&frame(), packets)?.nanoseconds.into()),
        Gate::Closed => None,
        Gate::Deaf => {
            let mut producer = Producer::new(None)?;
            producer.listen(96)?;
            // the first finds no ring
            producer.send(1)?;
            return producer.send(packets);
        }
        Gate::Open { snaplen } => Some(snaplen),
    };
    let mut rings = Rings::open(&RingSettings::default())?;
    let mut producer = Producer::new(Some(&rings))?;
    let Some(snaplen) = snaplen else { return producer.send(packets) };
    producer.listen(snaplen)?;
    let (mut spent, mut sent) = (0.0, 0);
    // a few rounds that fit, the ring drained between them
    while sent < packets {
        let round = packets.min(ROUND);
        spent += producer.send(round)? * f64::from(round);
        sent += round;
        rings.flush(&mut |_, _| ());
    }
    let counters = producer.counters()?;
    anyhow::ensure!(counters.lost() == 0, "the ring was too small: {counters:?} at {HOOK:?}");
    Ok(spent / f64::from(sent))
}

const PACKETS: usize = 400_000;
/// Events of 176 bytes that fit into the ring.
const ROUND: u32 = 1_000;
