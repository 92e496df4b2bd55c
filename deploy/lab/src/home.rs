//! The directory of a lab.

mod claim;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

pub(crate) use self::claim::Claim;
use crate::process::Process;
use crate::record::Record;

/// Where a lab's files are: everything of it that others see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    name: String,
    path: PathBuf,
}

/// Where a node's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeHome {
    path: PathBuf,
}

impl Home {
    /// The name of a lab that is given none.
    pub const DEFAULT: &str = "wgtrace";
    /// What all labs are below, unless [`DIRECTORY`](Self::DIRECTORY) names another directory.
    pub const ROOT: &str = "/run/wgtrace-lab";
    /// The environment's variable for that.
    pub const DIRECTORY: &str = "WGTRACE_LAB_DIRECTORY";

    /// That of a lab of this name, in the directory that the environment names.
    pub fn of(name: &str) -> Result<Self> {
        let root = std::env::var_os(Self::DIRECTORY).map_or_else(|| Self::ROOT.into(), PathBuf::from);
        Self::below(&root, name)
    }

    /// That of a lab of this name.
    pub fn below(root: &Path, name: &str) -> Result<Self> {
        ensure!(
            (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_part_of_a_name),
            "`{name}` is no name for a lab: expected at most {LONGEST_NAME} letters, digits and hyphens"
        );
        let root = std::path::absolute(root).with_context(|| root.display().to_string())?;
        let home = Self { name: name.to_owned(), path: root.join(name) };
        let longest = home.node(LONGEST_NODE).socket();
        ensure!(
            longest.as_os_str().len() < SOCKET_PATH,
            "{} is too long for a socket: name a shorter directory by {}",
            longest.display(),
            Self::DIRECTORY
        );
        Ok(home)
    }

    /// The lab's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Who the nodes are, a file each, written by their daemons.
    pub fn registry(&self) -> PathBuf {
        self.path.join("registry")
    }

    /// What the supervisor says.
    pub fn log(&self) -> PathBuf {
        self.path.join("supervisor.log")
    }

    /// Where the supervisor listens.
    pub fn control(&self) -> PathBuf {
        self.path.join("control.sock")
    }

    /// The files of a node.
    pub fn node(&self, name: &str) -> NodeHome {
        NodeHome { path: self.path.join(name) }
    }

    /// What the lab that runs here says of itself; `None` if none does.
    pub fn record(&self) -> Result<Option<Record>> {
        let Some(record) = self.read::<Record>(&self.path.join(RECORD))? else { return Ok(None) };
        Ok(record.supervisor.is_alive()?.then_some(record))
    }

    /// The supervisor, from its first moments on; `None` if there is none.
    pub fn supervisor(&self) -> Result<Option<Process>> {
        let Some(process) = self.read::<Process>(&self.path.join(SUPERVISOR))? else { return Ok(None) };
        Ok(process.is_alive()?.then_some(process))
    }

    /// Has this process be the supervisor.
    pub fn write_supervisor(&self) -> Result<Process> {
        let process = Process::current()?;
        self.write(SUPERVISOR, &process)?;
        Ok(process)
    }

    /// Says what runs here.
    pub fn write_record(&self, record: &Record) -> Result<()> {
        self.write(RECORD, record)
    }

    fn read<T: serde::de::DeserializeOwned>(&self, path: &Path) -> Result<Option<T>> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let way_out =
                    if error.kind() == ErrorKind::PermissionDenied { ": labs are root's" } else { "" };
                return Err(error).with_context(|| format!("cannot read {}{way_out}", path.display()));
            }
        };
        let parsed = serde_json::from_str(&text).with_context(|| {
            format!("{} is not of this release: `wgtrace lab down --name {}`", path.display(), self.name)
        });
        parsed.map(Some)
    }

    /// Readers see the old file or the new one.
    fn write(&self, name: &str, content: &impl serde::Serialize) -> Result<()> {
        let path = self.path.join(name);
        let unfinished = path.with_extension("new");
        fs::write(&unfinished, serde_json::to_string_pretty(content)? + "\n")
            .and_then(|()| fs::rename(&unfinished, &path))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

impl NodeHome {
    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The daemon's run directory: `/run/wgtrace` of the node.
    pub fn run(&self) -> PathBuf {
        self.path.join("run")
    }

    /// The daemon's socket.
    pub fn socket(&self) -> PathBuf {
        self.run().join("wgtraced.sock")
    }

    /// The daemon's state directory.
    pub fn state(&self) -> PathBuf {
        self.path.join("state")
    }

    /// Where deletions wait for the daemon.
    pub fn queue(&self) -> PathBuf {
        self.state().join("deletions")
    }

    /// Where the daemon tells its service manager, which is the supervisor.
    pub fn notify(&self) -> PathBuf {
        self.path.join("notify.sock")
    }

    /// The daemon's configuration.
    pub fn config(&self) -> PathBuf {
        self.path.join("wgtraced.toml")
    }

    /// What the daemon says.
    pub fn log(&self) -> PathBuf {
        self.path.join("wgtraced.log")
    }

    /// The daemon's key log, if the lab has them.
    pub fn key_log(&self) -> PathBuf {
        self.path.join("keys.log")
    }
}

fn is_part_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

const LONGEST_NAME: usize = 32;
const LONGEST_NODE: &str = "cilium-wireguard-control-plane";
const RECORD: &str = "lab.json";
const SUPERVISOR: &str = "supervisor.json";
/// linux: `struct sockaddr_un`
const SOCKET_PATH: usize = 108;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let root = Path::new("/run/x");
        for name in ["", "..", "a/b", "a b", "é", &"a".repeat(33)] {
            assert!(Home::below(root, name).is_err(), "{name:?}");
        }
        assert_eq!(Home::below(root, "lab-2").unwrap().path(), Path::new("/run/x/lab-2"));
    }

    #[test]
    fn a_directory_too_long_for_sockets_is_refused_with_a_way_out() {
        let error = Home::below(&Path::new("/run").join("x".repeat(90)), "a").unwrap_err().to_string();
        assert!(error.ends_with("name a shorter directory by WGTRACE_LAB_DIRECTORY"), "{error}");
    }
}
