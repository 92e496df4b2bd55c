//! Commands on nodes and in pods.

use std::io::Write as _;
use std::process::Stdio;

use rustix::process::Signal;
use wgtrace_testbed::within;

use crate::world::{WORKER, World, kill};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_command_runs_as_if_it_were_run_here_but_for_where_it_is() {
    let world = World::new();
    let lab = world.up("a", "");
    let inside = |place: &str, script: &str| world.run("a", &["exec", place, "--", "sh", "-c", script]);
    assert_eq!(inside("net", "exit 7").code, 7);
    assert_eq!(inside("net", "kill -9 $$").code, 128 + 9);
    for place in [WORKER, "net"] {
        assert_eq!(inside(place, "cat /proc/sys/kernel/hostname").out, format!("{place}\n"));
        assert_eq!(inside(place, "pwd").out.trim(), std::env::current_dir().unwrap().to_str().unwrap());
    }
    // its own network is what /sys shows, its lab's processes /proc does, and init is the supervisor
    let devices = inside("net", "ls /sys/class/net").out;
    assert_eq!(devices, "eth0\nlo\n");
    assert!(inside("net", "tr '\\0' ' ' < /proc/1/cmdline").out.contains("supervise"));
    assert_eq!(inside(WORKER, "test -S /run/wgtrace/wgtraced.sock").code, 0);
    assert_eq!(inside(WORKER, "test -d /sys/fs/bpf/wgtrace").code, 0);
    let elsewhere = world.run("a", &["exec", "nowhere", "true"]);
    assert_eq!(elsewhere.code, 1);
    assert!(elsewhere.err.contains("has no node or pod `nowhere`: it has cilium-wireguard-control-plane,"));
    let unknown = world.run("a", &["exec", "net", "no-such-program"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.err.contains("cannot start no-such-program on net"), "{}", unknown.err);
    drop(lab);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn standard_streams_are_passed_through() {
    let world = World::new();
    let _lab = world.up("a", "");
    let mut command = world.command("a", &["exec", "net", "sh", "-c", "cat; echo done >&2"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"to and fro").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"to and fro"[..], &b"done\n"[..]));
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_command_ends_with_the_lab_and_by_the_signals_that_it_is_sent() {
    let world = World::new();
    let lab = world.up("a", "");
    let supervisor = lab.supervisor();
    drop(lab);
    let script = "trap 'exit 5' TERM; while :; do echo x > /run/alive; sleep 0.01; done";
    let start = || {
        let running = world.start("a", &["exec", "net", "sh", "-c", script]);
        let alive = ["exec", "net", "sh", "-c", "test -e /run/alive && rm /run/alive"];
        within("the command runs", || (world.run("a", &alive).code == 0).then_some(()));
        running
    };
    let mut told = start();
    told.signal(Signal::TERM);
    assert_eq!(told.code(), 5);
    let mut left = start();
    kill(supervisor.try_into().unwrap(), Signal::KILL);
    assert_eq!(left.code(), 128 + 9);
}
