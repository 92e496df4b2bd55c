//! What the verifiers made of our programs, kept in the repository.
//!
//! Counts on the release that they were recorded on have to be the same. Another release of the series may have
//! another verifier or another rewriting: there they may differ by [`TOLERANCE`] percent, which is said.
//! Anything else is a finding, until `--update` records it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use wgtrace_vm::Size;

/// What another release of a series may differ by, in percent of the recorded count.
const TOLERANCE: u32 = 10;

/// The record: for each series, the last release and its counts by program.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Record(BTreeMap<String, Counts>);

/// Counts of one kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) release: String,
    pub(super) programs: BTreeMap<String, Size>,
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Comparison {
    /// Differences that fail the test.
    pub(super) faults: Vec<String>,
    /// Differences that do not.
    pub(super) notes: Vec<String>,
}

impl Record {
    fn path() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vm/instructions.json")
    }

    /// Reads the committed one; there is none before the first `--update`.
    pub(super) fn read() -> Result<Self> {
        match fs::read_to_string(Self::path()) {
            Ok(text) => {
                serde_json::from_str(&text).context("deploy/vm/instructions.json is not a record of ours")
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).context("cannot read deploy/vm/instructions.json"),
        }
    }

    pub(super) fn write(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::write(Self::path(), text + "\n").context("cannot write deploy/vm/instructions.json")
    }

    pub(super) fn set(&mut self, series: &str, counts: Counts) {
        self.0.insert(series.to_owned(), counts);
    }

    pub(super) fn compare(&self, series: &str, counts: &Counts) -> Comparison {
        let mut comparison = Comparison::default();
        let Some(recorded) = self.0.get(series) else {
            comparison.faults.push("no instruction counts are recorded: run with --update".to_owned());
            return comparison;
        };
        for (name, size) in &counts.programs {
            match recorded.programs.get(name) {
                None => comparison.faults.push(format!("{name} is not recorded: run with --update")),
                Some(expected) if expected == size => {}
                Some(expected) => {
                    let words = format!(
                        "{name}: {} instructions verified and {} translated on {}, {} and {} recorded on {}",
                        size.verified,
                        size.translated,
                        counts.release,
                        expected.verified,
                        expected.translated,
                        recorded.release
                    );
                    let near =
                        near(size.verified, expected.verified) && near(size.translated, expected.translated);
                    if recorded.release != counts.release && near {
                        comparison.notes.push(words);
                    } else {
                        comparison.faults.push(words);
                    }
                }
            }
        }
        let gone = recorded.programs.keys().filter(|name| !counts.programs.contains_key(*name));
        comparison
            .faults
            .extend(gone.map(|name| format!("{name} is recorded, and the object has no such program")));
        comparison
    }
}

fn near(count: u32, recorded: u32) -> bool {
    u64::from(count.abs_diff(recorded)) * 100 <= u64::from(recorded) * u64::from(TOLERANCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(release: &str, verified: u32) -> Counts {
        let size = Size { verified, translated: 500 };
        Counts { release: release.to_owned(), programs: [("wgt_tap".to_owned(), size)].into() }
    }

    fn compared(recorded: Counts, found: &Counts) -> (usize, usize) {
        let mut record = Record::default();
        record.set("6.1", recorded);
        let comparison = record.compare("6.1", found);
        (comparison.faults.len(), comparison.notes.len())
    }

    #[test]
    fn the_recorded_release_has_to_agree_exactly() {
        assert_eq!(compared(counts("6.1.1", 1000), &counts("6.1.1", 1000)), (0, 0));
        assert_eq!(compared(counts("6.1.1", 1000), &counts("6.1.1", 1001)), (1, 0));
    }

    #[test]
    fn another_release_may_differ_a_little() {
        assert_eq!(compared(counts("6.1.1", 1000), &counts("6.1.2", 1000)), (0, 0));
        assert_eq!(compared(counts("6.1.1", 1000), &counts("6.1.2", 1100)), (0, 1));
        assert_eq!(compared(counts("6.1.1", 1000), &counts("6.1.2", 1101)), (1, 0));
    }

    #[test]
    fn programs_that_come_or_go_are_findings() {
        let none = Counts { release: "6.1.1".to_owned(), programs: BTreeMap::new() };
        assert_eq!(compared(none.clone(), &counts("6.1.1", 1)), (1, 0));
        assert_eq!(compared(counts("6.1.1", 1), &none), (1, 0));
        assert_eq!(Record::default().compare("6.1", &none).faults.len(), 1);
    }
}
