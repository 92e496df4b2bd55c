//! `wgtrace lab`: a program of its own, which is run in the place of this one.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::cli::LabArgs;

/// Becomes `wgtrace-lab`.
pub(crate) fn run(args: &LabArgs) -> Result<ExitCode> {
    let own = std::env::current_exe().context("cannot tell where this program is")?;
    let lab = own.with_file_name(PROGRAM);
    let error = Command::new(&lab).args(&args.arguments).exec();
    Err(error).with_context(|| {
        format!(
            "cannot start {}, which is beside this program where it is installed: \
                 `cargo build -p {PROGRAM}` makes it",
            lab.display()
        )
    })
}

const PROGRAM: &str = "wgtrace-lab";
