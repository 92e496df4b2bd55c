//! `cargo xtask bench tui`.

mod cores;
mod counted;
mod daemon;
mod load;
mod screen;
mod socket;
mod usage;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rustix::process::Signal;
use wgtrace_testbed::Terminal;

use self::cores::Cores;
use self::daemon::Daemon;
use self::screen::{PATIENCE, SIZE, by_age, head, markers, scroll, watch};
use super::{as_shipped, target_folder};
use crate::programs;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Flows that the daemon knows.
    #[arg(long, default_value_t = 100_000)]
    flows: u64,

    /// Events a second that it offers.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,

    /// Markers whose way to the screen is timed.
    #[arg(long, default_value_t = 200)]
    markers: u64,

    /// Seconds of each other measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,

    /// The wgtrace that is measured; made from this tree when not given.
    #[arg(long, value_name = "FILE")]
    wgtrace: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if cfg!(debug_assertions) {
        return as_shipped();
    }
    let program = args.wgtrace.clone().map_or_else(wgtrace, Ok)?;
    let counted = counted::figures()?;
    let cores = Cores::share()?;
    let folder = tempfile::tempdir()?;
    let daemon = Daemon::start(&folder.path().join("wgtraced.sock"), args.flows)?;

    println!(
        "{cores}. {} flows, {} packets a second offered by a daemon that is made up, terminal of {}x{}.\n",
        args.flows, args.events, SIZE.1, SIZE.0
    );
    println!("| wgtrace tui | target | measured |\n|---|---|---|");
    let row = |what: &str, target: &str, measured: String| println!("| {what} | {target} | {measured} |");

    let mut command = Command::new(&program);
    command.args(["tui", "--server"]).arg(daemon.path());
    let began = Instant::now();
    let mut terminal = cores.on_its_own(|| Terminal::start(&mut command, SIZE))?;
    let known = args.flows.to_string();
    terminal.wait_for(&format!("{known} flows"), PATIENCE, |screen| head(screen).ends_with(&known))?;
    row("from its start to all flows on the screen", "", format!("{:.2} s", began.elapsed().as_secs_f64()));

    let pid = terminal.pid();
    // rates fall to nothing
    watch(&mut terminal, Duration::from_secs(5))?;
    let idle = usage::share(pid, || watch(&mut terminal, Duration::from_secs(2 * args.seconds)))?;
    row("CPU while nothing happens", "< 2 %", format!("{idle:.2} %"));

    by_age(&mut terminal)?;
    let quiet = markers(&mut terminal, &daemon, args.markers)?;
    row("event to screen, nothing else: p50, p99, most", "p99 <= 100 ms", quiet.to_string());
    for (key, what) in KEYS {
        let scrolled = scroll(&mut terminal, key, args.seconds)?;
        row(&format!("frames while scrolling, {what}"), "60 /s", scrolled.rate());
        row(&format!("CPU of such a frame, and between two: {GAPS}"), "", scrolled.frames());
    }

    daemon.offer(args.events);
    watch(&mut terminal, Duration::from_secs(2))?;
    let (before, since) = (daemon.counts(), Instant::now());
    let mut loaded = None;
    let load = usage::share(pid, || {
        loaded = Some(markers(&mut terminal, &daemon, args.markers)?);
        Ok(())
    })?;
    let taken = daemon.counts().since(&before).a_second(since.elapsed());
    let loaded = loaded.map(|times| times.to_string()).unwrap_or_default();
    row("event to screen, under load: p50, p99, most", "p99 <= 100 ms", loaded);
    row("events of this load: offered, taken by it", "1,000,000 /s", taken);
    row("CPU under this load", "", format!("{load:.0} %"));
    for (key, what) in KEYS {
        let scrolled = scroll(&mut terminal, key, args.seconds)?;
        row(&format!("frames while scrolling, {what}, under load"), "60 /s", scrolled.rate());
        row(&format!("between two such frames: {GAPS}"), "", scrolled.gaps());
    }
    let most = usage::peak(pid)?;
    row("most memory", "< 150 MiB", format!("{most:.0} MiB"));
    // rows of before and rows of now
    terminal.send(b"p")?;
    watch(&mut terminal, Duration::from_secs(args.seconds))?;
    let most = usage::peak(pid)?;
    row("most memory, also with the screen held under load", "< 150 MiB", format!("{most:.0} MiB"));
    for figure in counted {
        row(&figure.what, &format!("<= {}", figure.at_most), figure.value);
    }

    terminal.signal(Signal::TERM)?;
    terminal.wait_for_end(PATIENCE)?;
    ensure!(terminal.is_restored()?, "the terminal was not given back");
    Ok(())
}

/// As it is shipped.
fn wgtrace() -> Result<PathBuf> {
    let mut cargo = programs::cargo();
    let status = cargo.args(["build", "--release", "--quiet", "--package", "wgtrace"]).status()?;
    ensure!(status.success(), "building wgtrace failed");
    Ok(target_folder()?.join("release/wgtrace"))
}

/// What a person scrolls with.
const KEYS: [(&str, &str); 2] = [("j", "a row at a time"), ("\x06", "a page at a time")];
const GAPS: &str = "p50, p99, most";
