//! Whose a lab's directory is.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::Home;

/// A lab's directory, which is nobody else's as long as this, or a duplicate of its lock, lives.
#[derive(Debug)]
pub(crate) struct Claim {
    home: Home,
    lock: File,
    /// Whether a lab that crashed had left something.
    pub(crate) was_left: bool,
}

impl Claim {
    /// Takes the directory, made or emptied if needed; an error if a lab has it.
    pub(crate) fn take(home: &Home) -> Result<Self> {
        let Some(lock) = lock(home)? else {
            let name = home.name();
            bail!(
                "there is a lab `{name}`: `wgtrace lab down --name {name}` ends it, --name OTHER makes one beside it"
            );
        };
        let was_left = empty(home.path())?;
        Ok(Self { home: home.clone(), lock, was_left })
    }

    /// Takes the directory as it is; `None` if a lab has it, or there is none.
    pub(crate) fn take_left(home: &Home) -> Result<Option<Self>> {
        if !home.path().try_exists()? {
            return Ok(None);
        }
        Ok(lock(home)?.map(|lock| Self { home: home.clone(), lock, was_left: true }))
    }

    /// The lock, for the process that is to hold it on.
    pub(crate) fn lock(&self) -> Result<File> {
        self.lock.try_clone().context("cannot duplicate a descriptor")
    }

    /// Removes the directory, and [`Home::ROOT`] if it was the last in it.
    pub(crate) fn remove(self) -> Result<()> {
        let path = self.home.path();
        // the lock last: without it, nobody would know what the rest is
        empty(path)?;
        fs::remove_dir_all(path).with_context(|| format!("cannot remove {}", path.display()))?;
        // others may be in it; a directory that was named is whoever's who named it
        let _ = fs::remove_dir(Home::ROOT);
        Ok(())
    }
}

/// `None` if somebody else has it.
fn lock(home: &Home) -> Result<Option<File>> {
    let path = home.path();
    loop {
        DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(|| {
            format!("cannot make {}: {} names another directory", path.display(), Home::DIRECTORY)
        })?;
        ensure_private(path)?;
        let file = path.join(LOCK);
        // whatever is in it came behind the lock
        let mut others = fs::read_dir(path)?.flatten().filter(|entry| entry.file_name() != LOCK);
        ensure!(
            others.next().is_none() || file.try_exists()?,
            "{} is not of a lab, and has something in it: choose another --name",
            path.display()
        );
        let lock = match OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&file) {
            Ok(lock) => lock,
            // removed meanwhile
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("cannot open {}", file.display())),
        };
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot lock {}", file.display())),
        }
        // the one who had it may have removed it before
        if fs::metadata(&file).is_ok_and(|named| named.ino() == lock.metadata().map_or(0, |own| own.ino())) {
            return Ok(Some(lock));
        }
    }
}

/// Keys are in it.
fn ensure_private(path: &Path) -> Result<()> {
    let metadata = fs::symlink_metadata(path).with_context(|| path.display().to_string())?;
    let own = rustix::process::geteuid().as_raw();
    ensure!(
        metadata.is_dir() && metadata.uid() == own && metadata.mode() & OTHERS == 0,
        "{} is not a directory of this user alone: remove it, or chmod 700",
        path.display()
    );
    Ok(())
}

/// Removes everything but the lock; whether there was anything.
fn empty(path: &Path) -> Result<bool> {
    let mut was_left = false;
    let entries = fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    for entry in entries {
        let entry = entry?;
        if entry.file_name() == LOCK {
            continue;
        }
        was_left = true;
        let removed = if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())
        } else {
            fs::remove_file(entry.path())
        };
        removed.with_context(|| format!("cannot remove {}", entry.path().display()))?;
    }
    Ok(was_left)
}

const LOCK: &str = "wgtrace-lab.lock";
const OTHERS: u32 = 0o077;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_claimed_once_and_what_was_left_in_it_goes() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::below(root.path(), "a").unwrap();
        let first = Claim::take(&home).unwrap();
        assert!(!first.was_left);
        let error = Claim::take(&home).unwrap_err().to_string();
        assert!(error.starts_with("there is a lab `a`: `wgtrace lab down --name a` ends it"), "{error}");
        fs::create_dir(home.path().join("node")).unwrap();
        fs::write(home.path().join("node/file"), "").unwrap();
        drop(first);
        let second = Claim::take(&home).unwrap();
        assert!(second.was_left && !home.path().join("node").exists());
        second.remove().unwrap();
        assert!(root.path().exists() && !home.path().exists());
        assert!(Claim::take_left(&home).unwrap().is_none());
    }

    #[test]
    fn a_directory_of_somebody_elses_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::below(root.path(), "a").unwrap();
        DirBuilder::new().mode(0o700).create(home.path()).unwrap();
        let file = home.path().join("thesis");
        fs::write(&file, "").unwrap();
        for error in [Claim::take(&home).unwrap_err(), Claim::take_left(&home).unwrap_err()] {
            assert!(
                error
                    .to_string()
                    .ends_with("is not of a lab, and has something in it: choose another --name")
            );
        }
        assert!(file.exists());
    }
}
