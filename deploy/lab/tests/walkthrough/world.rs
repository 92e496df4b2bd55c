//! A lab of the test's own.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use wgtrace_lab::walkthrough::{Outcome, STEPS, Stage, Step, Table, Verdict};
use wgtrace_lab::{Home, Lab};

/// A directory for a lab, which is ended with this value, whatever became of the test.
pub(crate) struct World {
    directory: TempDir,
    programs: PathBuf,
}

impl World {
    pub(crate) fn new() -> Self {
        let programs = std::env::var_os("WGTRACE_PROGRAMS").map(PathBuf::from).expect(
            "WGTRACE_PROGRAMS names the directory of wgtraced, wgtrace-cni and wgtrace: `cargo xtask test netns` does that",
        );
        Self { directory: tempfile::tempdir().unwrap(), programs }
    }

    /// `wgtrace-lab` with a lab of this world.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wgtrace-lab"));
        command.env(Home::DIRECTORY, self.directory.path()).env_remove("WGTRACE_LOG");
        command.args(["--name", NAME]).args(line.split_whitespace()).stdin(Stdio::null());
        command
    }

    /// Where the programs are.
    pub(crate) fn programs(&self) -> &str {
        self.programs.to_str().unwrap()
    }

    /// A lab that runs.
    pub(crate) fn up(&self, options: &str) -> Lab {
        let line = format!("up --programs {} {options}", self.programs());
        let said = self.command(&line).output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        Lab::attach_to(&Home::below(self.directory.path(), NAME).unwrap()).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.directory.path().join(NAME).exists() {
            let said = self.command("down").output().unwrap();
            if !said.status.success() {
                eprintln!("the lab stays: {}", String::from_utf8_lossy(&said.stderr));
            }
        }
    }
}

/// Runs a step.
pub(crate) fn run(lab: &Lab, step: &str) -> Outcome {
    let step = Step::named(step).unwrap_or_else(|| panic!("no step `{step}`"));
    step.run(&Stage::on(lab), &Table::committed().unwrap())
}

/// Runs a step that has to find everything as it is to be.
#[track_caller]
pub(crate) fn passes(lab: &Lab, step: &str) -> Outcome {
    let outcome = run(lab, step);
    assert_eq!(outcome.verdict, Verdict::Ok, "{outcome}");
    outcome
}

/// Runs a step that has to find a difference.
#[track_caller]
pub(crate) fn differs(lab: &Lab, step: &str) -> Outcome {
    let outcome = run(lab, step);
    assert_eq!(outcome.verdict, Verdict::Differs, "{outcome}");
    outcome
}

/// Runs all steps; the names of those that find a difference.
pub(crate) fn differing(lab: &Lab) -> Vec<&'static str> {
    let differs = |step: &&Step| run(lab, step.name).verdict == Verdict::Differs;
    STEPS.iter().filter(differs).map(|step| step.name).collect()
}

/// Runs a stock tool on a node or in a pod; what it prints.
pub(crate) fn tool(lab: &Lab, place: &str, line: &str) -> String {
    let said = said(lab, place, line);
    let printed = String::from_utf8(said.stdout).unwrap();
    assert!(said.status.success(), "{line}: {printed}{}", String::from_utf8_lossy(&said.stderr));
    printed
}

/// The same, whatever comes of it.
pub(crate) fn said(lab: &Lab, place: &str, line: &str) -> Output {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    command.args(words).env("TZ", "UTC").env("LC_ALL", "C").stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = lab.place(place).unwrap().spawn(&mut command);
    child.unwrap_or_else(|error| panic!("{error:#}: is it installed?")).wait_with_output().unwrap()
}

/// Waits until something holds.
#[track_caller]
pub(crate) fn within(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

pub(crate) const WORKER: &str = "cilium-wireguard-worker";
pub(crate) const WORKER2: &str = "cilium-wireguard-worker2";
/// Longer than a daemon looks away.
const PATIENCE: Duration = Duration::from_secs(20);
const NAME: &str = "walkthrough";
