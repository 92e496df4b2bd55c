//! Waiting for a condition, with a deadline.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

/// Asks until the answer is yes; an error that names `what` after `patience`.
pub(crate) fn within(
    patience: Duration,
    what: &str,
    mut ask: impl FnMut() -> Result<bool>,
) -> Result<Duration> {
    let start = Instant::now();
    while !ask()? {
        ensure!(start.elapsed() < patience, "not within {patience:?}: {what}");
        thread::sleep(Duration::from_millis(2));
    }
    Ok(start.elapsed())
}

/// For what takes no time but the machine's.
pub(crate) const SOON: Duration = Duration::from_secs(10);
