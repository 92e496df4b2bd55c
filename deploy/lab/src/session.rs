//! `wgtrace-lab` alone: a cluster that lives for as long as somebody looks at it.

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::pin::pin;
use std::process::{Child, Command, ExitCode, ExitStatus};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal};

use crate::exec::{code_of, pass_on};
use crate::home::Home;
use crate::record::{Keys, Settings};
use crate::{Lab, down, programs, up, walkthrough};

/// Shows a cluster with traffic in the TUI, and takes it down with that; the walkthrough where there is no terminal.
pub(crate) fn run(home: &Home) -> Result<ExitCode> {
    if !io::stdout().is_terminal() {
        return walkthrough::run(&walkthrough::Args::default(), home);
    }
    if home.record()?.is_some() {
        return attend(&Lab::attach_to(home)?);
    }
    up::requirements()?;
    let programs = programs::beside_this()?;
    programs::check(&programs)?;
    programs::check_watcher(&programs)?;
    let settings = Settings { encryption: true, keys: Keys::Session, programs, traffic: true };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // ends with this process, however that ends
        let (mut supervisor, mut signals) = up::bring(&settings, home, true).await?;
        let watched = match watch(&settings.programs, home.name()) {
            Ok(tui) => {
                let pid = Pid::from_child(&tui);
                let mut ended = pin!(up::end_of(tui));
                loop {
                    tokio::select! {
                        status = &mut ended => break status,
                        // it leaves the terminal as it was
                        () = signals.next() => pass_on(pid, Signal::TERM),
                    }
                }
            }
            Err(error) => Err(error),
        };
        match supervisor.try_wait()? {
            None => {
                down::run(home)?;
            }
            Some(status) => {
                // who ended it from elsewhere removes its directory
                down::remove(home)?;
                eprintln!("wgtrace-lab: lab `{}` had ended before: {status}", home.name());
            }
        }
        if watched.as_ref().is_ok_and(ExitStatus::success) {
            eprintln!("wgtrace-lab: lab `{}` is down, and nothing is left of it", home.name());
        }
        watched.map(code_of)
    })
}

/// Looks at somebody else's lab.
fn attend(lab: &Lab) -> Result<ExitCode> {
    let name = lab.name();
    let settings = lab.settings();
    let encryption = if settings.encryption { "on" } else { "off" };
    eprintln!("wgtrace-lab: lab `{name}` is up already, encryption {encryption}: it stays when the TUI ends");
    if !lab.traffic()?.is_on {
        eprintln!("wgtrace-lab: its pods are silent: `wgtrace lab traffic on --name {name}` has them talk");
    }
    let programs = programs::beside_this()?;
    programs::check_watcher(&programs)?;
    let status = watch(&programs, name)?.wait().context("cannot wait for wgtrace")?;
    Ok(code_of(status))
}

/// Starts the TUI on all nodes of a lab.
fn watch(programs: &Path, name: &str) -> Result<Child> {
    let program = programs.join(programs::WATCHER);
    let mut tui = Command::new(&program);
    tui.arg("tui").arg(format!("--lab={name}"));
    tui.spawn().with_context(|| format!("cannot start {}", program.display()))
}
