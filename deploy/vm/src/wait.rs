//! Waiting for what happens elsewhere.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Looks again and again, less and less often, until there is something to see.
pub(crate) fn until<T>(
    what: &str,
    patience: Duration,
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    let mut pause = SHORTEST;
    loop {
        if let Some(seen) = look()? {
            return Ok(seen);
        }
        if start.elapsed() > patience {
            bail!("not within {} s: {what}", patience.as_secs());
        }
        // others need the processor, and each look may be a program's run
        thread::park_timeout(pause);
        pause = LONGEST.min(pause * 2);
    }
}

const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(500);
