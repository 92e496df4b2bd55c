//! Where things are pinned: `FOLDER/maps-VERSION/NAME` and `FOLDER/links/IFINDEX-HOOK`.
//!
//! Maps of another version of the contract are another folder's: the programs that use them go on until theirs are
//! exchanged, and the maps go with [`Pins::clear`].

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rustix::fs::statfs;
use rustix::io::Errno;
use wgtrace_abi::{ABI_VERSION, Hook};

use crate::probe::ProbeError;

#[derive(Debug)]
pub(super) struct Pins {
    folder: PathBuf,
}

impl Pins {
    /// Makes the folders, unless they are there.
    pub(super) fn open(folder: &Path) -> Result<Self, ProbeError> {
        let pins = Self { folder: folder.into() };
        for folder in [pins.folder.clone(), pins.maps(), pins.links()] {
            make(&folder)?;
        }
        Ok(pins)
    }

    /// Where the maps are.
    pub(super) fn maps(&self) -> PathBuf {
        self.folder.join(format!("maps-{ABI_VERSION}"))
    }

    /// Where a hook's attachment to an interface is: its link, or, as a note of its filter, its program.
    pub(super) fn link(&self, ifindex: u32, hook: Hook) -> PathBuf {
        self.links().join(format!("{ifindex}-{}", hook.name()))
    }

    /// Every attachment: interface and hook.
    pub(super) fn attachments(&self) -> Result<Vec<(u32, Hook)>, ProbeError> {
        let mut found = Vec::new();
        for name in names(&self.links())? {
            let hook = |text: &str| Hook::ALL.into_iter().find(|hook| hook.name() == text);
            let parsed =
                name.split_once('-').and_then(|(index, name)| Some((index.parse().ok()?, hook(name)?)));
            found.extend(parsed);
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Removes an attachment's pin, if it is there.
    pub(super) fn remove(&self, ifindex: u32, hook: Hook) -> Result<(), ProbeError> {
        remove_file(&self.link(ifindex, hook))
    }

    /// Removes all that is ours, of every version.
    pub(super) fn clear(&self) -> Result<(), ProbeError> {
        for name in names(&self.folder)? {
            if name == LINKS || name.starts_with(MAPS) {
                let folder = self.folder.join(name);
                for name in names(&folder)? {
                    remove_file(&folder.join(name))?;
                }
                fs::remove_dir(&folder).map_err(|error| ProbeError::io(cannot("remove", &folder), &error))?;
            }
        }
        // the caller's folder stays when something else is in it
        let _ = fs::remove_dir(&self.folder);
        Ok(())
    }

    fn links(&self) -> PathBuf {
        self.folder.join(LINKS)
    }
}

fn make(folder: &Path) -> Result<(), ProbeError> {
    match fs::create_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(ProbeError::io(cannot("make", folder), &error));
        }
        _ => {}
    }
    let there = statfs(folder).map_err(|errno| ProbeError::call(cannot("look at", folder), errno))?;
    if there.f_type != BPF_FS_MAGIC {
        let reason = "it is not on a bpf file system; mount one: mount -t bpf bpf /sys/fs/bpf".to_owned();
        return Err(ProbeError::Other { what: cannot("pin below", folder), reason });
    }
    Ok(())
}

fn names(folder: &Path) -> Result<Vec<String>, ProbeError> {
    let entries = fs::read_dir(folder).map_err(|error| ProbeError::io(cannot("read", folder), &error))?;
    Ok(entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
}

fn remove_file(path: &Path) -> Result<(), ProbeError> {
    match fs::remove_file(path) {
        Err(error) if Errno::from_io_error(&error) != Some(Errno::NOENT) => {
            Err(ProbeError::io(cannot("remove", path), &error))
        }
        _ => Ok(()),
    }
}

fn cannot(what: &str, path: &Path) -> String {
    format!("{what} {}", path.display())
}

const LINKS: &str = "links";
const MAPS: &str = "maps-";
/// linux: `include/uapi/linux/magic.h`
const BPF_FS_MAGIC: i64 = 0xcafe_4a11;
