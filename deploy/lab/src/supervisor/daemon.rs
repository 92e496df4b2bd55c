//! A node's `wgtraced`.

use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};

use super::children::Children;
use super::store::Store;
use crate::ask;
use crate::control;
use crate::home::NodeHome;
use crate::lab::Place;
use crate::plan::NODES;
use crate::programs;
use crate::record::{Keys, Settings};

/// The daemon of a node, whether it runs or not.
#[derive(Debug)]
pub(super) struct Daemon {
    node: String,
    settings: Settings,
    home: NodeHome,
    children: Children,
    store: Store,
    /// The last one started.
    pid: Mutex<Option<i32>>,
}

impl Daemon {
    pub(super) fn new(node: &str, settings: &Settings, home: NodeHome, children: Children) -> Result<Self> {
        let store = Store::listen(home.notify())?;
        let (node, settings) = (node.to_owned(), settings.clone());
        Ok(Self { node, settings, home, children, store, pid: Mutex::default() })
    }

    /// Starts it on its node.
    pub(super) fn start(&self, place: &Place) -> Result<()> {
        let mut pid = self.pid.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pid) = *pid {
            ensure!(self.children.ended(pid).is_some(), "wgtraced of {} runs already", self.node);
        }
        let log = self.log()?;
        let mut command = self.command()?;
        command.arg("run").arg("--config").arg(self.home.config());
        let level = match self.settings.keys {
            Keys::Off => None,
            Keys::Session => Some("session"),
            Keys::Wireshark => Some("wireshark"),
        };
        if let Some(level) = level {
            command.arg("--key-log").arg(self.home.key_log()).args(["--key-level", level]);
        }
        if std::env::var_os(LOG_LEVEL).is_none() {
            command.env(LOG_LEVEL, "info");
        }
        command.env("NOTIFY_SOCKET", self.store.path());
        command.stdout(log.try_clone()?).stderr(log).current_dir("/");
        let (started, _) = self.children.spawn(place, &mut command)?;
        *pid = Some(started);
        Ok(())
    }

    /// The program, with what its predecessor has kept for it.
    fn command(&self) -> Result<Command> {
        let program = self.settings.programs.join(programs::DAEMON);
        let mut given = self.store.give()?;
        let Some((name, descriptor)) = given.pop() else {
            let mut command = Command::new(program);
            command.stdin(Stdio::null());
            return Ok(command);
        };
        ensure!(given.is_empty(), "wgtraced of {} has more kept than one descriptor", self.node);
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("become").arg(name).arg(program).stdin(descriptor);
        Ok(command)
    }

    /// Waits until it says that nothing is wrong and that it knows the other nodes.
    pub(super) fn wait_ready(&self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !self.store.wait_ready(INTERVAL) {
            if let Some(status) = self.ended() {
                bail!("wgtraced of {} ended: {status}; its last words:\n{}", self.node, self.last_words());
            }
            ensure!(
                Instant::now() < deadline,
                "wgtraced of {} has not said that it is ready after {PATIENCE:?}; its last words:\n{}",
                self.node,
                self.last_words()
            );
        }
        let others = if self.settings.encryption { NODES.len() - 1 } else { 0 };
        loop {
            if let Some(status) = self.ended() {
                bail!("wgtraced of {} ended: {status}; its last words:\n{}", self.node, self.last_words());
            }
            let missing = match ask::status(&self.home.socket()) {
                Ok(status) if !status.faults.is_empty() => status.faults.join("; "),
                Ok(status) => {
                    let peers = status.encryption.map_or(0, |encryption| encryption.peers);
                    if usize::try_from(peers)? >= others {
                        return Ok(());
                    }
                    format!("it has {peers} of {others} peers")
                }
                Err(error) => format!("{error:#}"),
            };
            ensure!(
                Instant::now() < deadline,
                "wgtraced of {} is not ready after {PATIENCE:?}: {missing}; its last words:\n{}",
                self.node,
                self.last_words()
            );
            thread::sleep(INTERVAL);
        }
    }

    /// Ends it for good, as far as anybody knows: nothing is kept for another; how it ended.
    pub(super) fn stop(&self) -> Result<ExitStatus> {
        let ended = self.end(Signal::TERM)?;
        self.store.clear();
        Ok(ended)
    }

    /// Ends it with a signal; how it ended.
    pub(super) fn end(&self, signal: Signal) -> Result<ExitStatus> {
        let pid = *self.pid.lock().unwrap_or_else(PoisonError::into_inner);
        let pid = pid.filter(|pid| self.children.ended(*pid).is_none());
        let pid = pid.with_context(|| format!("wgtraced of {} does not run", self.node))?;
        self.children.signal(pid, signal)?;
        self.children.wait(pid, PATIENCE).with_context(|| {
            format!("wgtraced of {} did not end within {PATIENCE:?} of a signal; `kill` ends it", self.node)
        })
    }

    /// What it does, for who asks from outside.
    pub(super) fn state(&self) -> control::DaemonState {
        let pid = *self.pid.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = pid.and_then(|pid| self.children.ended(pid));
        let running = pid.filter(|_| ended.is_none());
        control::DaemonState {
            node: self.node.clone(),
            pid: running.and_then(|pid| outside(pid).ok()),
            ended: ended.map(|status| status.to_string()),
        }
    }

    fn ended(&self) -> Option<ExitStatus> {
        let pid = *self.pid.lock().unwrap_or_else(PoisonError::into_inner);
        pid.and_then(|pid| self.children.ended(pid))
    }

    fn log(&self) -> Result<File> {
        let path = self.home.log();
        let log = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
        log.with_context(|| format!("cannot open {}", path.display()))
    }

    fn last_words(&self) -> String {
        last_lines(&self.home.log())
    }
}

/// The end of a log, indented.
pub(crate) fn last_lines(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.get(lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default();
    if last.is_empty() { "  (none)".to_owned() } else { format!("  {}", last.join("\n  ")) }
}

/// The number that `/proc`, which is that of outside, has for a process of the lab (`linux: kernel/fork.c`,
/// `pidfd_show_fdinfo`).
fn outside(pid: i32) -> Result<i32> {
    let fd = pidfd_open(Pid::from_raw(pid).context("0 is no process")?, PidfdFlags::empty())?;
    let said = fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_raw_fd()))?;
    let number = said.lines().find_map(|line| line.strip_prefix("Pid:")).context("no number")?;
    Ok(number.trim().parse()?)
}

/// From nothing to peers known takes a second on an idle machine.
const PATIENCE: Duration = Duration::from_secs(30);
const INTERVAL: Duration = Duration::from_millis(20);
const LAST_LINES: usize = 12;
const LOG_LEVEL: &str = "WGTRACE_LOG";
