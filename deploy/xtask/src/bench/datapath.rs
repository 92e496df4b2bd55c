//! `cargo xtask bench datapath`.

mod way;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use super::as_shipped;
use super::tunnel::figures::{Figure, Figures};
use super::tunnel::load::{self, Load};
use crate::cluster::Cluster;
use crate::programs;
use way::Way;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Rounds, in each of which every way has a turn; medians are printed.
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    /// Seconds of each measurement.
    #[arg(long, default_value_t = 2)]
    seconds: u64,

    /// TCP's congestion control, whatever this machine's is.
    #[arg(long, value_name = "NAME", default_value = "cubic")]
    congestion: String,

    /// Directory of wgtraced, wgtrace-cni and wgtrace-lab; made from this tree when not given.
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    ensure!(rustix::process::geteuid().is_root(), "this bench makes network namespaces: run it as root");
    if cfg!(debug_assertions) {
        return as_shipped();
    }
    let programs = args.programs.clone().map_or_else(programs::build_release, Ok)?;
    hooks()?;
    println!(
        "\ncores: {}, medians of {} interleaved rounds, {} s each; TCP with {}",
        std::thread::available_parallelism()?,
        args.rounds,
        args.seconds,
        args.congestion,
    );
    let cluster = Cluster::up(&programs, "bench", "off")?;
    let load = Load { seconds: args.seconds, congestion: args.congestion.clone() };
    let mut ways = Way::ALL.map(|way| (way, Figures::default()));
    for round in 0..args.rounds {
        for (way, figures) in &mut ways {
            eprintln!("round {} of {}: {}", round + 1, args.rounds, way.name());
            let (tunnel, _tracer) = way.open(&cluster)?;
            load::tcp(&tunnel, &load, figures)?;
            load::rtt(&tunnel, &load, figures)?;
        }
    }
    print(&ways);
    Ok(())
}

/// What programs cost a packet, as the tests have it.
fn hooks() -> Result<()> {
    println!(
        "medians of 101 runs of 200, each program over one packet (`BPF_PROG_TEST_RUN`), nobody listening:"
    );
    measured_by("cost::a_crossing_is_decided_in_little_time")?;
    println!("the native device's tap, medians of 51 times 2000 frames, nobody listening:");
    measured_by("tapped::leaks_are_counted_in_little_time_while_nobody_listens")
}

fn measured_by(test: &str) -> Result<()> {
    let mut cargo = programs::cargo();
    cargo.args(["test", "--quiet", "--package", "wgtraced", "--test", "forward", "--"]);
    cargo.args(["--ignored", "--nocapture", "--exact", test]);
    let output = Command::output(&mut cargo)?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter(|line| line.contains(" ns")).for_each(|line| println!("  {line}"));
    Ok(())
}

/// Every way beside the first.
fn print(ways: &[(Way, Figures)]) {
    let [(bare, floor), others @ ..] = ways else { return };
    let others_heads = others.iter().map(|(way, _)| format!("{0} | / {1}", way.name(), bare.name()));
    let heads: Vec<String> = [format!("| | {}", bare.name())].into_iter().chain(others_heads).collect();
    println!("\n{} |\n|{}", heads.join(" | "), "---|".repeat(2 + 2 * others.len()));
    for figure in SHOWN {
        let (text, digits) = figure.describe();
        let value = |figures: &Figures| format!("{:.digits$}", figures.median(figure));
        let beside = others.iter().map(|(_, figures)| {
            let ratio = figures.median(figure) / floor.median(figure);
            format!("{} | {ratio:.2}", value(figures))
        });
        let cells: Vec<String> = [text.to_owned(), value(floor)].into_iter().chain(beside).collect();
        println!("| {} |", cells.join(" | "));
    }
}

const SHOWN: [Figure; 7] = [
    Figure::Tcp1,
    Figure::Tcp4,
    Figure::TcpBoth,
    Figure::TunnelCpu,
    Figure::IdleMiddle,
    Figure::IdleTail,
    Figure::LoadedMiddle,
];
