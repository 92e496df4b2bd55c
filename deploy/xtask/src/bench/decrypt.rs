//! `cargo xtask bench decrypt`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use super::process::{Run, run as execute};
use super::traffic::{self, Traffic};
use super::{floor, median, target_folder};

/// What to measure with.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder for the captures, about 5 GB; a temporary one when not given.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Runs of each, interleaved; medians are printed.
    #[arg(long, default_value_t = 5)]
    runs: usize,

    /// Million bytes of the capture of full-size packets.
    #[arg(long, default_value_t = 1057)]
    megabytes: u64,

    /// Leave tshark out even when it is installed.
    #[arg(long)]
    no_tshark: bool,
}

/// Measurements of one capture.
#[derive(Debug, Default)]
struct Column {
    read: Vec<f64>,
    open: Vec<f64>,
    open_together: Vec<f64>,
    write: Vec<f64>,
    plain: Vec<f64>,
    output: Vec<f64>,
    tshark: Vec<f64>,
    tshark_file: Vec<f64>,
    peak: u64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let build =
        Command::new(env!("CARGO")).args(["build", "--release", "--quiet", "-p", "wgtrace"]).status()?;
    ensure!(build.success(), "building wgtrace failed");
    let program = target_folder()?.join("release/wgtrace");
    let temporary;
    let dir = if let Some(dir) = &args.dir {
        std::fs::create_dir_all(dir)?;
        dir.as_path()
    } else {
        temporary = tempfile::tempdir().context("cannot make a temporary folder")?;
        temporary.path()
    };
    let cores = std::thread::available_parallelism()?.get();
    let tshark = !args.no_tshark && Command::new("tshark").arg("--version").output().is_ok();
    println!(
        "cores: {cores}, runs: {}, page cache warm, medians in seconds, ratios within this run",
        args.runs
    );
    if !tshark {
        println!("tshark: not installed or left out");
    }
    let bulk = Traffic::write(dir, "bulk", args.megabytes * 1_000_000 / traffic::frame_len(1420), 1420)?;
    let small = Traffic::write(dir, "small", args.megabytes * 250_000 / traffic::frame_len(84), 84)?;
    for traffic in [&bulk, &small] {
        let column = measure(args, &program, dir, traffic, tshark, cores)?;
        print(traffic, &column, cores);
    }
    Ok(())
}

fn measure(
    args: &Args,
    program: &Path,
    dir: &Path,
    traffic: &Traffic,
    tshark: bool,
    cores: usize,
) -> Result<Column> {
    let out = dir.join("inner.pcapng");
    let sealed = floor::Sealed::new(traffic.plain_len())?;
    let mut column = Column::default();
    let wgtrace = || {
        let mut command = Command::new(program);
        command.arg("decrypt").arg(&traffic.capture).arg("-k").arg(&traffic.keys).arg("--quiet");
        command
    };
    // Warms the page cache, and tells how long the output is.
    good(execute(wgtrace().arg("-w").arg(&out))?)?;
    let output_len = out.metadata()?.len();
    for _ in 0..args.runs {
        column.read.push(floor::read(&traffic.capture)?);
        column.open.push(sealed.open(traffic.packets)?);
        column.open_together.push(sealed.open_together(traffic.packets, cores)?);
        let run = good(execute(&mut wgtrace())?)?;
        column.plain.push(run.wall);
        column.peak = column.peak.max(run.peak);
        // Each starts without a backlog: the kernel slows writers down while it clears one.
        std::fs::remove_file(&out)?;
        rustix::fs::sync();
        column.write.push(floor::write(&dir.join("floor"), output_len)?);
        rustix::fs::sync();
        let run = good(execute(wgtrace().arg("-w").arg(&out))?)?;
        rustix::fs::sync();
        column.output.push(run.wall);
        column.peak = column.peak.max(run.peak);
    }
    std::fs::remove_file(&out)?;
    if tshark {
        tsharks(args, dir, traffic, &mut column)?;
    }
    Ok(column)
}

/// The cheapest pass that decrypts every packet, and the two passes that make a plaintext file.
fn tsharks(args: &Args, dir: &Path, traffic: &Traffic, column: &mut Column) -> Result<()> {
    let tshark = |words: &[&str]| {
        let mut command = Command::new("tshark");
        command.arg("-r").arg(&traffic.capture).arg("-o");
        command.arg(format!("wg.keylog_file:{}", traffic.keys.display())).args(words);
        command
    };
    let (mixed, inner) = (dir.join("tshark-mixed.pcapng"), dir.join("tshark-inner.pcapng"));
    for round in 0..args.runs.min(TSHARK_RUNS) {
        let cheapest = ["-o", "wg.dissect_packet:FALSE", "-q", "-z", "io,stat,0,data"];
        column.tshark.push(good(execute(&mut tshark(&cheapest))?)?.wall);
        // Many times the run before: once says enough.
        if round == 0 {
            let export = ["--disable-protocol", "tcp", "-U", "IP", "-w"];
            let first = good(execute(tshark(&export).arg(&mixed))?)?;
            let mut filter = Command::new("tshark");
            filter
                .arg("-r")
                .arg(&mixed)
                .args(["--disable-protocol", "tcp", "-Y", "not wg", "-w"])
                .arg(&inner);
            let second = good(execute(&mut filter)?)?;
            column.tshark_file.push(first.wall + second.wall);
        }
    }
    for file in [mixed, inner] {
        std::fs::remove_file(file)?;
    }
    Ok(())
}

fn print(traffic: &Traffic, column: &Column, cores: usize) {
    let [read, open, write, plain, output] =
        [&column.read, &column.open, &column.write, &column.plain, &column.output].map(|runs| median(runs));
    #[expect(clippy::cast_precision_loss, reason = "cores and packets are few")]
    let (cores, packets) = (cores as f64, traffic.packets as f64);
    let floor = (read + open) / cores;
    let floor_output = (read + open + write) / cores;
    println!("\n{}: {} packets of {} bytes", traffic.name, traffic.packets, traffic.inner_len);
    println!("| step | seconds | kpkt/s | ratio |\n|---|---|---|---|");
    let row = |step: &str, seconds: f64, ratio: &str| {
        println!("| {step} | {seconds:.3} | {:.0} | {ratio} |", packets / seconds / 1000.0);
    };
    row("read() the capture, 1 core", read, "");
    row("AEAD open (ring), 1 core", open, "");
    let together = median(&column.open_together);
    row(
        "AEAD open (ring), all cores at once",
        together,
        &format!("{:.2} x open / cores", together * cores / open),
    );
    row("write the output, preallocated, 1 core", write, "");
    row("wgtrace decrypt", plain, &format!("{:.2} x (read + open) / cores", plain / floor));
    row(
        "wgtrace decrypt -w",
        output,
        &format!("{:.2} x (read + open + write) / cores", output / floor_output),
    );
    if !column.tshark.is_empty() {
        let (cheapest, file) = (median(&column.tshark), median(&column.tshark_file));
        row("tshark, cheapest pass", cheapest, &format!("{:.1} x wgtrace decrypt", cheapest / plain));
        row("tshark, to a plaintext file", file, &format!("{:.1} x wgtrace decrypt -w", file / output));
    }
    println!(
        "peak resident memory of wgtrace: {:.1} MiB",
        f64::from(u32::try_from(column.peak).unwrap_or(u32::MAX)) / 1024.0
    );
}

/// tshark is slow, and its share of the noise small.
const TSHARK_RUNS: usize = 3;

fn good(run: Run) -> Result<Run> {
    if !run.status.success() {
        bail!("a measured program failed: {}", run.status);
    }
    Ok(run)
}
