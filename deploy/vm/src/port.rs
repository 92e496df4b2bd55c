//! The serial port that reports go out by.

use std::fs::{self, File};
use std::io::Write as _;
use std::time::Instant;

use anyhow::{Context as _, Result};
use rustix::termios::{OptionalActions, tcdrain, tcgetattr, tcsetattr};
use wgtrace_vm::Line;

/// The second port; the first is the kernel's.
const PORT: &str = "/dev/ttyS1";

/// That port, open.
#[derive(Debug)]
pub(crate) struct Port(File);

impl Port {
    pub(crate) fn open() -> Result<Self> {
        let port = fs::OpenOptions::new().read(true).write(true).open(PORT);
        let port = port.with_context(|| format!("cannot open {PORT}"))?;
        let mut mode = tcgetattr(&port)?;
        mode.make_raw();
        tcsetattr(&port, OptionalActions::Now, &mode)?;
        Ok(Self(port))
    }

    /// Writes a line.
    pub(crate) fn say(&mut self, line: &Line) -> Result<()> {
        self.0.write_all(format!("{line}\n").as_bytes()).with_context(|| format!("cannot write to {PORT}"))
    }

    /// Makes a check and reports it; fails only when it cannot be reported.
    pub(crate) fn check(&mut self, name: &str, check: impl FnOnce() -> Result<String>) -> Result<()> {
        let start = Instant::now();
        let outcome = check();
        let millis = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (passed, notes) = match outcome {
            Ok(notes) => (true, notes),
            Err(error) => (false, format!("{error:#}")),
        };
        self.say(&Line::Check { name: name.to_owned(), passed, millis, notes })
    }

    /// Waits until everything has left.
    pub(crate) fn flush(&self) -> Result<()> {
        tcdrain(&self.0).with_context(|| format!("cannot drain {PORT}"))
    }
}
