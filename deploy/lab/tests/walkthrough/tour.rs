//! `wgtrace-lab tour`, as a learner takes it.

use std::process::Stdio;
use std::time::Duration;

use wgtrace_lab::walkthrough::STEPS;
use wgtrace_testbed::Terminal;

use crate::world::World;

/// With bringing a lab up, or with a step.
const PATIENCE: Duration = Duration::from_mins(1);

/// Takes these steps on a terminal of so many columns, with a lab that the tour brings up.
fn begin(world: &World, steps: &str, columns: u16) -> Terminal {
    let mut command = world.command(&format!("tour --programs {} {steps}", world.programs()));
    command.env_remove("NO_COLOR");
    let mut terminal = Terminal::start(&mut command, (60, columns)).unwrap();
    terminal.wait_for_text("-- Enter: step 1 of ", PATIENCE).unwrap();
    terminal
}

/// Ends, with the terminal as it was and no lab.
fn assert_over(world: &World, mut terminal: Terminal, code: i32) {
    let status = terminal.wait_for_end(PATIENCE).unwrap();
    assert_eq!(status.code(), Some(code), "{}", terminal.text());
    assert!(terminal.is_restored().unwrap(), "{}", terminal.text());
    let said = world.command("status").output().unwrap();
    assert!(!said.status.success(), "there is a lab still");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn each_step_waits_for_enter_and_says_what_to_look_at_and_why() {
    let world = World::new();
    let mut terminal = begin(&world, "rules peers", 140);
    assert!(!terminal.text().contains("=== 1 of 2"), "{}", terminal.text());
    terminal.send(b"x\r").unwrap();
    terminal.wait_for_text("-- Enter: step 2 of 2: peers", PATIENCE).unwrap();
    let page = terminal.text();
    for part in [
        "=== 1 of 2: rules =",
        "the document printed",
        "| 1: from all fwmark 0xe00/0xf00 lookup 201 proto 200",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains("\nLook at\n  - ") && page.contains("\nWhy\n  - "), "{page}");
    terminal.send(b" ").unwrap();
    terminal.wait_for_text("tour: 2 of 2 steps OK, 0 differ, 0 not run", PATIENCE).unwrap();
    // its question is not among what stays
    assert!(!terminal.text().contains("-- Enter"), "{}", terminal.text());
    assert_over(&world, terminal, 0);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn q_ends_it_and_so_does_ctrl_c_and_a_narrow_terminal_has_one_above_the_other() {
    let world = World::new();
    let mut terminal = begin(&world, "rules peers", 60);
    terminal.send(b"\r").unwrap();
    terminal.wait_for_text("-- Enter: step 2 of 2", PATIENCE).unwrap();
    assert!(terminal.text().contains(" = document  0: from all lookup local"), "{}", terminal.text());
    terminal.send(b"q").unwrap();
    assert_over(&world, terminal, 0);

    let mut terminal = begin(&world, "rules", 60);
    terminal.send(b"\x03").unwrap();
    assert_over(&world, terminal, 130);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn without_a_terminal_all_of_it_is_printed_on_the_lab_that_runs() {
    let world = World::new();
    let _lab = world.up("");
    let said = world.command("tour").stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(said.status.success(), "{text}{}", String::from_utf8_lossy(&said.stderr));
    for (number, step) in (1..).zip(STEPS) {
        let heading = format!("=== {number} of {}: {} =", STEPS.len(), step.name);
        assert!(text.contains(&heading), "{heading}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(!text.contains('\x1b') && !text.contains("-- Enter"), "{text}");
    assert!(world.command("status").output().unwrap().status.success(), "the lab is not its to end");
}
