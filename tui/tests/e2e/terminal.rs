//! `wgtrace tui` on a terminal of its own, and how it leaves it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use wgtrace_testbed::Terminal;

use crate::fake::{Fake, Script};
use crate::program::{Ran, finish, wgtrace};
use crate::watching::{flow, flows};

mod replayed;

/// A daemon that knows a flow, and a program that shows it.
struct Stage {
    terminal: Terminal,
    _fake: Fake,
    _folder: tempfile::TempDir,
}

impl Stage {
    fn new(size: (u16, u16)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = Script { flows: vec![flows(vec![flow(1, "default/net")])], ..Script::of("worker") };
        let fake = Fake::start(&folder.path().join("worker"), script);
        let mut command = wgtrace(["tui", "--server"]);
        command.arg(fake.path()).env("XDG_CONFIG_HOME", folder.path()).env_remove("WGTRACE_CONFIG");
        Self { terminal: Terminal::start(&mut command, size).unwrap(), _fake: fake, _folder: folder }
    }

    /// The same, once the flow is on the screen.
    fn shown(size: (u16, u16)) -> Self {
        let mut stage = Self::new(size);
        stage.terminal.wait_for_text("net:41000", PATIENCE).unwrap();
        stage
    }

    /// It ends with this status, and the terminal is as it was.
    #[track_caller]
    fn ends(mut self, status: i32) {
        let ended = self.terminal.wait_for_end(PATIENCE).unwrap();
        assert_eq!(ended.code(), Some(status), "{}", self.terminal.text());
        assert!(self.terminal.is_restored().unwrap(), "{}", self.terminal.text());
    }

    #[track_caller]
    fn quits(mut self) {
        self.terminal.send(b"q").unwrap();
        self.ends(0);
    }
}

#[test]
fn q_gives_the_terminal_back() {
    Stage::shown((24, 80)).quits();
}

#[test]
fn a_signal_ends_it_and_the_terminal_is_given_back() {
    for (signal, status) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let stage = Stage::shown((24, 80));
        assert!(!stage.terminal.is_restored().unwrap(), "the screen is taken");
        stage.terminal.signal(signal).unwrap();
        stage.ends(status);
    }
}

#[test]
fn a_terminal_of_one_cell_is_no_reason_to_end() {
    let mut stage = Stage::new((1, 1));
    stage.terminal.wait_for("a letter", PATIENCE, |screen| screen.contents() == "…").unwrap();
    stage.terminal.resize((24, 80)).unwrap();
    stage.terminal.wait_for_text("net:41000", PATIENCE).unwrap();
    stage.terminal.resize((1, 1)).unwrap();
    stage.quits();
}

#[test]
fn a_storm_of_sizes_ends_with_the_last_one() {
    let mut stage = Stage::shown((24, 80));
    for by in 0..2000_u16 {
        stage.terminal.resize((1 + by % 60, 2 + by * 7 % 220)).unwrap();
    }
    stage.terminal.resize((30, 100)).unwrap();
    // the keys are taken behind the sizes
    stage.terminal.send(b"?").unwrap();
    stage.terminal.wait_for_text("this help, and back", PATIENCE).unwrap();
    stage.terminal.send(b"?").unwrap();
    stage.terminal.wait_for_text("net:41000", PATIENCE).unwrap();
    stage.quits();
}

#[test]
fn a_pasted_megabyte_is_refused_with_or_without_brackets() {
    let mut stage = Stage::shown((24, 100));
    let megabyte = "x".repeat(1 << 20);
    stage.terminal.send(b"/\x1b[200~").unwrap();
    stage.terminal.send(megabyte.as_bytes()).unwrap();
    stage.terminal.send(b"\x1b[201~").unwrap();
    stage.terminal.wait_for_text("1048576 bytes pasted and not taken", PATIENCE).unwrap();
    // as keys, which is what terminals do that know no brackets
    stage.terminal.send(&megabyte.as_bytes()[..1 << 12]).unwrap();
    stage.terminal.send(b"\x03").unwrap();
    stage.ends(0);
}

/// Runs to the end on a terminal, for what ends by itself.
fn on_a_terminal(args: &[&str]) -> (Option<i32>, String) {
    let mut terminal = Terminal::start(&mut wgtrace(args), (24, 200)).unwrap();
    let status = terminal.wait_for_end(PATIENCE).unwrap();
    assert!(terminal.is_restored().unwrap());
    (status.code(), terminal.text())
}

#[test]
fn what_is_neither_recording_nor_capture_is_told_before_the_screen_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes");
    std::fs::write(&file, "remember the milk").unwrap();
    let (status, said) = on_a_terminal(&["tui", "--replay", file.to_str().unwrap()]);
    assert_eq!(status, Some(1));
    assert!(said.contains("no recording of this release") && said.contains("not a pcap or pcapng"), "{said}");
    let (status, said) = on_a_terminal(&["tui", "--replay", "/nowhere/at.all"]);
    assert!(status == Some(1) && said.contains("cannot open /nowhere/at.all"), "{said}");
}

/// A program that shows a file.
fn replaying(args: &[&str]) -> Terminal {
    let mut command = wgtrace(["tui", "--speed", "0", "--replay"]);
    Terminal::start(command.args(args), (40, 200)).unwrap()
}

/// Ends what [`replaying`] began.
#[track_caller]
fn quit(mut terminal: Terminal) {
    terminal.send(b"q").unwrap();
    assert!(terminal.wait_for_end(PATIENCE).unwrap().success());
    assert!(terminal.is_restored().unwrap());
}

fn captures(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../captures").join(file)
}

fn observed(args: &[&str]) -> Ran {
    finish(wgtrace(["observe"]).args(args), &[]).exits(0)
}

const PATIENCE: Duration = Duration::from_secs(30);
