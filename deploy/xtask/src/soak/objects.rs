//! The kernel's BPF programs and maps, by id: ids are not given twice.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result};
use aya::maps::loaded_maps;
use aya::programs::loaded_programs;

/// Programs and maps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Objects {
    pub(super) programs: BTreeSet<u32>,
    pub(super) maps: BTreeSet<u32>,
}

impl Objects {
    /// All of the machine's.
    pub(super) fn alive() -> Result<Self> {
        let programs = loaded_programs().map(|info| Ok(info?.id())).collect::<Result<_>>();
        let maps = loaded_maps().map(|info| Ok(info?.id())).collect::<Result<_>>();
        Ok(Self {
            programs: programs.context("cannot list the kernel's BPF programs")?,
            maps: maps.context("cannot list the kernel's BPF maps")?,
        })
    }

    /// Takes in those that a process has descriptors of.
    pub(super) fn add_of(&mut self, pid: u32) -> Result<()> {
        let path = format!("/proc/{pid}/fdinfo");
        for entry in fs::read_dir(&path).with_context(|| format!("cannot read {path}"))? {
            // a descriptor may be closed meanwhile
            self.add(&fs::read_to_string(entry?.path()).unwrap_or_default());
        }
        Ok(())
    }

    /// linux: kernel/bpf/syscall.c, `bpf_prog_show_fdinfo`, `bpf_map_show_fdinfo`
    fn add(&mut self, fdinfo: &str) {
        let id = |name: &str| {
            let line = fdinfo.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().parse::<u32>().ok()
        };
        self.programs.extend(id("prog_id:"));
        self.maps.extend(id("map_id:"));
    }

    /// Those of them that there still are.
    pub(super) fn among(&self, alive: &Self) -> Self {
        Self { programs: &self.programs & &alive.programs, maps: &self.maps & &alive.maps }
    }

    /// How many programs and maps.
    pub(super) fn counts(&self) -> [usize; 2] {
        [self.programs.len(), self.maps.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_tell_what_they_are_of() {
        let mut objects = Objects::default();
        objects.add("pos:\t0\nprog_type:\t3\nprog_jited:\t1\nprog_id:\t412\nrun_cnt:\t0\n");
        objects.add("pos:\t0\nmap_type:\t4\nmap_id:\t77\nfrozen:\t0\n");
        objects.add("link_type:\ttcx\nlink_id:\t9\nprog_tag:\t0011\nprog_id:\t413\nifindex:\t2\n");
        objects.add("pos:\t0\nflags:\t02\n");
        let ids = Objects { programs: [412, 413].into(), maps: [77].into() };
        assert_eq!(objects, ids);
        let alive = Objects { programs: [1, 413].into(), maps: [2].into() };
        assert_eq!(objects.among(&alive).counts(), [1, 0]);
    }
}
