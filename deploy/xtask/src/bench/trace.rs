//! `cargo xtask bench trace`.

mod cost;
mod events;
mod flows;
mod others;
mod path;
mod producer;
mod throughput;

use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::{as_shipped, wgtraced};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Runs of each, interleaved; medians are printed.
    #[arg(long, default_value_t = 5)]
    runs: usize,

    /// Seconds of each run of traffic.
    #[arg(long, default_value_t = 2)]
    seconds: u32,

    /// Only these parts.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,

    /// pwru, when it is not in PATH: Debian unstable has one that knows recent kernels.
    #[arg(long, value_name = "FILE")]
    pwru: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// What the programs cost a packet.
    Cost,
    /// Events through the ring.
    Events,
    /// iperf3 with and without tracing on three hooks.
    Throughput,
    /// The flow table and the decoder.
    Flows,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    ensure!(rustix::process::geteuid().is_root(), "this bench attaches programs: run it as root");
    let parts = |part| args.only.is_empty() || args.only.contains(&part);
    if cfg!(debug_assertions) {
        return as_shipped();
    }
    println!("cores: {}, medians of {} interleaved runs", std::thread::available_parallelism()?, args.runs);
    if parts(Part::Cost) {
        cost::run(args.runs)?;
    }
    if parts(Part::Events) {
        events::run(args.runs)?;
    }
    if parts(Part::Throughput) {
        throughput::run(args, &wgtraced()?)?;
    }
    if parts(Part::Flows) {
        flows::run(args.runs)?;
    }
    Ok(())
}
