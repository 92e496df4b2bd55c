//! Pods that talk for somebody to look at.

use wgtrace_lab::control::{Daemon, TalkState};
use wgtrace_testbed::within;

use crate::world::{WORKER2, World};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn pods_talk_through_a_restart_and_are_silent_when_told() {
    let world = World::new();
    let lab = world.up("a", "--traffic");
    let talks = || lab.traffic().unwrap().talks;
    let wait_for_more = || {
        let before = talks();
        within("everybody is answered twice more", || {
            let more = |(now, before): (&TalkState, &TalkState)| now.answered >= before.answered + 2;
            talks().iter().zip(&before).all(more).then_some(())
        });
    };
    wait_for_more();
    let shown = world.ok("a", "status");
    let head = shown.lines().find(|line| line.starts_with("TRAFFIC")).unwrap();
    assert_eq!(
        head.split_whitespace().collect::<Vec<_>>(),
        ["TRAFFIC", "SENT", "ANSWERED", "LAST", "TROUBLE"]
    );
    lab.daemon(Daemon::Kill, WORKER2).unwrap();
    lab.daemon(Daemon::Start, WORKER2).unwrap();
    wait_for_more();
    let stream = talks().into_iter().find(|talk| talk.name.starts_with("net streams")).unwrap();
    assert_eq!(stream.trouble, None, "it lives through that");
    world.ok("a", "traffic off");
    let silent = lab.traffic().unwrap();
    let program = env!("CARGO_BIN_EXE_wgtrace-lab");
    world.ok("a", &format!("exec net {program} ping --count 3 10.0.1.54"));
    assert_eq!((silent.is_on, lab.traffic().unwrap()), (false, silent));
    world.ok("a", "traffic on");
    wait_for_more();
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn pods_that_were_not_told_to_talk_are_silent_until_they_are() {
    let world = World::new();
    let lab = world.up("a", "");
    assert_eq!(lab.traffic().unwrap(), wgtrace_lab::control::TrafficState::default());
    assert!(!world.ok("a", "status").contains("TRAFFIC"));
    lab.set_traffic(true).unwrap();
    within("an answer", || lab.traffic().unwrap().talks.iter().any(|talk| talk.answered > 0).then_some(()));
}
