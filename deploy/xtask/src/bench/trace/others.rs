//! Programs that watch the traffic while it is measured: ours, tcpdump, pwru.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path as FilePath;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process};
use wgtrace_testbed::Namespace;

use super::path::Path;

/// A program that is watching; ended when dropped.
#[derive(Debug)]
pub(super) struct Watcher {
    children: Vec<Child>,
}

impl Watcher {
    /// Nobody.
    pub(super) fn nobody() -> Self {
        Self { children: Vec::new() }
    }

    /// `wgtraced trace` on one hook of each of the three devices on the way out, with these words.
    pub(super) fn wgtraced(program: &FilePath, path: &Path, words: &[&str]) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg("trace");
        for namespace in [&path.node, &path.peer] {
            command.arg("--netns").arg(namespace.path());
        }
        command.args(["--iface", "lxc0", "--iface", "eth0"]);
        for hook in HOOKS {
            command.args(["--hook", hook]);
        }
        command.args(words);
        Ok(Self { children: vec![listening(command, "tracing")?] })
    }

    /// A tcpdump at each of the three devices, writing packets to nowhere.
    pub(super) fn tcpdump(path: &Path) -> Result<Self> {
        let mut watcher = Self::nobody();
        for (namespace, device) in [(&path.node, "lxc0"), (&path.node, "eth0"), (&path.peer, "eth0")] {
            let mut command = Command::new("tcpdump");
            command.args(["-n", "-i", device, "-s", "128", "-w", "/dev/null"]);
            watcher.children.push(inside(namespace, command, "listening on")?);
        }
        Ok(watcher)
    }

    /// pwru, which needs kprobes.
    pub(super) fn pwru(program: &FilePath) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["--output-tuple", "tcp or udp"]);
        Ok(Self { children: vec![listening(command, "Listening for events")?] })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        for child in &mut self.children {
            if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                let _gone = kill_process(pid, Signal::INT);
            }
        }
        for child in &mut self.children {
            let _status = child.wait();
        }
    }
}

fn inside(namespace: &Namespace, command: Command, ready: &str) -> Result<Child> {
    namespace.run(|| listening(command, ready))?
}

/// Starts a program and waits until it says, on standard error, that it is ready.
fn listening(mut command: Command, ready: &str) -> Result<Child> {
    let name = command.get_program().display().to_string();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(File::options().write(true).open("/dev/null")?)
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {name}"))?;
    let talk = child.stderr.take().ok_or_else(|| anyhow!("{name} has no standard error"))?;
    match first_words(talk, ready.to_owned()).recv_timeout(PATIENCE) {
        Ok(None) => Ok(child),
        Ok(Some(said)) => {
            let _status = child.wait();
            bail!("{name}: {said}")
        }
        Err(_) => {
            child.kill()?;
            child.wait()?;
            bail!("{name} did not begin to listen within {} s", PATIENCE.as_secs())
        }
    }
}

/// Reads what a program says, to its end; tells `None` when it is ready, or what it said instead.
fn first_words(talk: ChildStderr, ready: String) -> mpsc::Receiver<Option<String>> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut talk = BufReader::new(talk);
        let (mut line, mut said) = (String::new(), String::new());
        while talk.read_line(&mut line).is_ok_and(|len| len > 0) {
            if line.contains(&ready) {
                let _nobody_waits = tell.send(None);
                let _end = talk.read_to_end(&mut Vec::new());
                return;
            }
            said.push_str(line.trim());
            said.push(' ');
            line.clear();
        }
        let _nobody_waits = tell.send(Some(said));
    });
    told
}

/// What an outgoing packet passes.
const HOOKS: [&str; 3] = ["from-container", "to-netdev", "from-netdev"];
const PATIENCE: Duration = Duration::from_secs(10);
