//! Labs of somebody's own: a test's.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::{Home, Lab};

/// A directory for labs, where nobody else has any; all of them end with this value, whatever became of its user.
#[derive(Debug)]
pub struct Room {
    directory: TempDir,
    lab: PathBuf,
    programs: PathBuf,
}

impl Room {
    /// Names the directory of the programs that labs run: `wgtraced`, `wgtrace-cni`, `wgtrace`.
    pub const PROGRAMS: &str = "WGTRACE_PROGRAMS";

    /// For labs that the program `lab` brings up.
    ///
    /// # Errors
    /// When nobody says where the programs are, or there is no directory to be had.
    pub fn new(lab: impl Into<PathBuf>) -> Result<Self> {
        let programs = std::env::var_os(Self::PROGRAMS).with_context(|| {
            format!(
                "{} names the directory of all programs: `cargo xtask test netns` does that",
                Self::PROGRAMS
            )
        })?;
        let directory = tempfile::tempdir().context("cannot make a directory for labs")?;
        Ok(Self { directory, lab: lab.into(), programs: programs.into() })
    }

    /// Where the labs are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A program that labs run.
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// `wgtrace-lab` with these words, for the lab `name`; one that comes up gets the room's programs unless others are named.
    pub fn command(&self, name: &str, words: &[&str]) -> Command {
        let mut command = Command::new(&self.lab);
        command.env(Home::DIRECTORY, self.directory()).env_remove("WGTRACE_LOG");
        command.args(["--name", name]).args(words);
        if words.first() == Some(&"up") && !words.contains(&"--programs") {
            command.arg("--programs").arg(&self.programs);
        }
        command.stdin(Stdio::null());
        command
    }

    /// Brings a lab up.
    ///
    /// # Errors
    /// What `wgtrace-lab` says.
    pub fn up(&self, name: &str, options: &[&str]) -> Result<Lab> {
        let words = [&["up"], options].concat();
        let said = self.command(name, &words).output().context("cannot start wgtrace-lab")?;
        ensure!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        self.attach(name)
    }

    /// Opens a lab that runs.
    ///
    /// # Errors
    /// When it does not.
    pub fn attach(&self, name: &str) -> Result<Lab> {
        Lab::attach_to(&self.home(name)?)
    }

    /// Where a lab is, or would be.
    ///
    /// # Errors
    /// For a name that no lab can have.
    pub fn home(&self, name: &str) -> Result<Home> {
        Home::below(self.directory(), name)
    }

    /// Lets others reach the sockets of a lab's nodes, who may open them: it is its owner's alone.
    ///
    /// # Errors
    /// When a directory cannot be changed.
    pub fn let_others_in(&self, lab: &Lab) -> io::Result<()> {
        for node in lab.nodes() {
            let socket = node.socket();
            let way = socket.ancestors().skip(1).take_while(|path| path.starts_with(self.directory()));
            way.into_iter().try_for_each(|directory| set_mode(directory, 0o711))?;
        }
        Ok(())
    }

    /// Every lab that there is, by name.
    fn names(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(self.directory())?;
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    /// Shows the end of what the daemons of a lab said.
    fn show_logs(&self, name: &str) {
        let nodes =
            self.attach(name).map(|lab| lab.nodes().iter().map(|node| node.home().log()).collect::<Vec<_>>());
        for log in nodes.into_iter().flatten() {
            let text = fs::read_to_string(&log).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let last = lines.get(lines.len().saturating_sub(SHOWN)..).unwrap_or_default();
            eprintln!("{}:\n{}", log.display(), last.join("\n"));
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        for name in self.names().unwrap_or_default() {
            // a directory that is open to others is no lab's
            let _ = set_mode(&self.directory().join(&name), 0o700);
            if std::thread::panicking() {
                self.show_logs(&name);
            }
            match self.command(&name, &["down"]).output() {
                Ok(said) if said.status.success() => {}
                Ok(said) => eprintln!("lab {name} stays: {}", String::from_utf8_lossy(&said.stderr)),
                Err(error) => eprintln!("lab {name} stays: {error}"),
            }
        }
    }
}

fn set_mode(directory: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(directory, Permissions::from_mode(mode))
}

/// Lines of a log.
const SHOWN: usize = 40;
