//! Events through the ring: one core makes them, the other takes them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rustix::thread::{CpuSet, sched_setaffinity};
use wgtraced::probe::ring::{RingSettings, Rings};

use super::producer::Producer;
use crate::bench::median;

/// One way of reading.
struct Row {
    snaplen: u16,
    pages: u32,
    made: Vec<f64>,
    delivered: Vec<f64>,
    consumer: Vec<f64>,
    lost: u64,
    unaccounted: u64,
}

pub(super) fn run(runs: usize) -> Result<()> {
    ensure!(thread::available_parallelism()?.get() >= 2, "this needs two CPUs: one makes events, one reads");
    let mut rows = [(0, 64), (96, 64), (96, 1024)].map(|(snaplen, pages)| Row {
        snaplen,
        pages,
        made: Vec::new(),
        delivered: Vec::new(),
        consumer: Vec::new(),
        lost: 0,
        unaccounted: 0,
    });
    for _ in 0..runs {
        for row in &mut rows {
            measure(row)?;
        }
    }
    println!("\n**events**: one core makes them without a pause, another reads\n");
    println!(
        "| bytes of packet | pages a CPU | made, M/s | delivered, M/s | reader, ns an event | lost | unaccounted |"
    );
    println!("|---|---|---|---|---|---|---|");
    for row in &rows {
        println!(
            "| {} | {} | {:.2} | {:.2} | {:.0} | {:.2} % | {} |",
            row.snaplen,
            row.pages,
            median(&row.made),
            median(&row.delivered),
            median(&row.consumer),
            100.0 * number(row.lost) / (number(row.lost) + f64::from(PACKETS) * number(runs as u64)),
            row.unaccounted
        );
    }
    Ok(())
}

fn measure(row: &mut Row) -> Result<()> {
    let mut rings = Rings::open(&RingSettings {
        pages_per_cpu: row.pages,
        watermark: None,
        flush: Duration::from_millis(1),
    })?;
    let mut producer = Producer::new(Some(&rings))?;
    producer.listen(row.snaplen)?;
    let ended = AtomicBool::new(false);
    let (elapsed, delivered, busy) = thread::scope(|scope| -> Result<_> {
        let reader = scope.spawn(|| -> Result<(u64, Duration)> {
            pin(1)?;
            let (mut delivered, mut busy) = (0, Duration::ZERO);
            let mut count = |_: u32, _: &[u8]| delivered += 1;
            while !ended.load(Ordering::Acquire) {
                rings.wait(Duration::from_millis(1))?;
                let start = Instant::now();
                rings.drain(&mut count);
                busy += start.elapsed();
            }
            rings.flush(&mut count);
            Ok((delivered, busy))
        });
        pin(0)?;
        let start = Instant::now();
        let sent = producer.send(PACKETS);
        let elapsed = start.elapsed();
        ended.store(true, Ordering::Release);
        let (delivered, busy) = reader.join().ok().context("the reader ended early")??;
        sent?;
        Ok((elapsed, delivered, busy))
    })?;
    let counters = producer.counters()?;
    row.lost += counters.lost();
    row.unaccounted += counters.produced.abs_diff(delivered + counters.lost());
    row.made.push(number(counters.produced) / elapsed.as_secs_f64() / 1e6);
    row.delivered.push(number(delivered) / elapsed.as_secs_f64() / 1e6);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    row.consumer.push(busy.as_nanos() as f64 / number(delivered));
    Ok(())
}

fn pin(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(None, &set).with_context(|| format!("cannot keep a thread on CPU {cpu}"))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}

const PACKETS: u32 = 4_000_000;
