//! When a command that goes on by itself has to end.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep_until};

/// A signal, or the end of a time.
#[derive(Debug)]
pub(crate) struct Stop {
    interrupt: Signal,
    terminate: Signal,
    end: Option<Instant>,
}

impl Stop {
    /// From now on; within a runtime.
    pub(crate) fn new(duration: Option<Duration>) -> Result<Self> {
        let on = |kind| signal(kind).context("cannot wait for signals");
        // A time beyond what the clock has never comes.
        let end = duration.and_then(|duration| Instant::now().checked_add(duration));
        Ok(Self { interrupt: on(SignalKind::interrupt())?, terminate: on(SignalKind::terminate())?, end })
    }

    /// Returns when it is time to end.
    pub(crate) async fn wait(&mut self) {
        let end = self.end;
        let over = async {
            match end {
                Some(end) => sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            () = over => {}
        }
    }
}
