//! What test binaries count.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

/// What a run of tests ended with.
#[derive(Debug, Default)]
pub(super) struct Ended {
    pub(super) totals: Totals,
    /// Those that failed, by name.
    pub(super) failed: Vec<String>,
}

/// Runs tests, shows what they print, and counts.
///
/// # Errors
/// When they broke off; tests that failed are no error here.
pub(super) fn follow(command: &mut Command) -> Result<Ended> {
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start the tests")?;
    let stdout = child.stdout.take().context("the output of the tests")?;
    let mut ended = Ended::default();
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
pub(super) struct Totals {
    pub(super) passed: u32,
    pub(super) failed: u32,
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

    pub(super) fn add(&mut self, other: Self) {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
        self.ignored = self.ignored.saturating_add(other.ignored);
        self.unsteady = self.unsteady.saturating_add(other.unsteady);
    }

    /// Some that failed passed at their second attempt.
    pub(super) fn settle(&mut self, passed: u32) {
        let unsteady = passed.min(self.failed);
        self.failed = self.failed.saturating_sub(unsteady);
        self.passed = self.passed.saturating_add(unsteady);
        self.unsteady = self.unsteady.saturating_add(unsteady);
    }

    /// A test that did not run is a failure, and so is a ring without tests.
    pub(super) fn judge(self, filtered: bool) -> Result<()> {
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

/// Tests that may pass at the second attempt only.
pub(super) const UNSTEADY: u32 = 2;

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
