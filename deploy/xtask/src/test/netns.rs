//! `cargo xtask test netns`: the daemon's ignored tests, and none of them skipped but those against
//! wireguard-go, nft and conntrack where `WGTRACE_SKIP=wireguard-go,nft,conntrack` says so. They find
//! `wgtrace` by `WGTRACE_PROGRAM`, and the directory that all programs are in by `WGTRACE_PROGRAMS`. They measure time and
//! share two cores with whatever else runs: one that fails runs once more, alone, and is told as unsteady if it passes
//! then; more than [`UNSTEADY`] fail the ring.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail, ensure};

use crate::programs::Tests;

/// Arguments of `cargo xtask test netns`.
#[derive(Debug, clap::Args)]
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

/// Tests that may pass at the second attempt only.
const UNSTEADY: u32 = 2;

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

/// What one run of a test binary ended with.
struct Attempt {
    totals: Totals,
    failed: Vec<String>,
}

fn attempt(package: &str, test: &str, tests: &Tests, args: &Args, which: &[String]) -> Result<Attempt> {
    let mut command = tests.command(package, test)?;
    command.env("WGTRACE_PROGRAM", tests.programs.join("wgtrace")).env("WGTRACE_PROGRAMS", &tests.programs);
    // they load both cores: more at once would only measure each other
    command.args(["--ignored", "--test-threads", "1"]);
    command.args(args.show_output.then_some("--show-output"));
    command.args(which);
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start the tests")?;
    let stdout = child.stdout.take().context("the output of the tests")?;
    let mut ended = Attempt { totals: Totals::default(), failed: Vec::new() };
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        println!("{line}");
        ended.failed.extend(failed_test(&line));
        if let Some(of_suite) = Totals::of(&line) {
            ended.totals.add(of_suite);
        }
    }
    let status = child.wait()?;
    ensure!(status.success() || ended.totals.failed > 0, "the tests broke off: {status}");
    Ok(ended)
}

/// Reads `test pod::many ... FAILED`.
fn failed_test(line: &str) -> Option<String> {
    Some(line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?.to_owned())
}

/// What a test binary counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Totals {
    passed: u32,
    failed: u32,
    ignored: u32,
    unsteady: u32,
}

impl Totals {
    /// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; ..`.
    fn of(line: &str) -> Option<Self> {
        let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
        let count = |what: &str| {
            counts
                .split("; ")
                .filter_map(|part| part.split_once(' '))
                .find(|(_, of)| *of == what)
                .and_then(|(number, _)| number.parse().ok())
        };
        Some(Self {
            passed: count("passed")?,
            failed: count("failed")?,
            ignored: count("ignored")?,
            unsteady: 0,
        })
    }

    fn add(&mut self, other: Self) {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
        self.ignored = self.ignored.saturating_add(other.ignored);
        self.unsteady = self.unsteady.saturating_add(other.unsteady);
    }

    /// Some that failed passed at their second attempt.
    fn settle(&mut self, passed: u32) {
        let unsteady = passed.min(self.failed);
        self.failed = self.failed.saturating_sub(unsteady);
        self.passed = self.passed.saturating_add(unsteady);
        self.unsteady = self.unsteady.saturating_add(unsteady);
    }

    /// A test that did not run is a failure, and so is a ring without tests.
    fn judge(self, filtered: bool) -> Result<()> {
        if self.failed > 0 || self.ignored > 0 {
            bail!("{} failed, {} did not run", self.failed, self.ignored);
        }
        ensure!(self.unsteady <= UNSTEADY, "{} passed at the second attempt only", self.unsteady);
        ensure!(self.passed > 0, "no test ran{}", if filtered { ": none has that in its name" } else { "" });
        Ok(())
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} passed, {} failed, {} ignored", self.passed, self.failed, self.ignored)?;
        if self.unsteady > 0 {
            write!(out, "; {} of them passed at the second attempt only", self.unsteady)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_read_from_what_tests_print() {
        let line = "test result: FAILED. 11 passed; 2 failed; 3 ignored; 0 measured; 0 filtered out";
        assert_eq!(Totals::of(line), Some(Totals { passed: 11, failed: 2, ignored: 3, unsteady: 0 }));
        assert_eq!(Totals::of("test result_is_shown ... ok"), None);
    }

    #[test]
    fn skipped_tests_and_no_tests_fail_the_ring() {
        let passed = Totals { passed: 1, ..Totals::default() };
        assert!(passed.judge(false).is_ok());
        assert!(Totals { ignored: 1, ..passed }.judge(false).is_err());
        assert!(Totals { failed: 1, ..passed }.judge(false).is_err());
        assert!(Totals::default().judge(true).is_err());
    }

    #[test]
    fn a_few_may_need_a_second_attempt() {
        assert_eq!(failed_test("test pod::many ... FAILED").as_deref(), Some("pod::many"));
        assert_eq!(failed_test("test pod::many ... ok"), None);
        let mut totals = Totals { passed: 7, failed: UNSTEADY, ..Totals::default() };
        totals.settle(UNSTEADY);
        assert_eq!((totals.passed, totals.failed, totals.unsteady), (7 + UNSTEADY, 0, UNSTEADY));
        assert!(totals.judge(false).is_ok());
        assert!(Totals { unsteady: UNSTEADY + 1, ..totals }.judge(false).is_err());
        let mut again = Totals { failed: 1, ..Totals::default() };
        again.settle(0);
        assert!(again.judge(false).is_err());
    }
}
