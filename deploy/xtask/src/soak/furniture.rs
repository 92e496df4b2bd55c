//! What there is on each node: interfaces, network namespaces, mounts, pinned objects.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use wgtrace_lab::Lab;

use super::sessions::Daemons;

/// What was found, a set for each node and kind: `cilium-wireguard-worker: interfaces`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Furniture(BTreeMap<String, BTreeSet<String>>);

impl Furniture {
    /// That of the nodes of a lab now, seen through their daemons.
    pub(super) fn of(lab: &Lab, daemons: &Daemons) -> Result<Self> {
        let mut found = BTreeMap::new();
        for node in lab.nodes() {
            let name = node.name();
            let pid = daemons.get(name).with_context(|| format!("wgtraced of {name} does not run"))?;
            let table = node.run(|| fs::read_to_string("/proc/thread-self/net/dev"))??;
            let root = format!("/proc/{pid}/root");
            let files = |directory: &str| -> Result<BTreeSet<String>> {
                let mut found = BTreeSet::new();
                below(Path::new(&format!("{root}{directory}")), &mut found)?;
                // as the node sees them
                Ok(found.iter().filter_map(|path| path.strip_prefix(&root)).map(str::to_owned).collect())
            };
            let mounts = fs::read_to_string(format!("/proc/{pid}/mountinfo"))?;
            // linux: Documentation/filesystems/proc.rst, 3.5: the fifth field is the mount point
            let mounts = mounts.lines().filter_map(|line| line.split_whitespace().nth(4)).map(str::to_owned);
            let kinds = [
                ("interfaces", interfaces(&table)),
                ("namespaces", files("/run/netns")?),
                ("mounts", mounts.collect()),
                ("pins", files("/sys/fs/bpf")?),
            ];
            found.extend(kinds.map(|(kind, set)| (format!("{name}: {kind}"), set)));
        }
        Ok(Self(found))
    }

    /// How many of a kind, on all nodes.
    pub(super) fn count(&self, kind: &str) -> usize {
        let of_kind = self.0.iter().filter(|(name, _)| name.ends_with(kind));
        of_kind.map(|(_, set)| set.len()).sum()
    }

    /// What there is here and was not before, and what was and is not.
    pub(super) fn differences(&self, before: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        for (name, now) in &self.0 {
            let then = before.0.get(name).cloned().unwrap_or_default();
            differences.extend(now.difference(&then).map(|what| format!("{name}: more: {what}")));
            differences.extend(then.difference(now).map(|what| format!("{name}: gone: {what}")));
        }
        differences
    }
}

/// Names of a table of `/proc/net/dev`, whose first two lines are its head.
fn interfaces(table: &str) -> BTreeSet<String> {
    let names = table.lines().skip(2).filter_map(|line| line.split_once(':'));
    names.map(|(name, _)| name.trim().to_owned()).collect()
}

/// Files below a directory, which there need not be.
fn below(directory: &Path, found: &mut BTreeSet<String>) -> Result<()> {
    let Ok(entries) = fs::read_dir(directory) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            below(&entry.path(), found)?;
        } else {
            found.insert(entry.path().to_string_lossy().into_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_named_in_front_of_their_counters() {
        let table = "Inter-|   Receive\n face |bytes\n    lo:     0  0\n  eth0: 8 1\n lxc2d3008e4e496: 7 7\n";
        assert_eq!(interfaces(table), ["eth0", "lo", "lxc2d3008e4e496"].map(str::to_owned).into());
    }

    #[test]
    fn what_is_more_and_what_is_gone_is_told() {
        let of = |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            Furniture([("a: interfaces".to_owned(), names)].into())
        };
        let (before, now) = (of(&["lo", "eth0"]), of(&["lo", "lxc1", "lxc2"]));
        assert_eq!(now.differences(&before).len(), 3);
        assert_eq!(now.differences(&before)[2], "a: interfaces: gone: eth0");
        assert_eq!((now.count("interfaces"), now.count("pins")), (3, 0));
    }
}
