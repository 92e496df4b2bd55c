//! A lab for a chore.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use wgtrace_lab::Lab;

/// A lab of its own, which ends with this value.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) programs: PathBuf,
    pub(crate) lab: Lab,
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
        let status = up.status().with_context(|| format!("cannot start {}", program.display()))?;
        ensure!(status.success(), "the lab did not come up");
        Ok(Self { programs: programs.into(), lab: Lab::attach(&name)? })
    }

    /// What this process's lab for a purpose is called.
    pub(crate) fn name(purpose: &str) -> String {
        format!("{purpose}-{}", std::process::id())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut down = Command::new(self.programs.join("wgtrace-lab"));
        let _gone = down.args(["down", "--name", self.lab.name()]).stdout(Stdio::null()).status();
    }
}
