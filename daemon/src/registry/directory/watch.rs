//! Notices of what becomes of a directory.
#![expect(unsafe_code, reason = "tokio asks for a promise about descriptors")]

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::registry::RegistryError;

/// A watch over one directory.
#[derive(Debug)]
pub(super) struct Watch {
    path: PathBuf,
    notices: AsyncFd<OwnedFd>,
}

impl Watch {
    pub(super) fn over(path: &Path) -> Result<Self, RegistryError> {
        let fault = |error: std::io::Error| RegistryError::Io {
            what: "watch",
            path: path.into(),
            error: error.kind(),
        };
        let notices = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC);
        let notices = notices.map_err(|error| fault(error.into()))?;
        inotify::add_watch(&notices, path, WATCHED).map_err(|error| fault(error.into()))?;
        // SAFETY: an `OwnedFd` has one descriptor, the same all its life, and closes it when it is dropped.
        let notices = unsafe { AsyncFd::register_with_interest(notices, Interest::READABLE) };
        Ok(Self { path: path.into(), notices: notices.map_err(|error| fault(error.into()))? })
    }

    /// Waits until something became of it, and forgets all that did. Cancel-safe.
    pub(super) async fn changed(&self) -> Result<(), RegistryError> {
        loop {
            let mut ready = self.notices.readable().await.map_err(|error| self.fault(error.kind()))?;
            let is_news = self.drain()?;
            ready.clear_ready();
            if is_news {
                return Ok(());
            }
        }
    }

    /// Takes all notices there are; says whether there were any.
    fn drain(&self) -> Result<bool, RegistryError> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut notices = inotify::Reader::new(self.notices.get_ref(), &mut buffer);
        let mut is_news = false;
        loop {
            match notices.next() {
                Ok(notice) if notice.events().intersects(LOST) => {
                    return Err(RegistryError::Gone(self.path.clone()));
                }
                Ok(_) => is_news = true,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(is_news),
                Err(error) => return Err(self.fault(error.kind())),
            }
        }
    }

    fn fault(&self, error: std::io::ErrorKind) -> RegistryError {
        RegistryError::Io { what: "watch", path: self.path.clone(), error }
    }
}

const WATCHED: WatchFlags = WatchFlags::CLOSE_WRITE
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR)
    .union(WatchFlags::DONT_FOLLOW);
const LOST: ReadFlags =
    ReadFlags::DELETE_SELF.union(ReadFlags::MOVE_SELF).union(ReadFlags::IGNORED).union(ReadFlags::UNMOUNT);
