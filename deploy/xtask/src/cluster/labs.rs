//! The labs of this process, which end with it, whoever asks it to end.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};

/// A lab that is up, or about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) programs: PathBuf,
    pub(super) name: String,
}

static LABS: Mutex<Vec<Entry>> = Mutex::new(Vec::new());
static LISTENER: OnceLock<()> = OnceLock::new();

impl Entry {
    /// Writes a lab down; from here on Ctrl-C, SIGTERM and SIGHUP take it down and end the process.
    pub(super) fn write(programs: &Path, name: &str) -> Result<Self> {
        if LISTENER.get().is_none() {
            listen()?;
            let _first = LISTENER.set(());
        }
        let entry = Self { programs: programs.into(), name: name.to_owned() };
        labs().push(entry.clone());
        Ok(entry)
    }

    /// Takes the lab down.
    pub(super) fn strike(&self) {
        self.down();
        labs().retain(|other| other != self);
    }

    fn down(&self) {
        let mut down = Command::new(self.programs.join("wgtrace-lab"));
        let _gone = down.args(["down", "--name", &self.name]).stdout(Stdio::null()).status();
    }
}

fn labs() -> MutexGuard<'static, Vec<Entry>> {
    LABS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let [mut interrupt, mut terminate, mut hang_up] = {
        let _inside = runtime.enter();
        let [one, two, three] = kinds.map(signal);
        [one.context("SIGINT")?, two.context("SIGTERM")?, three.context("SIGHUP")?]
    };
    std::thread::spawn(move || {
        let kind = runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => SignalKind::interrupt(),
                _ = terminate.recv() => SignalKind::terminate(),
                _ = hang_up.recv() => SignalKind::hangup(),
            }
        });
        // held to the end: no lab comes up meanwhile
        let labs = labs();
        for lab in labs.iter() {
            eprintln!("xtask: told to end: lab `{}` goes down", lab.name);
            lab.down();
        }
        std::process::exit(128 + kind.as_raw_value());
    });
    Ok(())
}
