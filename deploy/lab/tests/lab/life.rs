//! How labs begin and end.

use std::fs;
use std::thread;

use rustix::process::Signal;
use wgtrace_testbed::within;

use crate::remains::{Namespaces, Remains};
use crate::world::{CONTROL_PLANE, WORKER, WORKER2, World, kill};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn nothing_is_left_of_a_lab_that_was_ended() {
    let world = World::new();
    let before = Remains::of(world.directory());
    let shown = world.ok("a", "up");
    for name in
        [CONTROL_PLANE, WORKER, WORKER2, "net", "cni-vk8fx", "cni-7n2f9", "10.0.1.26", "wgtraced.sock"]
    {
        assert!(shown.contains(name), "{name}: {shown}");
    }
    let namespaces = Namespaces::of(&world.attach("a"));
    assert!(Remains::of(world.directory()).sees_processes() && namespaces.users() >= 4);
    let running = Remains::of(world.directory());
    assert_eq!(world.run("a", &["status"]).code, 0);
    world.ok("a", "down");
    // at once, not after a while
    assert!(!world.home("a").path().exists());
    namespaces.wait_unused();
    before.wait_for(world.directory());
    assert_ne!(running, before);
    let said = world.run("a", &["down"]);
    assert_eq!((said.code, said.err.as_str()), (1, "wgtrace-lab: there is no lab `a`\n"));
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn everything_ends_with_a_supervisor_that_is_killed_and_its_directory_is_taken_over() {
    let world = World::new();
    let before = Remains::of(world.directory());
    let lab = world.up("a", "");
    let (supervisor, namespaces) = (lab.supervisor(), Namespaces::of(&lab));
    drop(lab);
    kill(supervisor.try_into().unwrap(), Signal::KILL);
    namespaces.wait_unused();
    before.wait_for(world.directory());
    let said = world.run("a", &["status"]);
    assert_eq!(
        (said.code, said.err.starts_with("wgtrace-lab: there is no lab `a`")),
        (1, true),
        "{}",
        said.err
    );
    assert!(world.home("a").path().exists());
    let said = world.run("a", &["up"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("removed what a lab that crashed had left"), "{}", said.err);
    let supervisor = world.attach("a").supervisor();
    kill(supervisor.try_into().unwrap(), Signal::KILL);
    let said = within("down finds that it has crashed", || {
        // its last moments
        let said = world.run("a", &["down"]);
        (said.code == 0).then_some(said)
    });
    assert!(
        said.err.is_empty() || said.err.contains("crashed") || said.err.contains("is killed"),
        "{}",
        said.err
    );
    assert!(!world.home("a").path().exists());
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn two_labs_run_at_once_and_a_name_in_use_is_refused() {
    let world = World::new();
    thread::scope(|scope| {
        for name in ["a", "b"] {
            scope.spawn(|| world.ok(name, "up"));
        }
    });
    let said = world.run("a", &["up"]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.starts_with("wgtrace-lab: there is a lab `a`: `wgtrace lab down --name a` ends it"),
        "{}",
        said.err
    );
    let program = env!("CARGO_BIN_EXE_wgtrace-lab");
    for name in ["a", "b"] {
        world.ok(name, &format!("exec net {program} ping 10.0.2.194"));
    }
    world.ok("a", "down");
    world.ok("b", &format!("exec net {program} ping 10.0.2.194"));
    world.ok("b", "down");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_lab_that_is_told_to_end_while_it_is_made_leaves_nothing() {
    let world = World::new();
    let before = Remains::of(world.directory());
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let mut up = world.start("a", &["up"]);
        let home = world.home("a");
        within("a supervisor", || home.supervisor().ok().flatten());
        up.signal(signal);
        assert_ne!(up.code(), 0);
        before.wait_for(world.directory());
        if signal == Signal::KILL {
            // nobody was left to remove it
            world.ok("a", "down");
        }
        assert!(!home.path().exists(), "{signal:?}");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_lab_in_the_foreground_ends_with_who_started_it() {
    let world = World::new();
    let before = Remains::of(world.directory());
    for signal in [Signal::INT, Signal::KILL] {
        let mut up = world.foreground("a");
        let home = world.home("a");
        up.signal(signal);
        let code = up.code();
        before.wait_for(world.directory());
        if signal == Signal::KILL {
            world.ok("a", "down");
        } else {
            assert_eq!(code, 0);
        }
        assert!(!home.path().exists(), "{signal:?}");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_lab_in_the_foreground_may_be_ended_from_elsewhere() {
    let world = World::new();
    let mut up = world.foreground("a");
    world.ok("a", "down");
    assert_eq!(up.code(), 0);
    assert!(fs::read_dir(world.directory()).unwrap().next().is_none());
}
