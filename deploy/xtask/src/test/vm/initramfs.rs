//! The machine's whole file system: our init, the daemon, a tool of others, the modules.

use std::collections::BTreeSet;
use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::cpio::{Archive, Entry};
use super::modules::Module;
use super::tool::Tool;

/// Named, so that flags are for the programs alone and not for what builds them.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Has the programs need nothing beside them, with no other toolchain than everybody's.
const STATIC: &str = "-C target-feature=+crt-static";

/// Programs that run inside, by package and path inside.
const PROGRAMS: [(&str, &str); 2] = [("wgtrace-vm", "init"), ("wgtraced", "bin/wgtraced")];

/// What configures the kernel's WireGuard device.
const TOOL: &str = "wg";

/// Those programs, built, and the tool.
#[derive(Debug)]
pub(super) struct Programs {
    built: Vec<(&'static str, Vec<u8>)>,
    tool: Tool,
}

impl Programs {
    pub(super) fn build(target_dir: &Path) -> Result<Self> {
        let mut cargo = Command::new(cargo());
        cargo.args(["build", "--quiet", "--locked", "--target", TARGET]).arg("--target-dir").arg(target_dir);
        for (package, _) in PROGRAMS {
            cargo.args(["--package", package]);
        }
        // what the kernel has to unpack, byte by byte in the emulator
        cargo.envs([("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_PROFILE_DEV_STRIP", "symbols")]);
        cargo.env("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
        let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
        cargo.env("RUSTFLAGS", format!("{flags} {STATIC}"));
        ensure!(
            cargo.status().context("cannot run cargo")?.success(),
            "the programs for the machines do not build"
        );
        let directory = target_dir.join(TARGET).join("debug");
        let built = PROGRAMS.map(|(package, inside)| {
            let path = directory.join(package);
            Ok((inside, fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?))
        });
        Ok(Self { built: built.into_iter().collect::<Result<_>>()?, tool: Tool::find(TOOL)? })
    }

    /// All of them by path inside.
    fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.built.iter().map(|(path, bytes)| (*path, bytes.as_slice())).chain(self.tool.files())
    }
}

/// Writes the file system for one kernel to `path`.
pub(super) fn write(path: PathBuf, programs: &Programs, modules: &[Module]) -> Result<PathBuf> {
    let file = fs::File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut archive = Archive::new(BufWriter::new(file));
    let mut directories = BTreeSet::from(["dev", "proc", "sys", "run", "tmp", "modules"]);
    let files = programs.files().map(|(path, _)| path);
    directories.extend(files.flat_map(|path| path.match_indices('/').filter_map(|(at, _)| path.get(..at))));
    for directory in directories {
        archive.add(directory, Entry::Directory)?;
    }
    // the kernel opens it as init's first three files
    archive.add("dev/console", Entry::Device(5, 1))?;
    for (inside, program) in programs.files() {
        archive.add(inside, Entry::Program(program))?;
    }
    for (number, module) in modules.iter().enumerate() {
        // sorted by name, they are in the order to be loaded in
        archive.add(&format!("modules/{number:03}-{}", module.name), Entry::File(&module.image))?;
    }
    archive.finish().with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
