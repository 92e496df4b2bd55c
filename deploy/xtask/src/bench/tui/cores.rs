//! A core for the program that is measured, the others for what it is measured with.

use std::fmt;

use anyhow::{Context as _, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Who runs where.
#[derive(Debug)]
pub(super) struct Cores {
    all: usize,
    /// The program's, and the others; nothing where there is one core.
    split: Option<(CpuSet, CpuSet)>,
}

impl Cores {
    /// This thread, and those that it starts from now on, leave one core alone.
    pub(super) fn share() -> Result<Self> {
        let mut others = sched_getaffinity(None).context("cannot tell the cores")?;
        let mut own = CpuSet::new();
        let all = usize::try_from(others.count())?;
        let last = (0..CpuSet::MAX_CPU).rev().find(|core| others.is_set(*core)).context("no core")?;
        if all == 1 {
            return Ok(Self { all, split: None });
        }
        own.set(last);
        others.unset(last);
        sched_setaffinity(None, &others).context("cannot leave a core alone")?;
        Ok(Self { all, split: Some((own, others)) })
    }

    /// Starts a program that has that core for itself.
    pub(super) fn on_its_own<T>(&self, start: impl FnOnce() -> Result<T>) -> Result<T> {
        let Some((own, others)) = &self.split else { return start() };
        sched_setaffinity(None, own).context("cannot go to the core")?;
        let started = start();
        sched_setaffinity(None, others).context("cannot come back from the core")?;
        started
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.split {
            None => out.write_str("1 core, which the program shares with the daemon and the terminal"),
            Some(_) => write!(
                out,
                "{} cores: one for the program, the others for the daemon and the terminal",
                self.all
            ),
        }
    }
}
