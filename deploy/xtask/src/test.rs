//! Test rings that `cargo test` alone cannot run.

mod netns;
mod vm;

use anyhow::Result;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Test {
    /// Real programs on real devices, in network namespaces of their own; needs root.
    Netns(netns::Args),
    /// The object on other kernels, in virtual machines.
    Vm(vm::Args),
}

impl Test {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Netns(args) => netns::run(&args),
            Self::Vm(args) => vm::run(&args),
        }
    }
}
