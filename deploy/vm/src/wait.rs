//! Waiting for what happens elsewhere.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Looks again and again until there is something to see.
pub(crate) fn until<T>(
    what: &str,
    patience: Duration,
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(seen) = look()? {
            return Ok(seen);
        }
        if start.elapsed() > patience {
            bail!("not within {} s: {what}", patience.as_secs());
        }
        // others need the processor
        thread::park_timeout(BETWEEN);
    }
}

const BETWEEN: Duration = Duration::from_millis(10);
