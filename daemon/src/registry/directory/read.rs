//! Reading files that somebody else may have put there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::registry::roster::Found;
use crate::registry::{Entry, Name, Refusal, RegistryError};

/// Opens the directory, if nobody else may write it.
pub(super) fn directory(path: &Path) -> Result<OwnedFd, RegistryError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(CWD, path, flags, Mode::empty()).map_err(|error| match error {
        Errno::NOENT => RegistryError::Missing(path.into()),
        Errno::NOTDIR | Errno::LOOP => RegistryError::NotADirectory(path.into()),
        error => RegistryError::Io { what: "open", path: path.into(), error: error.kind() },
    })?;
    let stat = rustix::fs::fstat(&opened).map_err(|error| RegistryError::Io {
        what: "look at",
        path: path.into(),
        error: error.kind(),
    })?;
    match distrust(&stat) {
        Some(Refusal::Owner(uid)) => Err(RegistryError::Owner { path: path.into(), uid }),
        Some(_) => Err(RegistryError::Writable(path.into())),
        None => Ok(opened),
    }
}

/// What there is.
pub(super) fn entries(path: &Path) -> Result<Listing, RegistryError> {
    let io = |error: Errno| RegistryError::Io { what: "list", path: path.into(), error: error.kind() };
    let opened = directory(path)?;
    let (mut found, mut refused) = (BTreeMap::new(), BTreeMap::new());
    for file in Dir::read_from(&opened).map_err(io)? {
        let file = file.map_err(io)?;
        let name = file.file_name().to_bytes();
        let Some(stem) = name.strip_suffix(b".json").filter(|_| !name.starts_with(b".")) else { continue };
        let stem = String::from_utf8_lossy(stem);
        match stem.parse::<Name>() {
            Ok(name) => match entry(&opened, &name) {
                Ok(None) => {}
                Ok(Some(entry)) => {
                    found.insert(name, Ok(entry));
                }
                Err(refusal) => {
                    found.insert(name, Err(refusal));
                }
            },
            Err(error) => {
                let shown = stem.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
                refused.insert(shown, Refusal::FileName(error));
            }
        }
    }
    Ok((found, refused))
}

/// One entry; nothing if its file is gone meanwhile.
fn entry(directory: &OwnedFd, name: &Name) -> Result<Option<Entry>, Refusal> {
    // Neither a link's target nor a pipe's other end is waited for.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(directory, format!("{name}.json"), flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP | Errno::NXIO) => return Err(Refusal::NotAFile),
        Err(error) => return Err(Refusal::Unreadable(error.kind())),
    };
    let stat = rustix::fs::fstat(&file).map_err(|error| Refusal::Unreadable(error.kind()))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Refusal::NotAFile);
    }
    if let Some(refusal) = distrust(&stat) {
        return Err(refusal);
    }
    let mut json = Vec::new();
    // It may grow while it is read.
    let mut limited = File::from(file).take(Entry::MOST_BYTES.saturating_add(1));
    limited.read_to_end(&mut json).map_err(|error| Refusal::Unreadable(error.kind()))?;
    let have = u64::try_from(json.len()).unwrap_or(u64::MAX);
    if have > Entry::MOST_BYTES {
        let have = have.max(u64::try_from(stat.st_size).unwrap_or(0));
        return Err(Refusal::TooLarge { have });
    }
    let entry = Entry::parse(&json)?;
    if entry.name != *name {
        return Err(Refusal::OtherName(entry.name));
    }
    Ok(Some(entry))
}

/// Entries by name, and files whose names are none.
type Listing = (BTreeMap<Name, Found>, BTreeMap<String, Refusal>);

/// Why somebody else may have written it.
fn distrust(stat: &Stat) -> Option<Refusal> {
    let is_ours = stat.st_uid == 0 || stat.st_uid == rustix::process::geteuid().as_raw();
    if !is_ours {
        return Some(Refusal::Owner(stat.st_uid));
    }
    let mode = Mode::from_raw_mode(stat.st_mode);
    mode.intersects(Mode::WGRP | Mode::WOTH).then_some(Refusal::Writable)
}
