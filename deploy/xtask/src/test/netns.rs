//! `cargo xtask test netns`: the daemon's ignored tests, and none of them skipped but those against
//! wireguard-go, nft and conntrack where `WGTRACE_SKIP=wireguard-go,nft,conntrack` says so. They find
//! `wgtrace` by `WGTRACE_PROGRAM`, and the directory that all programs are in by `WGTRACE_PROGRAMS`. They measure time and
//! share two cores with whatever else runs: one that fails runs once more, alone, and is told as unsteady if it passes
//! then; more than [`UNSTEADY`] fail the ring.

use anyhow::{Context as _, Result, ensure};

use super::totals::{self, Ended, Totals, UNSTEADY};
use crate::programs::Tests;

/// Arguments of `cargo xtask test netns`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Only the tests whose names contain this.
    filter: Option<String>,
    /// Print what passing tests print as well.
    #[arg(long)]
    show_output: bool,
}

/// Crates with tests of this ring, and the test binaries that hold them.
const SUITES: [(&str, &str); 12] = [
    ("wgtrace-testbed", "netns"),
    ("wgtraced", "netns"),
    ("wgtraced", "forward"),
    ("wgtraced", "wireguard"),
    ("wgtraced", "nat"),
    ("wgtraced", "datapath"),
    ("wgtraced", "node"),
    ("wgtrace-lab", "lab"),
    ("wgtrace-lab", "walkthrough"),
    ("wgtrace-lab", "leak"),
    ("wgtrace-lab", "observer"),
    ("wgtrace-lab", "tui"),
];

/// Builds and runs the tests of the ring.
pub(crate) fn run(args: &Args) -> Result<()> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "network namespaces and BPF programs need root: run `cargo xtask test netns` as root"
    );
    let tests = Tests::build()?;
    let mut totals = Totals::default();
    for (package, test) in SUITES {
        let of_suite = suite(package, test, &tests, args);
        totals.add(of_suite.with_context(|| format!("tests of {package}: {test}"))?);
    }
    println!("netns: {totals}");
    totals.judge(args.filter.is_some())
}

fn suite(package: &str, test: &str, tests: &Tests, args: &Args) -> Result<Totals> {
    println!("=== {package}: {test}");
    let first = attempt(package, test, tests, args, args.filter.as_slice())?;
    let mut totals = first.totals;
    if first.failed.is_empty() || first.failed.len() > UNSTEADY as usize {
        return Ok(totals);
    }
    println!("=== {package}: {test}: {} once more", first.failed.join(", "));
    let exactly: Vec<String> = first.failed.iter().cloned().chain(["--exact".into()]).collect();
    let second = attempt(package, test, tests, args, &exactly)?;
    totals.settle(second.totals.passed);
    Ok(totals)
}

fn attempt(package: &str, test: &str, tests: &Tests, args: &Args, which: &[String]) -> Result<Ended> {
    let mut command = tests.command(package, test)?;
    command.env("WGTRACE_PROGRAM", tests.programs.join("wgtrace")).env("WGTRACE_PROGRAMS", &tests.programs);
    // they load both cores: more at once would only measure each other
    command.args(["--ignored", "--test-threads", "1"]);
    command.args(args.show_output.then_some("--show-output"));
    command.args(which);
    totals::follow(&mut command)
}
