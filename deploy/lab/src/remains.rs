//! What there is of labs in this machine.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::Lab;

/// Everything by which labs can be seen from outside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remains {
    /// Processes with the labs' directory in their command line.
    pub processes: BTreeSet<String>,
    /// Lines of this mount namespace that name it.
    pub mounts: BTreeSet<String>,
    /// Interfaces of this network namespace.
    pub interfaces: BTreeSet<String>,
    /// Names of network namespaces.
    pub named: BTreeSet<String>,
}

/// A lab's namespaces, by inode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespaces(BTreeSet<u64>);

impl Remains {
    /// Of the labs in or below a directory.
    ///
    /// # Errors
    /// When `/proc` does not tell.
    pub fn of(directory: &Path) -> Result<Self> {
        let directory = directory.to_string_lossy();
        let mounts = fs::read_to_string("/proc/self/mountinfo").context("cannot read the mounts")?;
        let names = |path: &str| -> BTreeSet<String> {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
        };
        Ok(Self {
            processes: processes(|pid| {
                let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                // who tests names it in the environment alone
                String::from_utf8_lossy(&line).contains(&*directory)
            })?,
            mounts: mounts.lines().filter(|line| line.contains(&*directory)).map(str::to_owned).collect(),
            interfaces: names("/sys/class/net"),
            named: names("/run/netns").into_iter().filter(|name| name.starts_with("cni-")).collect(),
        })
    }

    /// What there is more than before; what others had made may be gone meanwhile.
    #[must_use]
    pub fn beyond(&self, before: &Self) -> Self {
        Self {
            processes: &self.processes - &before.processes,
            mounts: &self.mounts - &before.mounts,
            interfaces: &self.interfaces - &before.interfaces,
            named: &self.named - &before.named,
        }
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        [&self.processes, &self.mounts, &self.interfaces, &self.named].iter().all(|set| set.is_empty())
    }
}

impl Namespaces {
    /// Those of a lab that runs.
    ///
    /// # Errors
    /// When it has ended.
    pub fn of(lab: &Lab) -> Result<Self> {
        let supervisor = lab.supervisor();
        let record = lab.home().record()?.context("the lab has ended")?;
        let nodes = record.nodes.iter().map(|node| node.namespaces);
        let places = nodes.chain(record.pods.iter().map(|pod| pod.namespaces));
        let held = places.flat_map(|of| [of.net, of.mount, of.uts]).map(|fd| format!("fd/{fd}"));
        let inode = |below: String| Ok(fs::metadata(format!("/proc/{supervisor}/{below}"))?.ino());
        held.chain(["ns/pid".to_owned()]).map(inode).collect::<Result<_>>().map(Self)
    }

    /// Processes that are in one of them, or hold one open; this one is not among them.
    ///
    /// # Errors
    /// When `/proc` does not tell.
    pub fn users(&self) -> Result<BTreeSet<String>> {
        let own = std::process::id().to_string();
        // the device that inodes of namespaces are on
        let nsfs = fs::metadata("/proc/self/ns/net").context("cannot look at a namespace")?.dev();
        processes(|pid| {
            let within = |below: &str| {
                let entries = fs::read_dir(format!("/proc/{pid}/{below}")).into_iter().flatten().flatten();
                entries
                    .filter_map(|entry| fs::metadata(entry.path()).ok())
                    .any(|it| self.0.contains(&it.ino()) && it.dev() == nsfs)
            };
            pid != own && (within("ns") || within("fd"))
        })
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn processes(is_one: impl Fn(&str) -> bool) -> Result<BTreeSet<String>> {
    let entries = fs::read_dir("/proc").context("cannot read /proc")?.flatten();
    let pids = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    Ok(pids.filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit()) && is_one(pid)).collect())
}
