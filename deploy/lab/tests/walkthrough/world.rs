//! A lab of the test's own.

use std::process::{Command, Output, Stdio};

use wgtrace_lab::walkthrough::{Outcome, STEPS, Stage, Step, Table, Verdict};
use wgtrace_lab::{Lab, Room};

/// A lab, or none yet, which ends with this value.
pub(crate) struct World(Room);

impl World {
    pub(crate) fn new() -> Self {
        Self(Room::new(env!("CARGO_BIN_EXE_wgtrace-lab")).unwrap())
    }

    /// `wgtrace-lab` with a lab of this world.
    pub(crate) fn command(&self, line: &str) -> Command {
        self.0.command(NAME, &line.split_whitespace().collect::<Vec<_>>())
    }

    /// Where the programs are.
    pub(crate) fn programs(&self) -> String {
        self.0.program("").display().to_string()
    }

    /// A lab that runs.
    pub(crate) fn up(&self, options: &str) -> Lab {
        self.0.up(NAME, &options.split_whitespace().collect::<Vec<_>>()).unwrap()
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

pub(crate) const WORKER: &str = "cilium-wireguard-worker";
pub(crate) const WORKER2: &str = "cilium-wireguard-worker2";
const NAME: &str = "walkthrough";
