//! Where sessions are played.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

/// A directory with the captures in it, and one for labs that no other lab is in.
#[derive(Debug)]
pub(super) struct Stage {
    directory: TempDir,
    labs: TempDir,
    programs: PathBuf,
}

impl Stage {
    pub(super) fn set(programs: &Path) -> Result<Self> {
        let (directory, labs) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let captures = Path::new(WORKSPACE).join("captures").canonicalize()?;
        symlink(captures, directory.path().join("captures"))?;
        Ok(Self { directory, labs, programs: programs.into() })
    }

    /// What a command prints, errors and all, as a person reads it.
    pub(super) fn run(&self, command: &str) -> Result<String> {
        let command = command.replace(wgtrace_lab::Home::ROOT, &self.labs.path().to_string_lossy());
        let mut printed = tempfile::tempfile()?;
        let mut child = self
            .shell(&format!("{CARGO}{command}"))?
            .stdout(printed.try_clone()?)
            .stderr(printed.try_clone()?)
            .process_group(0)
            .spawn()
            .context("cannot start sh")?;
        let group = Pid::from_child(&child);
        let deadline = Instant::now() + PATIENCE;
        let is_over = loop {
            if child.try_wait()?.is_some() {
                break true;
            }
            if Instant::now() > deadline {
                break false;
            }
            std::thread::sleep(INTERVAL);
        };
        if !is_over {
            kill_process_group(group, Signal::KILL)?;
            child.wait()?;
            bail!("`{command}` does not end within {PATIENCE:?}; it printed:\n{}", self.read(&mut printed)?);
        }
        self.read(&mut printed)
    }

    fn shell(&self, script: &str) -> Result<Command> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(self.programs.clone()).chain(std::env::split_paths(&path));
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).current_dir(self.directory.path()).stdin(Stdio::null());
        shell
            .env("PATH", std::env::join_paths(path)?)
            .env("NO_COLOR", "1")
            .env("COLUMNS", "160")
            .env("TZ", "UTC");
        shell.env("WORKSPACE", WORKSPACE).env(wgtrace_lab::Home::DIRECTORY, self.labs.path());
        for variable in ["WGTRACE_SERVER", "WGTRACE_CONFIG", "WGTRACE_LOG"] {
            shell.env_remove(variable);
        }
        Ok(shell)
    }

    /// With the usual directory of labs, as whoever pastes the command has it.
    fn read(&self, printed: &mut File) -> Result<String> {
        printed.rewind()?;
        let mut bytes = Vec::new();
        printed.read_to_end(&mut bytes)?;
        let labs = self.labs.path().to_string_lossy();
        Ok(String::from_utf8_lossy(&bytes).replace(labs.as_ref(), wgtrace_lab::Home::ROOT))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for entry in self.labs.path().read_dir().into_iter().flatten().flatten() {
            let mut down = Command::new(self.programs.join("wgtrace-lab"));
            down.args(["down", "--name"]).arg(entry.file_name());
            let _gone =
                down.env(wgtrace_lab::Home::DIRECTORY, self.labs.path()).stdout(Stdio::null()).status();
        }
    }
}

/// cargo knows the workspace by the directory that it is run in.
const CARGO: &str = "cargo() { (cd \"$WORKSPACE\" && command cargo \"$@\"); }\n";
pub(super) const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// The walkthrough takes ten seconds, and building what a change has made stale some minutes.
const PATIENCE: Duration = Duration::from_mins(15);
const INTERVAL: Duration = Duration::from_millis(20);
