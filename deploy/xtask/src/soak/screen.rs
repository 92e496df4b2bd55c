//! The TUI, attached and used all the time.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use wgtrace_lab::Lab;
use wgtrace_testbed::Terminal;

/// `wgtrace tui` of all nodes of a lab, on a pseudo-terminal.
#[derive(Debug)]
pub(super) struct Screen(Terminal);

impl Screen {
    /// Starts it, and waits until all nodes are there.
    pub(super) fn open(programs: &Path, lab: &Lab) -> Result<Self> {
        let mut tui = Command::new(programs.join("wgtrace"));
        tui.arg("tui").env("HOME", "/nonexistent").env_remove("XDG_CONFIG_HOME");
        for node in lab.nodes() {
            tui.arg("--server").arg(node.socket());
        }
        let mut terminal = Terminal::start(&mut tui, SIZE)?;
        terminal.wait_for_text("3/3", PATIENCE)?;
        Ok(Self(terminal))
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.0.pid()
    }

    /// Looks at one view after the other until it is over, and leaves.
    pub(super) fn watch(mut self, over: &AtomicBool) -> Result<()> {
        let Self(terminal) = &mut self;
        let mut views = VIEWS.iter().cycle();
        while !over.load(Ordering::Relaxed) {
            let view = views.next().context("no view")?;
            terminal.send(&[*view])?;
            let next = Instant::now() + EACH;
            while Instant::now() < next && !over.load(Ordering::Relaxed) {
                // what is written has to be read all the time
                let read = terminal.wait_for("nothing", READING, |_| false);
                ensure!(read.is_err(), "the screen was to be watched for a while");
            }
        }
        terminal.wait_for_text("3/3", PATIENCE)?;
        terminal.send(b"q")?;
        let status = terminal.wait_for_end(PATIENCE)?;
        ensure!(status.success(), "wgtrace tui: {status}");
        ensure!(terminal.is_restored()?, "wgtrace tui has not given the terminal back");
        Ok(())
    }
}

/// Keys of the views.
const VIEWS: &[u8] = b"1234567";
const SIZE: (u16, u16) = (40, 140);
const EACH: Duration = Duration::from_secs(3);
const READING: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(30);
