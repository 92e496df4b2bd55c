use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

/// Everything whose version or place shows in the object.
pub(super) struct Tools {
    pub(super) cargo: OsString,
    /// `rustc --version`.
    pub(super) rustc: String,
    /// Version of its LLVM.
    pub(super) llvm: String,
    /// `bpf-linker --version`.
    pub(super) linker: String,
    pub(super) sysroot: PathBuf,
    pub(super) cargo_home: PathBuf,
}

impl Tools {
    /// The tools that `root` asks for, or what to install.
    pub(super) fn find(root: &Path) -> Result<Self> {
        let wanted = toolchain(root)?;
        let rustc = output(root, "rustc", &["--version", "--verbose"])
            .context("no rustc: install Rust from https://rustup.rs")?;
        let field = |name| rustc.lines().find_map(|line: &str| line.strip_prefix(name));
        let release = field("release: ").unwrap_or_default();
        ensure!(
            release == wanted,
            "the object is built with rustc {wanted}, this is {release}: `rustup toolchain install {wanted}`"
        );
        let sysroot = PathBuf::from(output(root, "rustc", &["--print", "sysroot"])?.trim());
        ensure!(
            sysroot.join("lib/rustlib/src/rust/library/core").is_dir(),
            "rust-src is missing: `rustup component add rust-src --toolchain {wanted}`"
        );
        let install = format!("`cargo install bpf-linker@{LINKER} --locked --force`");
        let linker = output(root, "bpf-linker", &["--version"])
            .with_context(|| format!("no bpf-linker in PATH: {install}"))?;
        let linker = linker.trim();
        ensure!(
            linker == format!("bpf-linker {LINKER}"),
            "the object is linked with bpf-linker {LINKER}, this is {linker:?}: {install}"
        );
        Ok(Self {
            cargo: env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
            rustc: rustc.lines().next().unwrap_or_default().to_owned(),
            llvm: field("LLVM version: ").unwrap_or_default().to_owned(),
            linker: linker.to_owned(),
            sysroot,
            cargo_home: cargo_home()?,
        })
    }
}

const LINKER: &str = "0.10.3";

/// The release that `rust-toolchain.toml` names.
fn toolchain(root: &Path) -> Result<String> {
    let path = root.join("rust-toolchain.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let line = text.lines().find_map(|line| line.strip_prefix("channel = "));
    let channel = line.with_context(|| format!("{} names no channel", path.display()))?;
    Ok(channel.trim_matches('"').to_owned())
}

fn cargo_home() -> Result<PathBuf> {
    let set = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = set.or_else(|| Some(env::home_dir()?.join(".cargo"))).context("no home folder")?;
    home.canonicalize().with_context(|| format!("no cargo home at {}", home.display()))
}

fn output(dir: &Path, program: impl AsRef<OsStr>, args: &[&str]) -> Result<String> {
    let output = Command::new(&program).args(args).current_dir(dir).output();
    let output = output.with_context(|| format!("cannot run {}", program.as_ref().display()))?;
    if !output.status.success() {
        bail!("{} {args:?} failed: {}", program.as_ref().display(), output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}
