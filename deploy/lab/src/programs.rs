//! The programs that a lab runs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// The directory that this program is in.
pub(crate) fn beside_this() -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where this program is: name --programs DIR")?;
    own.parent().map(Path::to_owned).context("this program is in no directory: name --programs DIR")
}

/// Finds out that a directory has what a lab runs.
pub(crate) fn check(directory: &Path) -> Result<()> {
    [DAEMON, PLUGIN].into_iter().try_for_each(|program| check_one(directory, program))
}

/// Finds out that a directory has what shows a lab.
pub(crate) fn check_watcher(directory: &Path) -> Result<()> {
    check_one(directory, WATCHER)
}

fn check_one(directory: &Path, program: &str) -> Result<()> {
    let path = directory.join(program);
    match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() && metadata.permissions().mode() & 0o111 != 0 => {}
        Ok(_) => bail!("{} is no program: `cargo build -p {program}` makes one", path.display()),
        Err(error) => bail!(
            "there is no {program} in {}: {error}; `cargo build -p {program}` makes it, \
                 --programs DIR names another directory",
            directory.display()
        ),
    }
    Ok(())
}

pub(crate) const DAEMON: &str = "wgtraced";
pub(crate) const PLUGIN: &str = "wgtrace-cni";
pub(crate) const WATCHER: &str = "wgtrace";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_what_builds_it() {
        let directory = tempfile::tempdir().unwrap();
        let error = check(directory.path()).unwrap_err().to_string();
        assert!(
            error.contains("there is no wgtraced in") && error.contains("`cargo build -p wgtraced`"),
            "{error}"
        );
        fs::write(directory.path().join(DAEMON), "").unwrap();
        let error = check(directory.path()).unwrap_err().to_string();
        assert!(error.contains("wgtraced is no program"), "{error}");
    }
}
