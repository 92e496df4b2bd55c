//! `cargo lab`: the lab, with programs that are as the sources are.
//!
//! This needs no crate: with any it would have features of its own, and what it shares with the programs would be built
//! twice.
#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let Err(error) = run(&arguments);
    eprintln!("cargo lab: {error}");
    ExitCode::FAILURE
}

/// Builds the programs and becomes `wgtrace-lab`.
fn run(arguments: &[OsString]) -> Result<std::convert::Infallible, String> {
    // before minutes are spent for nothing
    if arguments.is_empty() && !is_root() {
        return Err("a lab needs root: it makes namespaces and loads BPF programs".to_owned());
    }
    let lab = beside_this().map_err(|error| format!("cannot tell where programs are built: {error}"))?;
    build(!lab.exists())?;
    let error = Command::new(&lab).args(arguments).exec();
    Err(format!("cannot start {}: {error}", lab.display()))
}

/// Of the same profile, in the same directory as this.
fn beside_this() -> io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(LAB))
}

/// Builds the workspace's default members; what cargo says is shown where it takes long.
fn build(is_first: bool) -> Result<(), String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "--locked", "--bins", "--manifest-path"])
        .arg(Path::new(WORKSPACE).join("Cargo.toml"));
    if is_first {
        eprintln!("cargo lab: building the programs; the first time takes some minutes");
    } else {
        cargo.arg("--quiet");
    }
    let status = cargo.status().map_err(|error| format!("cannot start cargo: {error}"))?;
    status.success().then_some(()).ok_or_else(|| format!("cargo build gave up: {status}"))
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

const LAB: &str = "wgtrace-lab";
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
