//! A lab for a chore.

mod labs;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use wgtrace_lab::Lab;

use self::labs::Entry;

/// A lab of its own, which ends with this value, and with the process.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) programs: PathBuf,
    pub(crate) lab: Lab,
    entry: Entry,
}

impl Cluster {
    /// Brings a lab up whose name starts with `purpose`; `keys` as `wgtrace-lab up --keys` has it.
    pub(crate) fn up(programs: &Path, purpose: &str, keys: &str) -> Result<Self> {
        Self::up_with(programs, purpose, &["--keys", keys])
    }

    /// The same with these options of `wgtrace-lab up`.
    pub(crate) fn up_with(programs: &Path, purpose: &str, options: &[&str]) -> Result<Self> {
        let name = Self::name(purpose);
        let program = programs.join("wgtrace-lab");
        let mut up = Command::new(&program);
        up.args(["up", "--name", &name]).args(options).stdout(Stdio::null());
        let entry = Entry::write(programs, &name)?;
        let status = up.status().with_context(|| format!("cannot start {}", program.display()));
        let lab = status.and_then(|status| {
            ensure!(status.success(), "the lab did not come up");
            Lab::attach(&name)
        });
        match lab {
            Ok(lab) => Ok(Self { programs: programs.into(), lab, entry }),
            Err(error) => {
                entry.strike();
                Err(error)
            }
        }
    }

    /// What this process's lab for a purpose is called.
    pub(crate) fn name(purpose: &str) -> String {
        format!("{purpose}-{}", std::process::id())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.entry.strike();
    }
}
