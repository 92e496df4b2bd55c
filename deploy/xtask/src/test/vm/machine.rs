//! A virtual machine, from power on to power off.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use wgtrace_vm::Line;

/// What to boot.
#[derive(Debug)]
pub(super) struct Machine<'a> {
    pub(super) image: &'a Path,
    pub(super) initramfs: &'a Path,
    /// Where the kernel's console goes.
    pub(super) console: PathBuf,
    /// When to pull the plug.
    pub(super) deadline: Duration,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    pub(super) lines: Vec<Line>,
    /// Why there will be no more of them, where the last is not [`Line::Finished`].
    pub(super) fault: Option<String>,
    pub(super) took: Duration,
}

const QEMU: &str = "qemu-system-x86_64";

impl Machine<'_> {
    /// Boots it and listens until it is off.
    pub(super) fn run(&self) -> Result<Outcome> {
        let start = Instant::now();
        let mut child = Guard(self.command().spawn().with_context(|| format!("cannot run {QEMU}"))?);
        let lines = listen(&mut child.0)?;
        let mut heard = Vec::new();
        let fault = loop {
            let left = self.deadline.saturating_sub(start.elapsed());
            match lines.recv_timeout(left) {
                Ok(line) => heard.extend(Line::parse(&line)),
                Err(RecvTimeoutError::Timeout) => {
                    break Some(format!("not off after {} s", self.deadline.as_secs()));
                }
                Err(RecvTimeoutError::Disconnected) => break self.fault_at_the_end(&mut child.0, &heard)?,
            }
        };
        Ok(Outcome { lines: heard, fault, took: start.elapsed() })
    }

    /// The first serial port is the kernel's, the second is for verdicts: neither cuts into the other's lines.
    fn command(&self) -> Command {
        let mut command = Command::new(QEMU);
        command.args(["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "768M"]);
        command.args(["-nodefaults", "-nic", "none", "-display", "none", "-no-reboot"]);
        command.arg("-serial").arg(format!("file:{}", self.console.display())).args(["-serial", "stdio"]);
        command.arg("-kernel").arg(self.image).arg("-initrd").arg(self.initramfs);
        let deadline = self.deadline.as_secs();
        command.arg("-append").arg(format!(
            "console=ttyS0 loglevel=5 panic=-1 nokaslr mitigations=off random.trust_cpu=on \
             tsc=reliable wgtrace.deadline={deadline}"
        ));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn fault_at_the_end(&self, child: &mut Child, heard: &[Line]) -> Result<Option<String>> {
        let status = child.wait()?;
        if matches!(heard.last(), Some(Line::Finished)) {
            return Ok(None);
        }
        let mut said = String::new();
        if let Some(mut stderr) = child.stderr.take() {
            std::io::Read::read_to_string(&mut stderr, &mut said)?;
        }
        let console = self.console_text();
        let panic = console.lines().find_map(|line| line.split_once("Kernel panic - ")).map(|(_, why)| why);
        Ok(Some(match panic {
            Some(why) => format!("kernel panic: {why}"),
            None if status.success() => "off before it had finished".to_owned(),
            None => format!("{QEMU}: {status}: {}", said.trim()),
        }))
    }

    /// The last lines of the kernel's console.
    pub(super) fn console_tail(&self) -> String {
        let console = self.console_text();
        let lines: Vec<&str> = console.lines().collect();
        lines.get(lines.len().saturating_sub(40)..).unwrap_or_default().join("\n")
    }

    fn console_text(&self) -> String {
        fs::read_to_string(&self.console).unwrap_or_default()
    }
}

/// Whatever happens here, no machine runs on.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        // both fail only when it is over already
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn listen(child: &mut Child) -> Result<Receiver<String>> {
    let stdout = child.stdout.take().context("no output of the machine")?;
    let (send, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            if send.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    });
    Ok(lines)
}
