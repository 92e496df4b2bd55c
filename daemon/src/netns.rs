//! Network namespaces: by name, path or process, and running something inside one.

mod scratch;

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use thiserror::Error;

pub use self::scratch::scratch;

/// A network namespace, held open: it stays while this does.
#[derive(Debug)]
pub struct Netns {
    handle: OwnedFd,
    inode: u32,
    name: String,
}

impl Netns {
    /// The one this thread is in; it is called `host`.
    pub fn current() -> Result<Self, NetnsError> {
        Self::from_path(Path::new(OWN), "host".into())
    }

    /// The one that `text` names: `NAME` (as `ip netns` keeps them), a path, or `pid:N`.
    pub fn open(text: &str) -> Result<Self, NetnsError> {
        let path = match text.strip_prefix("pid:") {
            Some(pid) => {
                let pid: u32 = pid.parse().map_err(|_| NetnsError::NotAProcess(text.into()))?;
                PathBuf::from(format!("/proc/{pid}/ns/net"))
            }
            None if text.is_empty() || text == "." || text == ".." => {
                return Err(NetnsError::NoName(text.into()));
            }
            None if text.contains('/') => PathBuf::from(text),
            None => Path::new(NAMED).join(text),
        };
        let name = if text.contains('/') { last_part(text) } else { text };
        Self::from_path(&path, name.into())
    }

    fn from_path(path: &Path, name: String) -> Result<Self, NetnsError> {
        let fault = |error| NetnsError::Open { name: name.clone(), path: path.into(), error };
        let handle = rustix::fs::open(path, OPEN_FLAGS, rustix::fs::Mode::empty()).map_err(fault)?;
        if rustix::fs::fstatfs(&handle).map_err(fault)?.f_type != NSFS_MAGIC {
            return Err(NetnsError::NotANamespace { path: path.into() });
        }
        let inode = rustix::fs::fstat(&handle).map_err(fault)?.st_ino;
        let inode = u32::try_from(inode).map_err(|_| NetnsError::NotANamespace { path: path.into() })?;
        Ok(Self { handle, inode, name })
    }

    /// What it is called in output.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its inode number, which is its identity.
    pub fn inode(&self) -> u32 {
        self.inode
    }

    /// A path by which programs that take one find it, as long as this lives.
    pub fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.handle.as_raw_fd()).into()
    }

    /// Runs `work` on a thread of its own inside the namespace: sockets made there stay there.
    ///
    /// # Errors
    /// When this process may not enter it, or it is no network namespace.
    pub fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, NetnsError> {
        let entered = std::thread::scope(|scope| {
            let thread = scope.spawn(|| self.enter().map(|()| work()));
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        entered.map_err(|error| match error {
            Errno::PERM => NetnsError::Forbidden { name: self.name.clone() },
            error => NetnsError::Enter { name: self.name.clone(), error },
        })
    }

    /// Moves the calling thread, unless it is there already: staying takes no privilege.
    fn enter(&self) -> Result<(), Errno> {
        let here = File::open(OWN).and_then(|own| own.metadata());
        if here.is_ok_and(|own| own.ino() == u64::from(self.inode)) {
            return Ok(());
        }
        move_into_link_name_space(self.handle.as_fd(), Some(LinkNameSpaceType::Network))
    }
}

impl AsFd for Netns {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

/// What can be wrong with a namespace.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NetnsError {
    /// It cannot be opened.
    #[error("network namespace `{name}`: cannot open {path}: {}{}", .error, way_out(*.error))]
    Open {
        /// As it was asked for.
        name: String,
        /// Where it was looked for.
        path: PathBuf,
        /// What the kernel said.
        error: Errno,
    },
    /// The file is something else.
    #[error("{path} is not a network namespace: nothing is mounted there, or something else is")]
    NotANamespace {
        /// The file.
        path: PathBuf,
    },
    /// Not a name that a namespace can have.
    #[error("`{0}` is not the name of a network namespace: expected NAME, a path, or pid:N")]
    NoName(String),
    /// `pid:` and something else than a number.
    #[error("`{0}` names no process: expected pid:N with a decimal number")]
    NotAProcess(String),
    /// No right to enter it.
    #[error("may not enter network namespace `{name}`: this takes CAP_SYS_ADMIN (run as root)")]
    Forbidden {
        /// Its name.
        name: String,
    },
    /// It cannot be entered.
    #[error("cannot enter network namespace `{name}`: {error}")]
    Enter {
        /// Its name.
        name: String,
        /// What the kernel said.
        error: Errno,
    },
}

fn way_out(error: Errno) -> &'static str {
    match error {
        Errno::NOENT => " (`ip netns list` shows those with a name)",
        Errno::ACCESS | Errno::PERM => " (another user's process: this takes CAP_SYS_PTRACE, run as root)",
        _ => "",
    }
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path)
}

const OWN: &str = "/proc/thread-self/ns/net";
const NAMED: &str = "/run/netns";
const OPEN_FLAGS: rustix::fs::OFlags = rustix::fs::OFlags::RDONLY.union(rustix::fs::OFlags::CLOEXEC);
// linux: include/uapi/linux/magic.h
const NSFS_MAGIC: rustix::fs::FsWord = 0x6e73_6673;

#[cfg(test)]
mod tests;
