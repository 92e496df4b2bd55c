//! What processes use as time goes by.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// A process at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Use {
    /// Since the soak began.
    pub(super) at: Duration,
    /// Memory that nothing but the process stands for, in KiB: `RssAnon` and `RssShmem`. The rest of the RSS is pages of
    /// the program's file, which the kernel takes and gives as it likes.
    pub(super) memory: u64,
    /// Open descriptors.
    pub(super) descriptors: u64,
}

/// A process over time.
#[derive(Debug, Clone, Default)]
pub(super) struct Series(Vec<Use>);

/// A figure after the warm-up: the medians of what is left of the time, its first half and its second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Halves {
    pub(super) first: u64,
    pub(super) second: u64,
}

impl Use {
    /// That of a process now.
    pub(super) fn of(pid: u32, at: Duration) -> Result<Self> {
        let path = format!("/proc/{pid}/status");
        let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let memory = memory(&status).with_context(|| format!("{path} is not understood"))?;
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd"))?.count();
        Ok(Self { at, memory, descriptors: descriptors.try_into()? })
    }
}

fn memory(status: &str) -> Option<u64> {
    let field = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    };
    field("RssAnon:")?.checked_add(field("RssShmem:")?)
}

impl Series {
    pub(super) fn push(&mut self, used: Use) {
        self.0.push(used);
    }

    /// A figure of what comes after the warm-up; `None` where there is too little of it.
    pub(super) fn halves(&self, warm: Duration, figure: impl Fn(&Use) -> u64) -> Option<Halves> {
        let after: Vec<u64> = self.0.iter().filter(|used| used.at >= warm).map(figure).collect();
        let (first, second) = after.split_at_checked(after.len() / 2)?;
        (first.len() >= LEAST).then_some(())?;
        Some(Halves { first: median(first)?, second: median(second)? })
    }
}

impl Halves {
    /// How much the second has more.
    pub(super) fn growth(self) -> u64 {
        self.second.saturating_sub(self.first)
    }
}

fn median(of: &[u64]) -> Option<u64> {
    let mut sorted = of.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

/// Samples, one a second, of which a median is worth something.
const LEAST: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    fn series(memory: impl Fn(u64) -> u64) -> Series {
        let used = |at| Use { at: Duration::from_secs(at), memory: memory(at), descriptors: 9 };
        Series((0..120).map(used).collect())
    }

    #[test]
    fn growth_is_seen_and_a_warm_up_and_spikes_are_not() {
        let growth = |memory: fn(u64) -> u64| {
            let halves = series(memory).halves(Duration::from_secs(40), |used| used.memory).unwrap();
            halves.growth()
        };
        assert_eq!(growth(|at| 5000 + 100 * at), 4000);
        assert_eq!(growth(|at| 5000 + 100 * at.min(40)), 0);
        assert_eq!(growth(|at| if at % 9 == 0 { 90_000 } else { 5000 }), 0);
        assert_eq!(growth(|at| 5000 - at), 0);
    }

    #[test]
    fn of_a_process_that_did_not_last_nothing_is_said() {
        let short = Series(series(|_| 1).0.split_off(95));
        assert_eq!(short.halves(Duration::from_secs(40), |used| used.memory), None);
        assert_eq!(Series::default().halves(Duration::ZERO, |used| used.memory), None);
    }

    #[test]
    fn memory_is_what_is_no_file() {
        let status = "Name:\twgtraced\nVmRSS:\t   900 kB\nRssAnon:\t     300 kB\nRssFile:\t   590 kB\nRssShmem:\t      10 kB\n";
        assert_eq!(memory(status), Some(310));
        assert_eq!(memory("Name:\tx\n"), None);
        let own = Use::of(std::process::id(), Duration::ZERO).unwrap();
        assert!(own.memory > 0 && own.descriptors > 2, "{own:?}");
    }
}
