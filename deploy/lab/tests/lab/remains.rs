//! What there is of labs in this machine.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use wgtrace_lab::Lab;

use crate::world::within;

/// Everything by which a lab can be seen from outside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Remains {
    /// Processes with the labs' directory in their command line or among their open files' names.
    processes: BTreeSet<String>,
    /// Lines of this mount namespace that name it.
    mounts: BTreeSet<String>,
    /// Interfaces of this network namespace.
    interfaces: BTreeSet<String>,
    /// Names of network namespaces.
    named: BTreeSet<String>,
}

/// A lab's namespaces, by inode.
pub(crate) struct Namespaces(BTreeSet<u64>);

impl Remains {
    /// Of the labs below a directory.
    pub(crate) fn of(directory: &Path) -> Self {
        let directory = directory.to_str().unwrap();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let names = |path: &str| -> BTreeSet<String> {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
        };
        Self {
            processes: processes(|pid| {
                let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                // the tests' own name it in their environment alone
                String::from_utf8_lossy(&line).contains(directory)
            }),
            mounts: mounts.lines().filter(|line| line.contains(directory)).map(str::to_owned).collect(),
            interfaces: names("/sys/class/net"),
            named: names("/run/netns").into_iter().filter(|name| name.starts_with("cni-")).collect(),
        }
    }

    /// Waits until there is no more than before.
    pub(crate) fn wait_for(&self, directory: &Path) {
        within(&format!("nothing more than {self:?}"), || Self::of(directory).is_within(self).then_some(()));
    }

    /// What others have made before may be gone meanwhile.
    fn is_within(&self, before: &Self) -> bool {
        self.processes.is_subset(&before.processes)
            && self.mounts.is_subset(&before.mounts)
            && self.interfaces.is_subset(&before.interfaces)
            && self.named.is_subset(&before.named)
    }

    /// Whether it sees the processes of a lab.
    pub(crate) fn sees_processes(&self) -> bool {
        self.processes.len() >= 4
    }
}

impl Namespaces {
    /// Those of a lab that runs.
    pub(crate) fn of(lab: &Lab) -> Self {
        let supervisor = lab.supervisor();
        let inode = |path: String| fs::metadata(path).unwrap().ino();
        let record = lab.home().record().unwrap().unwrap();
        let nodes = record.nodes.iter().map(|node| node.namespaces);
        let places = nodes.chain(record.pods.iter().map(|pod| pod.namespaces));
        let fds = places.flat_map(|of| [of.net, of.mount, of.uts]);
        let held = fds.map(|fd| inode(format!("/proc/{supervisor}/fd/{fd}")));
        Self(held.chain([inode(format!("/proc/{supervisor}/ns/pid"))]).collect())
    }

    /// Processes that are in one of them, or hold one open.
    pub(crate) fn users(&self) -> BTreeSet<String> {
        let own = std::process::id().to_string();
        processes(|pid| {
            let within = |below: &str| {
                let entries = fs::read_dir(format!("/proc/{pid}/{below}")).into_iter().flatten().flatten();
                entries
                    .filter_map(|entry| fs::metadata(entry.path()).ok())
                    .any(|it| self.0.contains(&it.ino()) && it.dev() == nsfs())
            };
            pid != own && (within("ns") || within("fd"))
        })
    }

    /// Waits until there are none.
    pub(crate) fn wait_unused(&self) {
        within("nobody uses the lab's namespaces", || self.users().is_empty().then_some(()));
    }
}

/// The device that inodes of namespaces are on.
fn nsfs() -> u64 {
    fs::metadata("/proc/self/ns/net").unwrap().dev()
}

fn processes(is_one: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().into_string().ok());
    pids.filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit()) && is_one(pid)).collect()
}
