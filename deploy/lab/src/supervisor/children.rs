//! The processes that the supervisor started, and those that nobody else waits for.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};

use crate::lab::Place;

/// Processes by number; `None` while they run.
type Table = BTreeMap<i32, Option<ExitStatus>>;

/// Every process of a PID namespace whose parent has ended is its init's, which has to wait for it. So nobody here
/// waits for a particular one: [`reap`](Self::reap) takes all, and remembers how those ended that were started here.
#[derive(Debug, Clone, Default)]
pub(super) struct Children {
    shared: Arc<(Mutex<Table>, Condvar)>,
}

impl Children {
    /// Starts a program somewhere; its number. What it reads and writes is in the [`Child`], and nothing else of use.
    pub(super) fn spawn(&self, place: &Place, command: &mut Command) -> Result<(i32, Child)> {
        // held until it is known: it may end before
        let mut table = self.lock();
        let child = place.spawn(command)?;
        let pid = i32::try_from(child.id()).context("no number of a process")?;
        table.insert(pid, None);
        Ok((pid, child))
    }

    /// Waits for all that have ended.
    pub(super) fn reap(&self) {
        let mut table = self.lock();
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            if let Some(ended) = table.get_mut(&pid.as_raw_pid()) {
                *ended = Some(ExitStatus::from_raw(status.as_raw()));
            }
        }
        self.shared.1.notify_all();
    }

    /// How it ended, if it has.
    pub(super) fn ended(&self, pid: i32) -> Option<ExitStatus> {
        self.lock().get(&pid).copied().flatten()
    }

    /// Waits for its end.
    pub(super) fn wait(&self, pid: i32, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        let mut table = self.lock();
        loop {
            if let Some(status) = table.get(&pid).copied().flatten() {
                return Some(status);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            table = self.shared.1.wait_timeout(table, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Sends a signal, if it has not ended.
    pub(super) fn signal(&self, pid: i32, signal: Signal) -> Result<()> {
        // held: until it is waited for its number is its own
        let table = self.lock();
        if let (Some(None), Some(pid)) = (table.get(&pid), Pid::from_raw(pid)) {
            kill_process(pid, signal).context("cannot send a signal")?;
        }
        Ok(())
    }

    /// Asks all to end.
    pub(super) fn terminate_all(&self) {
        for (pid, ended) in self.lock().iter() {
            if let (None, Some(pid)) = (ended, Pid::from_raw(*pid)) {
                // one that has just ended is no fault
                let _ = kill_process(pid, Signal::TERM);
            }
        }
    }

    /// Whether any still runs.
    pub(super) fn any_is_left(&self) -> bool {
        self.lock().values().any(Option::is_none)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
