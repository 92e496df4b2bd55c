//! `cargo xtask bench tunnel`.

pub(super) mod contender;
pub(super) mod figures;
pub(super) mod load;

use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::{as_shipped, wgtraced};
use contender::Contender;
use figures::{Figures, print};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Rounds, in each of which everybody has a turn; medians are printed.
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    /// Seconds of each measurement.
    #[arg(long, default_value_t = 2)]
    seconds: u64,

    /// Only these parts.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,

    /// wireguard-go, when the newest is not in PATH: Debian unstable has it.
    #[arg(long, value_name = "FILE", env = "WGTRACE_WIREGUARD_GO", default_value = "wireguard-go")]
    wireguard_go: PathBuf,

    /// TCP's congestion control, whatever this machine's is.
    #[arg(long, value_name = "NAME", default_value = "cubic")]
    congestion: String,

    /// A build of wgtraced; made from this tree when not given.
    #[arg(long, value_name = "FILE")]
    wgtraced: Option<PathBuf>,

    /// Another build of wgtraced, measured beside this one: what a change is worth.
    #[arg(long, value_name = "FILE")]
    also: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// One and four TCP streams, and the CPU time they take.
    Tcp,
    /// Datagrams of 64 bytes, as many as a sender can make.
    Udp,
    /// Round trips, idle and beside a TCP stream.
    Rtt,
}

impl Args {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    ensure!(rustix::process::geteuid().is_root(), "this bench makes network namespaces: run it as root");
    if cfg!(debug_assertions) {
        return as_shipped();
    }
    let ours = args.wgtraced.clone().map_or_else(wgtraced, Ok)?;
    let (go, ours) = (Contender::go(&args.wireguard_go), Contender::ours(ours));
    println!(
        "cores: {}, medians of {} interleaved rounds, {} s each; TCP with {}; {}",
        std::thread::available_parallelism()?,
        args.rounds,
        args.seconds,
        args.congestion,
        go.version()?
    );
    let mut contenders: Vec<_> =
        [Contender::veth(), go, ours].into_iter().map(|contender| (contender, Figures::default())).collect();
    for also in &args.also {
        contenders.push((Contender::ours(also.clone()), Figures::default()));
    }
    let load = load::Load { seconds: args.seconds, congestion: args.congestion.clone() };
    for round in 0..args.rounds {
        for (contender, figures) in &mut contenders {
            eprintln!("round {} of {}: {}", round + 1, args.rounds, contender.name());
            let tunnel = contender.start()?;
            if args.wants(Part::Tcp) {
                load::tcp(&tunnel, &load, figures)?;
            }
            if args.wants(Part::Udp) {
                load::udp(&tunnel, &load, figures)?;
            }
            if args.wants(Part::Rtt) {
                load::rtt(&tunnel, &load, figures)?;
            }
        }
    }
    print(&contenders);
    Ok(())
}
