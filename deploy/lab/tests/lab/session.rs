//! The lab as somebody meets it first: one command, a screen, and nothing left.

use rustix::process::Signal;
use wgtrace_testbed::PATIENCE;
use wgtrace_testbed::Terminal;

use crate::remains::Remains;
use crate::world::World;

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn one_command_shows_traffic_of_three_nodes_and_leaves_nothing() {
    let world = World::new();
    let before = Remains::of(world.directory());
    let mut screen = session(&world);
    for seen in ["3/3", "ENCRYPTED", "cilium_wg0"] {
        screen.wait_for_text(seen, PATIENCE).unwrap();
    }
    let lab = world.attach("a");
    assert!(lab.settings().encryption && lab.traffic().unwrap().is_on);
    assert!(lab.nodes().iter().all(|node| node.key_log().is_some_and(|log| log.exists())));
    drop(lab);
    screen.send(b"q").unwrap();
    assert!(screen.wait_for_end(PATIENCE).unwrap().success());
    assert!(screen.is_restored().unwrap(), "{}", screen.text());
    assert!(screen.text().contains("lab `a` is down, and nothing is left of it"), "{}", screen.text());
    assert!(!world.home("a").path().exists());
    before.wait_for(world.directory());
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_lab_that_is_up_already_is_shown_and_stays() {
    let world = World::new();
    let lab = world.up("a", "");
    let mut screen = session(&world);
    screen.wait_for_text("3/3", PATIENCE).unwrap();
    screen.send(b"q").unwrap();
    assert!(screen.wait_for_end(PATIENCE).unwrap().success());
    let said = screen.text();
    assert!(
        said.contains("is up already, encryption on: it stays") && said.contains("pods are silent"),
        "{said}"
    );
    assert_eq!(lab.daemons().unwrap().iter().filter(|daemon| daemon.pid.is_some()).count(), 3);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn told_to_end_or_killed_it_takes_the_lab_with_it() {
    let world = World::new();
    let before = Remains::of(world.directory());
    for signal in [Signal::TERM, Signal::HUP, Signal::KILL] {
        let mut screen = session(&world);
        screen.wait_for_text("3/3", PATIENCE).unwrap();
        screen.signal(signal).unwrap();
        let ended = screen.wait_for_end(PATIENCE);
        if signal == Signal::KILL {
            // its terminal goes with it, and so does the TUI; nobody was left to remove the directory
            drop(screen);
            before.wait_for(world.directory());
            world.ok("a", "down");
        } else {
            ended.unwrap();
            assert!(screen.is_restored().unwrap(), "{}", screen.text());
        }
        assert!(!world.home("a").path().exists(), "{signal:?}");
        before.wait_for(world.directory());
    }
}

fn session(world: &World) -> Terminal {
    let mut command = world.command("a", &[]);
    command.env("NO_COLOR", "1");
    Terminal::start(&mut command, (40, 160)).unwrap()
}
