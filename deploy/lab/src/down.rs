//! `down`: ends a lab, whatever state it is in.

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rustix::process::Signal;

use crate::control::{self, Request};
use crate::home::{Claim, Home};

pub(crate) fn run(home: &Home) -> Result<ExitCode> {
    let name = home.name();
    let path = home.path().display();
    ensure!(home.path().try_exists().with_context(|| path.to_string())?, "there is no lab `{name}`");
    let supervisor = home.supervisor()?.map(crate::Process::open).transpose()?.flatten();
    let has_run = supervisor.is_some();
    if let Some(supervisor) = supervisor {
        let asked = control::ask(home, &Request::Down);
        if asked.is_err() || !supervisor.wait(PATIENCE)? {
            eprintln!("wgtrace-lab: lab `{name}` does not end by itself, and is killed");
            supervisor.signal(Signal::KILL)?;
        }
        ensure!(
            supervisor.wait(PATIENCE)?,
            "the lab's processes do not end: is one of them in the kernel for good?"
        );
    }
    remove(home)?;
    if !has_run {
        eprintln!("wgtrace-lab: lab `{name}` had crashed; removed what was left of it in {path}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Removes the directory of a lab that has ended, or waits until somebody else has.
pub(crate) fn remove(home: &Home) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while home.path().try_exists()? {
        if let Some(left) = Claim::take_left(home)? {
            return left.remove();
        }
        ensure!(
            Instant::now() < deadline,
            "lab `{}` is being made or ended just now: try again",
            home.name()
        );
        thread::sleep(INTERVAL);
    }
    Ok(())
}

/// Longer than the supervisor's own with the daemons.
const PATIENCE: Duration = Duration::from_secs(10);
const INTERVAL: Duration = Duration::from_millis(10);
