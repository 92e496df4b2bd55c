//! `wgtrace-lab`: what `wgtrace lab` runs.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use wgtrace_lab::cli::{Cli, EXIT_ERROR};

fn main() -> ExitCode {
    Cli::parse().run().unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "wgtrace-lab: {error:#}");
        ExitCode::from(EXIT_ERROR)
    })
}
