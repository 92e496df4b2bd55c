//! What a node's daemon has kept for its successor, as a service manager does it (`sd_notify(3)`).

use std::collections::BTreeMap;
use std::fs;
use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

/// Descriptors by name, and whether the daemon is ready.
#[derive(Debug, Clone)]
pub(super) struct Store {
    path: PathBuf,
    shared: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Debug, Default)]
struct State {
    kept: BTreeMap<String, OwnedFd>,
    is_ready: bool,
}

impl Store {
    /// Listens at a path, for as long as this process runs.
    pub(super) fn listen(path: PathBuf) -> Result<Self> {
        if path.exists() {
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
        let socket = UnixDatagram::bind(&path).with_context(|| path.display().to_string())?;
        let this = Self { path, shared: Arc::default() };
        let heard = this.clone();
        thread::Builder::new().name("store".into()).spawn(move || heard.hear(&socket))?;
        Ok(this)
    }

    /// Where daemons tell what is to be kept.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A daemon is about to start: it is not ready, and is given what is kept, which stays kept.
    pub(super) fn give(&self) -> Result<Vec<(String, OwnedFd)>> {
        let mut state = self.lock();
        state.is_ready = false;
        let copies = state.kept.iter().map(|(name, kept)| Ok((name.clone(), kept.try_clone()?)));
        copies.collect()
    }

    /// Closes everything: the daemon was stopped.
    pub(super) fn clear(&self) {
        self.lock().kept.clear();
    }

    /// Waits until the daemon has said that it is ready; whether it has.
    pub(super) fn wait_ready(&self, patience: Duration) -> bool {
        let waiting = |state: &mut State| !state.is_ready;
        let waited = self.shared.1.wait_timeout_while(self.lock(), patience, waiting);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_ready
    }

    fn hear(&self, socket: &UnixDatagram) {
        loop {
            let (mut text, mut room) =
                ([0; LONGEST], [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))]);
            let mut ancillary = RecvAncillaryBuffer::new(&mut room);
            let parts = &mut [IoSliceMut::new(&mut text)];
            let message = match recvmsg(socket, parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
                Ok(message) => message,
                Err(Errno::INTR) => continue,
                // a daemon that cannot say that it is ready is waited for in vain, which is told
                Err(error) => return eprintln!("{}: {error}", self.path.display()),
            };
            let descriptors = ancillary.drain().filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
                RecvAncillaryMessage::ScmCredentials(_) | _ => None,
            });
            let descriptors: Vec<OwnedFd> = descriptors.flatten().collect();
            let text = String::from_utf8_lossy(text.get(..message.bytes).unwrap_or_default());
            self.take(&text, descriptors);
        }
    }

    /// One message: assignments, a line each.
    fn take(&self, text: &str, descriptors: Vec<OwnedFd>) {
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let name = value("FDNAME").unwrap_or("stored");
        let mut state = self.lock();
        if value("FDSTOREREMOVE") == Some("1") {
            state.kept.remove(name);
        }
        if value("FDSTORE") == Some("1")
            && let Some(kept) = descriptors.into_iter().next()
        {
            state.kept.insert(name.to_owned(), kept);
        }
        if value("READY") == Some("1") {
            state.is_ready = true;
            self.shared.1.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const LONGEST: usize = 4096;
/// Of one message.
const MOST: usize = 8;

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd as _;

    use wgtraced::handover::Handover;

    use super::*;

    #[test]
    fn what_the_daemon_has_kept_is_given_until_it_is_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::listen(directory.path().join("notify.sock")).unwrap();
        let handover = Handover::to(store.path().as_os_str()).unwrap();
        let names = |store: &Store| {
            let given = store.give().unwrap();
            given.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        let tell = |what: &dyn Fn()| {
            what();
            handover.ready();
            assert!(store.wait_ready(Duration::from_secs(10)));
        };
        assert!(!store.wait_ready(Duration::ZERO));
        tell(&|| handover.keep("cilium_wg0", File::open("/dev/null").unwrap().as_fd()));
        assert_eq!(names(&store), ["cilium_wg0"]);
        tell(&|| handover.keep("cilium_wg0", File::open("/dev/null").unwrap().as_fd()));
        assert_eq!(names(&store), ["cilium_wg0"]);
        tell(&|| handover.forget("cilium_wg0"));
        assert_eq!(names(&store), [""; 0]);
    }
}
