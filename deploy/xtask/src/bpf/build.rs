use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::tools::Tools;

/// Flags of the compiler, but for the paths that are left out of the object.
///
/// Every type is described (`debuginfo`, `--btf`); v3 is what Linux 5.1 understands. Loops stay loops: unrolled,
/// they multiply what a verifier has to walk.
pub(super) const FLAGS: [&str; 6] = [
    "--cfg=bpf_target_arch=\"x86_64\"",
    "-Ctarget-cpu=v3",
    "-Cdebuginfo=2",
    "-Cllvm-args=-unroll-threshold=1",
    "-Clink-arg=--llvm-args=-unroll-threshold=1",
    "-Clink-arg=--btf",
];

pub(super) const TARGET: &str = "bpfel-unknown-none";

/// Builds the programs in `root`; the object as the linker made it.
pub(super) fn build(root: &Path, tools: &Tools) -> Result<Vec<u8>> {
    let target_dir = root.join("target/bpf");
    let mut cargo = Command::new(&tools.cargo);
    cargo.current_dir(root).args(["build", "--locked", "--package=wgtrace-bpf", "--bin=wgtrace-bpf"]);
    cargo.args(["--features=programs", "--release", "-Zbuild-std=core"]);
    cargo.arg(format!("--target={TARGET}")).arg("--target-dir").arg(&target_dir);
    for setting in PROFILE {
        cargo.arg("--config").arg(format!("profile.release.{setting}"));
    }
    for variable in INHERITED {
        cargo.env_remove(variable);
    }
    // What the Linux kernel does too: unstable features of a compiler whose version is fixed.
    cargo.env("RUSTC_BOOTSTRAP", "1").env("CARGO_INCREMENTAL", "0");
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(root, tools));
    let status = cargo.status().context("cannot run cargo")?;
    ensure!(status.success(), "building the programs failed: {status}");
    let object = target_dir.join(TARGET).join("release/wgtrace-bpf");
    fs::read(&object).with_context(|| format!("cannot read {}", object.display()))
}

const PROFILE: [&str; 5] =
    ["opt-level=3", "debug=2", "codegen-units=1", "lto=false", "overflow-checks=false"];

/// Set by the cargo that runs this program, or by whoever runs it.
const INHERITED: [&str; 7] = [
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_RUSTFLAGS",
];

fn flags(root: &Path, tools: &Tools) -> OsString {
    let mut flags = OsString::from(FLAGS.join(SEPARATOR));
    let places =
        [(root, "wgtrace"), (tools.cargo_home.as_path(), "cargo"), (tools.sysroot.as_path(), "rust")];
    for (path, name) in places {
        flags.push(SEPARATOR);
        flags.push("--remap-path-prefix=");
        flags.push(path);
        flags.push("=");
        flags.push(name);
    }
    flags
}

/// Between flags in `CARGO_ENCODED_RUSTFLAGS`.
const SEPARATOR: &str = "\u{1f}";
