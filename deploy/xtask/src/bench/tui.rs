//! `cargo xtask bench tui`.

mod daemon;
mod load;
mod socket;
mod usage;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rustix::process::Signal;
use wgtrace_testbed::Terminal;

use self::daemon::Daemon;
use super::{as_shipped, median, target_folder};
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
    #[arg(long, default_value_t = 10)]
    seconds: u64,

    /// Core that the program has for itself; 0 where there is only one.
    #[arg(long)]
    core: Option<usize>,

    /// The wgtrace that is measured; made from this tree when not given.
    #[arg(long, value_name = "FILE")]
    wgtrace: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if cfg!(debug_assertions) {
        return as_shipped();
    }
    let folder = tempfile::tempdir()?;
    let program = args.wgtrace.clone().map_or_else(wgtrace, Ok)?;
    let daemon = Daemon::start(&folder.path().join("wgtraced.sock"), args.flows)?;
    println!(
        "cores: {}, {} flows, {} events/s offered",
        std::thread::available_parallelism()?,
        args.flows,
        args.events
    );
    let mut command = match args.core {
        None => Command::new(&program),
        Some(core) => {
            let mut pinned = Command::new("taskset");
            pinned.arg("--cpu-list").arg(core.to_string()).arg(&program);
            pinned
        }
    };
    command.args(["tui", "--server"]).arg(daemon.path());
    let began = Instant::now();
    let mut terminal = Terminal::start(&mut command, SIZE)?;
    let known = format!("{}", args.flows);
    terminal.wait_for(&format!("{known} flows"), PATIENCE, |screen| head(screen).ends_with(&known))?;
    println!("{:<44} {:>10.2} s", "from its start to all flows on the screen", began.elapsed().as_secs_f64());

    let pid = terminal.pid();
    // rates fall to nothing
    watch(&mut terminal, Duration::from_secs(5));
    let idle = usage::share(pid, || {
        watch(&mut terminal, Duration::from_secs(args.seconds));
        Ok(())
    })?;
    println!("{:<44} {:>10.2} %", "CPU while nothing happens", idle);

    by_age(&mut terminal)?;
    let quiet = markers(&mut terminal, &daemon, args.markers)?;
    tell("event to screen, nothing else", &quiet);
    daemon.offer(args.events);
    watch(&mut terminal, Duration::from_secs(2));
    let mut loaded = Vec::new();
    let before = daemon.counts();
    let since = Instant::now();
    let load = usage::share(pid, || {
        loaded = markers(&mut terminal, &daemon, args.markers)?;
        Ok(())
    })?;
    let (taken, elapsed) = (daemon.counts().since(&before), since.elapsed().as_secs_f64());
    tell("event to screen, under load", &loaded);
    println!("{:<44} {:>10.0} /s", "  events offered", taken.offered_per(elapsed));
    println!("{:<44} {:>10.0} /s", "  events taken, the others missed and counted", taken.taken_per(elapsed));
    println!("{:<44} {:>10.2} %", "  CPU", load);

    let scrolled = scroll(&mut terminal, args.seconds)?;
    println!("{:<44} {:>10.1} /s", "screens while scrolling, under load", scrolled);
    daemon.offer(0);
    watch(&mut terminal, Duration::from_secs(2));
    let scrolled = scroll(&mut terminal, args.seconds)?;
    println!("{:<44} {:>10.1} /s", "screens while scrolling, nothing else", scrolled);
    println!("{:<44} {:>10.1} MiB", "most memory", usage::peak(pid)?);

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

/// Looks at the screen for a while.
fn watch(terminal: &mut Terminal, time: Duration) {
    let deadline = Instant::now() + time;
    while Instant::now() < deadline {
        let left = deadline.saturating_duration_since(Instant::now());
        changed(terminal, left);
    }
}

/// Whether the screen changed within this time.
fn changed(terminal: &mut Terminal, patience: Duration) -> bool {
    let before = terminal.written();
    let contents = terminal.screen().contents();
    let waited = terminal.wait_for("another screen", patience, |screen| screen.contents() != contents);
    waited.is_ok() && terminal.written() != before
}

/// The youngest flow first.
fn by_age(terminal: &mut Terminal) -> Result<()> {
    terminal.send(b"ssss")?;
    terminal.wait_for("the order by age", PATIENCE, |screen| head(screen).contains("AGE^"))
}

/// How long each marker is on its way, in milliseconds.
fn markers(terminal: &mut Terminal, daemon: &Daemon, many: u64) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    for number in 0..many {
        let name = daemon.mark()?;
        let sent = Instant::now();
        terminal.wait_for(&name, PATIENCE, |screen| screen.contents().contains(&name))?;
        times.push(sent.elapsed().as_secs_f64() * 1000.0);
        // at no fixed point of the program's own rhythm
        watch(terminal, Duration::from_millis(20 + number * 37 % 90));
    }
    Ok(times)
}

fn tell(what: &str, times: &[f64]) {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |per_mille: usize| {
        sorted.get((sorted.len().saturating_sub(1)) * per_mille / 1000).copied().unwrap_or(f64::NAN)
    };
    println!("{what:<44} {:>10.1} ms p50, {:.1} ms p99, {:.1} ms at most", median(times), at(990), at(1000));
}

/// Screens a second while the key for a row down repeats.
fn scroll(terminal: &mut Terminal, seconds: u64) -> Result<f64> {
    terminal.send(b"g")?;
    let began = Instant::now();
    let mut screens = 0.0;
    while began.elapsed() < Duration::from_secs(seconds) {
        terminal.send(b"j")?;
        if changed(terminal, Duration::from_millis(4)) {
            screens += 1.0;
        }
    }
    Ok(screens / began.elapsed().as_secs_f64())
}

fn head(screen: &vt100::Screen) -> String {
    screen.rows(0, screen.size().1).next().unwrap_or_default().trim_end().to_owned()
}

/// Rows and columns.
const SIZE: (u16, u16) = (50, 160);
const PATIENCE: Duration = Duration::from_mins(1);
