//! The namespaces of a node or a pod.

use std::fs::File;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::path::PathBuf;
use std::process::{Child, Command};

use anyhow::{Context as _, Result, anyhow};
use nix::sched::{CloneFlags, setns, unshare};
use wgtrace_testbed::Namespace;

use crate::record::Descriptors;

/// Where a node or a pod is: namespaces, held open.
#[derive(Debug)]
pub struct Place {
    pub(crate) name: String,
    pub(crate) net: Namespace,
    pub(crate) mount: File,
    pub(crate) uts: File,
    /// That of the lab; `None` for who is in it.
    pub(crate) pids: Option<File>,
}

impl Place {
    /// Opens what the supervisor has open.
    pub(super) fn open(name: &str, supervisor: i32, descriptors: Descriptors) -> Result<Self> {
        let of = |below: String| PathBuf::from(format!("/proc/{supervisor}/{below}"));
        let open = |below: String| {
            let path = of(below);
            File::open(&path).with_context(|| format!("cannot open {}: labs are root's", path.display()))
        };
        Ok(Self {
            name: name.to_owned(),
            net: Namespace::open(&of(format!("fd/{}", descriptors.net)))?,
            mount: open(format!("fd/{}", descriptors.mount))?,
            uts: open(format!("fd/{}", descriptors.uts))?,
            pids: Some(open("ns/pid".to_owned())?),
        })
    }

    /// Name of the node or pod.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its network namespace.
    pub fn network(&self) -> &Namespace {
        &self.net
    }

    /// Runs `work` on a thread of its own in the network namespace, and in no other one: files and processes are the
    /// caller's. Sockets that it opens stay in the namespace.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        self.net.run(work).with_context(|| self.name.clone())
    }

    /// Starts a program there: with the node's or pod's network, mounts and host name, among the lab's processes, with
    /// which it ends. Standard streams are as the command has them; so is the working directory, if it has one.
    pub fn spawn(&self, command: &mut Command) -> Result<Child> {
        let program = command.get_program().to_string_lossy().into_owned();
        let started = self.enter(|| command.spawn())?;
        started.with_context(|| format!("cannot start {program} on {}", self.name))
    }

    /// Runs `work` on a thread of its own in all of the namespaces; only its children are among the lab's processes.
    pub(crate) fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        let entered = std::thread::scope(|scope| {
            let thread = scope.spawn(|| -> Result<T> {
                if let Some(pids) = &self.pids {
                    setns(pids, CloneFlags::CLONE_NEWPID)?;
                }
                setns(self.net.as_fd(), CloneFlags::CLONE_NEWNET)?;
                setns(&self.uts, CloneFlags::CLONE_NEWUTS)?;
                // only who has root and working directory for itself may change its mounts
                unshare(CloneFlags::CLONE_FS)?;
                setns(&self.mount, CloneFlags::CLONE_NEWNS)?;
                Ok(work())
            });
            thread.join().map_err(|_| anyhow!("the work on {} panicked", self.name))
        });
        entered?
            .with_context(|| format!("cannot enter {}: has the lab ended, or is this not root?", self.name))
    }

    /// What others find the namespaces by.
    pub(crate) fn descriptors(&self) -> Descriptors {
        Descriptors {
            net: self.net.as_fd().as_raw_fd(),
            mount: self.mount.as_raw_fd(),
            uts: self.uts.as_raw_fd(),
        }
    }
}
