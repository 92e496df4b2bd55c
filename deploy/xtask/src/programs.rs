//! The project's own programs.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// Builds all of them; the directory that they are in.
pub(crate) fn build() -> Result<PathBuf> {
    build_with(&[])
}

/// The same as they are shipped.
pub(crate) fn build_release() -> Result<PathBuf> {
    build_with(&["--release"])
}

fn build_with(more: &[&str]) -> Result<PathBuf> {
    let mut cargo = cargo();
    cargo.args(["build", "--quiet", "--bins", "--message-format", "json-render-diagnostics"]).args(more);
    for package in ["wgtrace", "wgtraced", "wgtrace-cni", "wgtrace-lab"] {
        cargo.args(["--package", package]);
    }
    let output = cargo.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    ensure!(output.status.success(), "cargo build gave up: {}", output.status);
    // One message a line; a program's names a file to run.
    let program = output.stdout.split(|byte| *byte == b'\n').find_map(|line| {
        let message: serde_json::Value = serde_json::from_slice(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    let program = program.context("cargo names no program")?;
    Ok(program.parent().context("a program in no directory")?.to_owned())
}

/// The cargo that runs this.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
