//! The rings, and which of them run here.

use anyhow::Result;

use super::{netns, readme, vm, workspace};
use crate::soak;

/// Tests with the same needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ring {
    /// What needs no privileges.
    Workspace,
    /// What the documents show.
    Readme,
    /// Real devices, in network namespaces.
    Netns,
    /// A lab that lasts, for two minutes.
    Soak,
    /// Other kernels, in virtual machines.
    Vm,
}

impl Ring {
    /// In the order that they run in.
    pub(crate) const ALL: [Self; 5] = [Self::Workspace, Self::Readme, Self::Netns, Self::Soak, Self::Vm];

    /// What the command line and `WGTRACE_SKIP` call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Readme => "readme",
            Self::Netns => "netns",
            Self::Soak => "soak",
            Self::Vm => "vm",
        }
    }

    /// Why it does not run here; `None` if it does.
    pub(crate) fn left_out(self, is_root: bool) -> Option<LeftOut> {
        if skipped(self.name()) {
            return Some(LeftOut::Asked);
        }
        (matches!(self, Self::Netns | Self::Soak) && !is_root).then_some(LeftOut::NeedsRoot)
    }

    /// Runs all of it.
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Workspace => workspace::run(),
            Self::Readme => readme::run(),
            Self::Netns => netns::run(&netns::Args::default()),
            Self::Soak => soak::run(&soak::Args::default()),
            Self::Vm => vm::run(&vm::Args::default()),
        }
    }
}

/// Why a ring does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LeftOut {
    /// `WGTRACE_SKIP` names it.
    Asked,
    /// Namespaces, BPF programs and packet sockets are root's.
    NeedsRoot,
}

impl std::fmt::Display for LeftOut {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Asked => "left out: WGTRACE_SKIP names it",
            Self::NeedsRoot => "left out: it needs root",
        })
    }
}

/// Whether `WGTRACE_SKIP` names a ring or a program to do without.
pub(crate) fn skipped(name: &str) -> bool {
    std::env::var("WGTRACE_SKIP").unwrap_or_default().split(',').any(|skipped| skipped.trim() == name)
}
