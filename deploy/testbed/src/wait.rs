//! Waiting for what happens elsewhere.

use std::thread;
use std::time::{Duration, Instant};

/// Asks until there is an answer: longer than a daemon looks away.
///
/// # Panics
/// When there is none within [`PATIENCE`].
#[track_caller]
pub fn within<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        // others need the processor
        thread::sleep(PAUSE);
    }
}

/// How long it is waited for what a loaded machine takes a moment for.
pub const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(2);
