//! What an interface sends and receives, as `tcpdump` would write it.

mod address;
mod file;
mod socket;

use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};

pub use self::file::Container;
use self::socket::Socket;

/// A capture that goes on, on a thread of its own.
#[derive(Debug)]
pub struct Capture {
    interface: String,
    link: u16,
    shared: Arc<Shared>,
    /// Its end is the thread's.
    stop: UnixStream,
    thread: JoinHandle<Result<u32>>,
}

/// What was captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The interface.
    pub interface: String,
    /// Type of its link layer, as capture files have it: 1 for Ethernet, 101 for bare IP packets.
    pub link: u16,
    /// In the order in which they passed.
    pub frames: Vec<Frame>,
    /// How many the kernel found no room for.
    pub lost: u32,
}

/// A frame, or a packet where there is no link layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// When it passed, since 1970.
    pub time: Duration,
    /// Whether the interface sent it.
    pub is_outgoing: bool,
    /// All of it.
    pub bytes: Vec<u8>,
}

#[derive(Debug, Default)]
struct Shared {
    frames: Mutex<Vec<Frame>>,
    more: Condvar,
}

impl Capture {
    /// Starts on an interface of the calling thread's network namespace: nothing that passes from here on is missed.
    pub fn start(interface: &str) -> Result<Self> {
        let socket = Socket::open(interface)?;
        let (stop, stopped) = UnixStream::pair()?;
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let link = socket.link();
        let thread = thread::spawn(move || {
            socket.receive(&stopped, |frame| {
                theirs.lock().push(frame);
                theirs.more.notify_all();
            })
        });
        Ok(Self { interface: interface.to_owned(), link, shared, stop, thread })
    }

    /// Waits until what was captured so far is `enough`, which the error calls `what`.
    pub fn wait_for(
        &self,
        what: &str,
        patience: Duration,
        mut enough: impl FnMut(&[Frame]) -> bool,
    ) -> Result<()> {
        let deadline = Instant::now() + patience;
        let mut frames = self.shared.lock();
        while !enough(&frames) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("not on {} within {patience:?}: {what}; {} frames were", self.interface, frames.len());
            }
            let waited = self.shared.more.wait_timeout(frames, left);
            frames = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    /// How many frames were captured so far.
    pub fn len(&self) -> usize {
        self.shared.lock().len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was captured so far.
    pub fn frames(&self) -> Vec<Frame> {
        self.shared.lock().clone()
    }

    /// What was captured so far, and is forgotten here.
    pub(crate) fn take(&self) -> Vec<Frame> {
        self.shared.take()
    }

    /// Ends it; what had passed until now is in what is returned.
    pub fn stop(self) -> Result<Recording> {
        drop(self.stop);
        let lost =
            self.thread.join().map_err(|_| anyhow!("the capture on {} panicked", self.interface))??;
        let frames = self.shared.take();
        Ok(Recording { interface: self.interface, link: self.link, frames, lost })
    }
}

impl Shared {
    fn take(&self) -> Vec<Frame> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Frame>> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
