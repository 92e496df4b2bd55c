//! What the programs cost a packet: `BPF_PROG_TEST_RUN`, beside a program that does nothing.

use anyhow::{Result, ensure};
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
    Helper { captured: u16 },
}

pub(super) fn run(runs: usize) -> Result<()> {
    let mut rows = [
        ("empty program", Gate::Empty),
        ("tracer, nobody listens", Gate::Closed),
        ("tracer, no ring on this CPU", Gate::Deaf),
        ("tracer, header only", Gate::Open { snaplen: 0 }),
        ("tracer, header + 96 bytes", Gate::Open { snaplen: 96 }),
        ("bpf_perf_event_output alone, 64 bytes", Gate::Helper { captured: 0 }),
        ("bpf_perf_event_output alone, 64 + 96 bytes", Gate::Helper { captured: 96 }),
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
    match gate {
        Gate::Empty => Ok(empty.test_run(&frame(), PACKETS)?.nanoseconds.into()),
        Gate::Closed => Producer::new(Some(&Rings::open(&RingSettings::default())?))?.send(PACKETS),
        Gate::Deaf => {
            let mut producer = Producer::new(None)?;
            producer.listen(96)?;
            // the first finds no ring
            producer.send(1)?;
            producer.send(PACKETS)
        }
        Gate::Open { snaplen } => {
            let rings = Rings::open(&RingSettings::default())?;
            let mut producer = Producer::new(Some(&rings))?;
            producer.listen(snaplen)?;
            let mean = in_rounds(rings, |packets| producer.send(packets))?;
            let counters = producer.counters()?;
            ensure!(counters.lost() == 0, "the ring was too small: {counters:?} at {HOOK:?}");
            Ok(mean)
        }
        Gate::Helper { captured } => {
            let rings = Rings::open(&RingSettings::default())?;
            let mut producer = Producer::new(Some(&rings))?;
            let code = Code::Emit { events: producer.events()?, captured };
            let program = Program::load("bench_helper", code)?;
            in_rounds(rings, |packets| Ok(program.test_run(&frame(), packets)?.nanoseconds.into()))
        }
    }
}

/// Mean over rounds whose events fit into the rings.
fn in_rounds(mut rings: Rings, mut send: impl FnMut(u32) -> Result<f64>) -> Result<f64> {
    let rounds = PACKETS / ROUND;
    let mut sum = 0.0;
    for _ in 0..rounds {
        sum += send(ROUND)?;
        rings.flush(&mut |_, _| ());
    }
    Ok(sum / f64::from(rounds))
}

const PACKETS: u32 = 400_000;
/// Events of 176 bytes that fit into the ring.
const ROUND: u32 = 1_000;
