//! `cargo lab`: the lab, with programs that are as the sources are.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::programs;

/// Arguments of `cargo xtask lab`.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// What `wgtrace-lab` is told.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Builds the programs and becomes `wgtrace-lab`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let program = programs::build()?.join("wgtrace-lab");
    let error = Command::new(&program).args(&args.arguments).exec();
    Err(error).with_context(|| format!("cannot start {}", program.display()))
}
