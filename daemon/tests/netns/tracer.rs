//! `wgtraced trace --json` as a process.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use wgtrace_testbed::Namespace;

use crate::wait;

/// The program while it traces; it is killed when this goes.
pub(crate) struct Tracer {
    child: Child,
    stdout: Receiver<Value>,
    stderr: Receiver<String>,
    packets: Vec<Value>,
    ledger: Option<Value>,
}

/// All that it wrote.
pub(crate) struct Report {
    pub(crate) packets: Vec<Value>,
    ledger: Option<Value>,
    stderr: Vec<String>,
}

/// The ledger's sum.
pub(crate) struct Total {
    pub(crate) produced: u64,
    pub(crate) delivered: u64,
    pub(crate) lost: u64,
    pub(crate) is_exact: bool,
}

impl Tracer {
    /// Starts it in a namespace, and waits until it is attached wherever it can be.
    pub(crate) fn start(namespace: &Namespace, arguments: &[&str]) -> Result<Self> {
        let mut child = namespace.run(|| command(arguments).spawn())?.context("cannot start wgtraced")?;
        let stdout = lines(child.stdout.take().context("stdout")?, |line| {
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("not JSON ({error}): {line}"))
        });
        let stderr = lines(child.stderr.take().context("stderr")?, |line| line);
        let tracer = Self { child, stdout, stderr, packets: Vec::new(), ledger: None };
        let mut said = Vec::new();
        loop {
            match tracer.stderr.recv_timeout(wait::SOON) {
                Ok(line) if line.contains("tracing") => return Ok(tracer),
                Ok(line) => said.push(line),
                Err(error) => bail!("wgtraced does not trace ({error}): {}", said.join("\n")),
            }
        }
    }

    /// Runs it where it cannot work: how it ended, and what it said.
    pub(crate) fn refused(namespace: &Namespace, arguments: &[&str]) -> Result<(ExitStatus, String)> {
        let output = namespace.run(|| command(arguments).output())??;
        Ok((output.status, String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(Pid::from_child(&self.child), signal).context("cannot signal wgtraced")
    }

    /// Waits for the next packet.
    pub(crate) fn next_packet(&mut self) -> Result<Value> {
        loop {
            let object = self.stdout.recv_timeout(wait::SOON).context("no packet came")?;
            if self.sort(object) {
                return self.packets.last().cloned().context("a packet came");
            }
        }
    }

    /// Ends it as a person would, and takes all that it wrote.
    pub(crate) fn stop(mut self) -> Result<Report> {
        self.signal(Signal::INT)?;
        loop {
            match self.stdout.recv_timeout(wait::SOON) {
                Ok(object) => {
                    self.sort(object);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => bail!("wgtraced does not end"),
            }
        }
        let status = self.child.wait()?;
        let stderr: Vec<String> = self.stderr.iter().collect();
        ensure!(status.success(), "{status}: {}", stderr.join("\n"));
        Ok(Report { packets: std::mem::take(&mut self.packets), ledger: self.ledger.take(), stderr })
    }

    /// Whether it was a packet; only the last object is none.
    fn sort(&mut self, object: Value) -> bool {
        assert!(self.ledger.is_none(), "after the ledger came {object}");
        let is_packet = object.get("ledger").is_none();
        if is_packet {
            self.packets.push(object);
        } else {
            self.ledger = Some(object);
        }
        is_packet
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        // it may have ended already
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

impl Report {
    /// Packets seen at a hook.
    pub(crate) fn count(&self, hook: &str) -> u64 {
        self.packets.iter().filter(|packet| packet["hook"] == hook).count() as u64
    }

    /// Lines that tell of losses.
    pub(crate) fn lost_lines(&self) -> usize {
        self.stderr.iter().filter(|line| line.contains("LOST")).count()
    }

    /// The ledger's sum.
    pub(crate) fn ledger(&self) -> Result<Total> {
        let ledger = &self.ledger.as_ref().context("no ledger at the end")?["ledger"];
        let total = &ledger["total"];
        let number =
            |column: &str| total[column].as_u64().with_context(|| format!("no {column} in {ledger}"));
        Ok(Total {
            produced: number("produced")?,
            delivered: number("delivered")?,
            lost: number("lost")?,
            is_exact: ledger["exact"] == true,
        })
    }
}

/// Whether an object has all that `part` has; `null` there stands for any value.
pub(crate) fn holds(object: &Value, part: &Value) -> bool {
    match (object, part) {
        (_, Value::Null) => true,
        (Value::Object(object), Value::Object(part)) => {
            part.iter().all(|(key, value)| object.get(key).is_some_and(|found| holds(found, value)))
        }
        (Value::Array(array), Value::Array(part)) => {
            array.len() == part.len() && array.iter().zip(part).all(|(found, value)| holds(found, value))
        }
        _ => object == part,
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wgtraced"));
    command.args(["trace", "--json"]).args(arguments).env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Reads lines as they come, so that the program never waits for us.
fn lines<T: Send + 'static>(
    from: impl Read + Send + 'static,
    read: impl Fn(String) -> T + Send + 'static,
) -> Receiver<T> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            let Ok(line) = line else { return };
            if sender.send(read(line)).is_err() {
                return;
            }
        }
    });
    receiver
}
