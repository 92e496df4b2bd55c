//! `cargo xtask captures`: the project's own captures, made with its own initiator and responder.
//!
//! Nothing in them is random and no clock is read, so that they come out the same every time; what
//! the decrypting pipeline is to make of them is known from the making, not from that pipeline.

mod expect;
mod file;
mod link;
mod log;
mod packet;
mod readme;
mod scenario;
mod scenarios;
mod stage;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

/// Arguments of `cargo xtask captures`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail when the folder is not what would be written.
    #[arg(long)]
    check: bool,
    /// The folder, which is replaced.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../captures"))]
    dir: PathBuf,
}

/// The folder that is taken from a lab, and left alone here.
const FROM_THE_LAB: &str = "walkthrough";

/// All bytes of the committed folder together, at most: a clone carries them for ever.
const MAX_TOTAL: usize = 200_000;

/// Writes the folder, or compares it.
pub(crate) fn run(args: &Args) -> Result<()> {
    let files = generate()?;
    let total: usize = files.values().map(Vec::len).sum();
    ensure!(total <= MAX_TOTAL, "{total} bytes in all, more than {MAX_TOTAL}");
    if args.check {
        return compare(&files, &args.dir);
    }
    if args.dir.exists() {
        clear(&args.dir).with_context(|| format!("cannot replace {}", args.dir.display()))?;
    }
    for (name, bytes) in &files {
        let path = args.dir.join(name);
        let folder = path.parent().context("a file has a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    println!("{} files, {total} bytes", files.len());
    Ok(())
}

/// Removes what is made here.
fn clear(dir: &Path) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name() == FROM_THE_LAB {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Every file by its path in the folder.
fn generate() -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let scenarios = scenarios::all()?;
    let mut files = BTreeMap::new();
    files.insert(PathBuf::from("README.md"), readme::text(&scenarios)?.into_bytes());
    for scenario in &scenarios {
        let folder = Path::new(scenario.name);
        files.insert(folder.join(scenario.capture), scenario.container.write(&scenario.stage.frames)?);
        files.insert(folder.join("expect.json"), expect::expectation(scenario)?.into_bytes());
        for (name, text) in &scenario.files {
            files.insert(folder.join(name), text.clone().into_bytes());
        }
    }
    Ok(files)
}

fn compare(files: &BTreeMap<PathBuf, Vec<u8>>, dir: &Path) -> Result<()> {
    let mut there = BTreeMap::new();
    read(dir, Path::new(""), &mut there)?;
    there.retain(|name, _| !name.starts_with(FROM_THE_LAB));
    let differing =
        files.iter().filter(|(name, bytes)| there.get(*name) != Some(*bytes)).map(|(name, _)| name);
    let stray = there.keys().filter(|name| !files.contains_key(*name));
    let wrong: Vec<String> = differing.chain(stray).map(|name| name.display().to_string()).collect();
    if wrong.is_empty() {
        println!("{} files as they should be", files.len());
        return Ok(());
    }
    bail!("not as `cargo xtask captures` writes them: {}", wrong.join(", "))
}

fn read(dir: &Path, inside: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    let path = dir.join(inside);
    for entry in fs::read_dir(&path).with_context(|| format!("cannot read {}", path.display()))? {
        let entry = entry?;
        let name = inside.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            read(dir, &name, files)?;
        } else {
            files.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_folder_is_what_would_be_written() {
        let files = generate().unwrap();
        compare(&files, &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../captures")).unwrap();
    }

    #[test]
    fn twice_gives_the_same_bytes() {
        assert!(generate().unwrap() == generate().unwrap());
    }

    #[test]
    fn a_changed_a_missing_and_a_stray_file_are_each_named() {
        let dir = tempfile::tempdir().unwrap();
        let files = ["changed", "missing", "same"].map(|name| (PathBuf::from(name), b"1".to_vec())).into();
        for (name, text) in [("changed", "2"), ("same", "1"), ("stray", "1")] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let error = compare(&files, dir.path()).unwrap_err().to_string();
        assert!(error.ends_with("writes them: changed, missing, stray"), "{error}");
    }
}
