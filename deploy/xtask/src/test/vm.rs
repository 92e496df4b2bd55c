//! `cargo xtask test vm`: the object on other kernels, in virtual machines without hardware support.

mod archive;
mod cpio;
mod initramfs;
mod instructions;
mod kernel;
mod machine;
mod modules;
mod report;
mod tool;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use initramfs::Programs;
use instructions::Record;
use kernel::{Kernel, SERIES, Series};
use machine::{Machine, Outcome};

/// Arguments of `cargo xtask test vm`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these kernels: 5.10, 6.1, 6.12, newest.
    #[arg(long, value_name = "SERIES", num_args = 1..)]
    kernel: Vec<String>,
    /// Ask the archive for newer releases than the kernels at hand.
    #[arg(long)]
    refresh: bool,
    /// Record the instruction counts instead of comparing them.
    #[arg(long)]
    update: bool,
    /// Machines that run at once; for two minutes each they mostly wait.
    #[arg(long, value_name = "N", default_value_t = JOBS)]
    jobs: usize,
    /// Seconds that a machine may take.
    #[arg(long, value_name = "SECONDS", default_value_t = DEADLINE)]
    deadline: u64,
    /// Print passed checks as well.
    #[arg(long, short)]
    verbose: bool,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            kernel: Vec::new(),
            refresh: false,
            update: false,
            jobs: JOBS,
            deadline: DEADLINE,
            verbose: false,
        }
    }
}

const JOBS: usize = 4;
/// In seconds.
const DEADLINE: u64 = 420;

/// Tries the kernels; a check that failed, or a machine that never got to it, fails the ring.
pub(crate) fn run(args: &Args) -> Result<()> {
    let series = selected(&args.kernel)?;
    let target = target_dir();
    let work = target.join("vm");
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    let kernels = timed("kernels", || obtain(&series, &work, args.refresh))?;
    let programs = timed("programs", || Programs::build(&target))?;
    let outcomes = timed("machines", || boot(&kernels, &programs, &work, args))?;
    let mut record = Record::read()?;
    let mut failed = Vec::new();
    for (kernel, (outcome, console)) in kernels.iter().zip(&outcomes) {
        if !report::report(kernel, outcome, console, &mut record, args) {
            failed.push(kernel.series.name);
        }
    }
    if args.update {
        record.write()?;
    }
    ensure!(failed.is_empty(), "failed on Linux {}", failed.join(", "));
    Ok(())
}

/// Says how long a stage took: the ring has to stay short.
fn timed<T>(stage: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let done = work().with_context(|| format!("{stage} of the virtual machines"))?;
    eprintln!("{stage}: {:.0} s", start.elapsed().as_secs_f64());
    Ok(done)
}

fn selected(names: &[String]) -> Result<Vec<Series>> {
    if names.is_empty() {
        return Ok(SERIES.to_vec());
    }
    names.iter().map(|name| Series::named(name)).collect()
}

/// Where this very program was built.
fn target_dir() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from)
}

/// All at once: mostly they wait for the network, or for xz.
fn obtain(series: &[Series], work: &Path, refresh: bool) -> Result<Vec<Kernel>> {
    let cache = work.join("kernels");
    fs::create_dir_all(&cache)?;
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            series.iter().map(|series| scope.spawn(|| series.obtain(&cache, refresh))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?)
            .collect()
    })
}

/// Outcomes and tails of consoles, in the order of `kernels`.
fn boot(kernels: &[Kernel], programs: &Programs, work: &Path, args: &Args) -> Result<Vec<(Outcome, String)>> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..args.jobs.max(1))
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    while let Some((number, kernel)) = {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        kernels.get(number).map(|kernel| (number, kernel))
                    } {
                        let outcome = boot_one(kernel, programs, work, args)
                            .with_context(|| format!("Linux {}", kernel.release))?;
                        outcomes
                            .lock()
                            .map_err(|_| anyhow::anyhow!("a thread panicked"))?
                            .push((number, outcome));
                    }
                    Ok(())
                })
            })
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?)
    })?;
    let mut outcomes = outcomes.into_inner().unwrap_or_default();
    outcomes.sort_by_key(|(number, _)| *number);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

fn boot_one(kernel: &Kernel, programs: &Programs, work: &Path, args: &Args) -> Result<(Outcome, String)> {
    let modules = modules::in_load_order(&kernel.modules)?;
    let file = |suffix: &str| work.join(format!("{}.{suffix}", kernel.series.name));
    let initramfs = initramfs::write(file("initramfs"), programs, &modules)?;
    let machine = Machine {
        image: &kernel.image,
        initramfs: &initramfs,
        console: file("console"),
        deadline: Duration::from_secs(args.deadline),
    };
    let mut outcome = machine.run()?;
    // Under emulation a kernel at times crashes while it boots, before anything of ours runs in it.
    if outcome.lines.is_empty() && outcome.fault.is_some() {
        eprintln!("Linux {} did not get to its init: once more", kernel.series.name);
        outcome = machine.run()?;
    }
    Ok((outcome, machine.console_tail()))
}
