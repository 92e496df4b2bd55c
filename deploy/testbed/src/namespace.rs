//! Network namespaces.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};

/// A network namespace with nothing but a loopback device; it ends with this value and the processes in it.
#[derive(Debug)]
pub struct Namespace {
    file: File,
}

impl Namespace {
    /// A new one, in which interfaces speak no IPv6 unless told to.
    pub fn new() -> Result<Self> {
        let file = on_a_thread(|| {
            unshare(CloneFlags::CLONE_NEWNET).context("cannot make a network namespace: this needs root")?;
            for interfaces in ["all", "default"] {
                disable_ipv6(interfaces)?;
            }
            File::open("/proc/thread-self/ns/net").context("cannot open the new network namespace")
        })??;
        Ok(Self { file })
    }

    /// The namespace this thread is in.
    pub fn current() -> Result<Self> {
        Self::open(Path::new("/proc/thread-self/ns/net"))
    }

    /// The namespace at a path, such as [`Namespace::path`] of another process.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Self { file })
    }

    /// Runs `work` on a thread of its own that has entered the namespace.
    ///
    /// Sockets opened and processes started there belong to the namespace and stay in it.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        on_a_thread(|| {
            setns(self.file.as_fd(), CloneFlags::CLONE_NEWNET)
                .context("cannot enter the network namespace")?;
            Ok(work())
        })?
    }

    /// Its inode: the number that names it in events.
    pub fn inode(&self) -> Result<u32> {
        let inode = self.file.metadata().context("cannot look at the network namespace")?.ino();
        u32::try_from(inode).context("inodes of namespaces have 32 bits")
    }

    /// A path by which other processes open it, as long as this value lives.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd()))
    }

    /// Its descriptor, for links that are to be made in it.
    pub(crate) fn raw_fd(&self) -> i32 {
        self.file.as_raw_fd()
    }

    /// Gives it a name as `ip netns` knows it, until what is returned goes.
    pub fn mount(&self, name: &str) -> Result<Mounted> {
        let folder = Path::new("/run/netns");
        fs::create_dir_all(folder).context("cannot make /run/netns")?;
        let path = folder.join(name);
        File::create_new(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let mounted = Mounted { path };
        mount(Some(&self.path()), &mounted.path, None::<&str>, MsFlags::MS_BIND, None::<&str>)
            .with_context(|| format!("cannot mount the namespace at {}", mounted.path.display()))?;
        Ok(mounted)
    }
}

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// A namespace's name in `/run/netns`.
#[derive(Debug)]
pub struct Mounted {
    path: PathBuf,
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Err(error) = umount2(&self.path, MntFlags::MNT_DETACH) {
            eprintln!("cannot unmount {}: {error}", self.path.display());
        }
        if let Err(error) = fs::remove_file(&self.path) {
            eprintln!("cannot remove {}: {error}", self.path.display());
        }
    }
}

/// On a kernel without IPv6 there is nothing to do.
fn disable_ipv6(interfaces: &str) -> Result<()> {
    let path = format!("/proc/sys/net/ipv6/conf/{interfaces}/disable_ipv6");
    match fs::write(&path, "1") {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context(path),
        _ => Ok(()),
    }
}

/// Namespaces are a thread's: work in another one never happens on the caller's.
fn on_a_thread<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    thread::scope(|scope| scope.spawn(work).join()).map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
        anyhow!("the work in a network namespace panicked: {}", said.unwrap_or("without a word"))
    })
}
