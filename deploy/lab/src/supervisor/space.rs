//! The namespaces of nodes and pods, and what is mounted in them.

use std::fs::{self, DirBuilder, File};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::sethostname;
use wgtrace_testbed::Namespace;

use crate::lab::Place;

/// What a node needs besides its own `/proc` and `/sys`.
#[derive(Debug, Clone)]
pub(super) struct NodeMounts {
    /// What of the lab's directory the node sees, where it is outside.
    pub(super) seen: Vec<PathBuf>,
    /// What it sees as `/run/wgtrace`.
    pub(super) run: PathBuf,
}

/// Makes the namespaces of a node or, without mounts, of a pod: with a host name, a `/proc` of the lab's processes, a
/// `/sys` of the new network, an empty `/run`.
pub(super) fn make(name: &str, node: Option<&NodeMounts>) -> Result<Place> {
    let net = Namespace::new()?;
    let made = thread::scope(|scope| {
        let thread = scope.spawn(|| -> Result<(File, File)> {
            setns(net.as_fd(), CloneFlags::CLONE_NEWNET)?;
            unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUTS)
                .context("cannot make a mount namespace: this needs root")?;
            sethostname(name).context("cannot set the host name")?;
            // or everything below would appear outside
            mount(NOTHING, "/", NOTHING, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NOTHING)
                .context("cannot make the mounts private")?;
            mounts(node)?;
            let own = |which: &str| {
                let path = format!("/proc/thread-self/ns/{which}");
                File::open(&path).context(path)
            };
            Ok((own("mnt")?, own("uts")?))
        });
        thread.join().map_err(|_| anyhow!("making {name} panicked"))?
    });
    let (mount, uts) = made.with_context(|| format!("cannot make {name}"))?;
    net.up("lo")?;
    Ok(Place { name: name.to_owned(), net, mount, uts, pids: None })
}

/// Gives the network namespace of a pod a path on its node.
pub(super) fn name_netns(node: &Place, pod: &Namespace, path: &Path) -> Result<()> {
    let named = node.enter(|| -> Result<()> {
        fs::create_dir_all(path.parent().context("no directory")?)?;
        File::create_new(path)?;
        let source = format!("/proc/self/fd/{}", pod.as_fd().as_raw_fd());
        mount(Some(source.as_str()), path, NOTHING, MsFlags::MS_BIND, NOTHING)?;
        Ok(())
    })?;
    named.with_context(|| format!("cannot name a network namespace {}", path.display()))
}

fn mounts(node: Option<&NodeMounts>) -> Result<()> {
    let harmless = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let fresh = |kind: &str, at: &str, flags, options: Option<&str>| {
        mount(Some(kind), at, Some(kind), flags, options)
            .with_context(|| format!("cannot mount a file system of type {kind} at {at}"))
    };
    // what is to be seen through the new /run
    let open = |path: &PathBuf| File::open(path).with_context(|| path.display().to_string());
    let seen = node.map_or(&[][..], |node| &node.seen);
    let held = seen.iter().map(open).collect::<Result<Vec<_>>>()?;
    fresh("proc", "/proc", harmless, None)?;
    fresh("sysfs", "/sys", harmless, None)?;
    fresh("tmpfs", "/run", MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("mode=0755"))?;
    let Some(node) = node else { return Ok(()) };
    fresh("bpf", "/sys/fs/bpf", harmless, None)
        .context("has this kernel BPF (CONFIG_BPF_SYSCALL), and is its file system allowed here?")?;
    for (path, held) in seen.iter().zip(&held) {
        let source = PathBuf::from(format!("/proc/self/fd/{}", held.as_raw_fd()));
        bind(&source, path)?;
    }
    bind(&node.run, Path::new("/run/wgtrace"))
}

fn bind(source: &Path, at: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(at).with_context(|| at.display().to_string())?;
    mount(Some(source), at, NOTHING, MsFlags::MS_BIND, NOTHING)
        .with_context(|| format!("cannot mount {} at {}", source.display(), at.display()))
}

const NOTHING: Option<&str> = None;
