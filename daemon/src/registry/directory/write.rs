//! Writing this node's own entry: whole or not at all.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags};

use super::read;
use crate::registry::{Entry, RegistryError};

/// Writes an entry, unless it is there.
pub(super) fn entry(path: &Path, entry: &Entry) -> Result<(), RegistryError> {
    let directory = read::directory(path)?;
    let name = format!("{}.json", entry.name);
    let json = entry.json();
    if is_there(&directory, &name, &json) {
        return Ok(());
    }
    // Not looked at, and nobody waits for it: the name is of no use to anybody else.
    let draft = format!(".{name}.new");
    put(&directory, &draft, &name, &json).map_err(|error| {
        let _ = rustix::fs::unlinkat(&directory, draft.as_str(), AtFlags::empty());
        RegistryError::Io { what: "write", path: path.join(&name), error: error.kind() }
    })
}

fn is_there(directory: &OwnedFd, name: &str, json: &str) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let Ok(file) = rustix::fs::openat(directory, name, flags, Mode::empty()) else { return false };
    let mut have = Vec::new();
    let limited = io::Read::take(File::from(file), Entry::MOST_BYTES);
    io::copy(&mut { limited }, &mut have).is_ok() && have == json.as_bytes()
}

fn put(directory: &OwnedFd, draft: &str, name: &str, json: &str) -> io::Result<()> {
    let _ = rustix::fs::unlinkat(directory, draft, AtFlags::empty());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o644);
    let mut file = File::from(rustix::fs::openat(directory, draft, flags, mode)?);
    rustix::fs::fchmod(&file, mode)?; // whatever the umask
    file.write_all(json.as_bytes())?;
    file.sync_all()?;
    rustix::fs::renameat(directory, draft, directory, name)?;
    Ok(rustix::fs::fsync(directory)?)
}
