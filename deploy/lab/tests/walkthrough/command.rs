//! `wgtrace-lab walkthrough`, as a person runs it.

use std::time::{Duration, Instant};

use serde_json::Value;
use wgtrace_lab::walkthrough::STEPS;

use crate::world::World;

/// What a walkthrough may take, lab and all.
const LIMIT: Duration = Duration::from_secs(50);

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn it_passes_on_a_lab_of_its_own_and_leaves_nothing() {
    let world = World::new();
    let start = Instant::now();
    let said = world.command(&format!("walkthrough --programs {}", world.programs())).output().unwrap();
    let took = start.elapsed();
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(said.status.success(), "{text}{}", String::from_utf8_lossy(&said.stderr));
    assert!(took < LIMIT, "{took:?}");
    let last = text.lines().last().unwrap();
    assert!(last.starts_with(&format!("walkthrough: {0} of {0} steps OK", STEPS.len())), "{last}");
    let said = world.command("status").output().unwrap();
    assert!(!said.status.success(), "there is a lab still");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn on_a_lab_that_runs_it_prints_an_object_a_step_and_leaves_the_lab() {
    let world = World::new();
    let lab = world.up("");
    let folder = tempfile::tempdir().unwrap();
    let line = format!("walkthrough --json --write-captures {}", folder.path().display());
    let said = world.command(&line).output().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(said.status.success(), "{text}{}", String::from_utf8_lossy(&said.stderr));
    let outcomes: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = outcomes.iter().map(|outcome| outcome["step"].as_str().unwrap()).collect();
    assert_eq!(names, STEPS.map(|step| step.name));
    assert!(outcomes.iter().all(|outcome| outcome["verdict"] == "ok"));
    for file in ["eth0.pcapng", "cilium_wg0.pcapng", "pod-eth0.pcapng", "transport.keys", "expect.json"] {
        assert!(folder.path().join(file).metadata().unwrap().len() > 0, "{file}");
    }
    assert!(lab.nodes()[0].run(|| ()).is_ok());
    let said = world.command("status").output().unwrap();
    assert!(said.status.success());
}

/// Without the program that decrypts one step cannot run, and nothing else is wrong.
#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_step_that_cannot_run_is_told_from_one_that_differs() {
    let world = World::new();
    let _lab = world.up("--keys off");
    let said = world.command("walkthrough").output().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    assert_eq!(said.status.code(), Some(3), "{text}");
    assert!(
        text.contains("--- decryption: NOT RUN: the lab has no key logs: `wgtrace lab up --keys session`\n")
    );
    assert!(text.lines().last().unwrap().contains(" 0 differ, 1 not run"), "{text}");
    let mut command = world.command("walkthrough decryption");
    let said = command.env("WGTRACE_PROGRAM", "/nowhere/wgtrace").output().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    assert_eq!(said.status.code(), Some(3), "{text}");
    assert!(text.contains("NOT RUN: there is no /nowhere/wgtrace: build it with"), "{text}");
    let said = world.command("walkthrough wether").output().unwrap();
    assert_eq!(said.status.code(), Some(1));
    assert!(String::from_utf8(said.stderr).unwrap().contains("no step `wether`: there are pod addresses, "));
}
