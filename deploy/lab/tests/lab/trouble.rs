//! Labs that do not come to be.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::thread;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use wgtrace_lab::Home;

use crate::remains::Remains;
use crate::world::World;

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_missing_program_is_named_with_what_builds_it() {
    let world = World::new();
    let empty = tempfile::tempdir().unwrap();
    let said = world.run("a", &["up", "--programs", empty.path().to_str().unwrap()]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("there is no wgtraced in") && said.err.contains("`cargo build -p wgtraced`"),
        "{}",
        said.err
    );
    assert!(!world.home("a").path().exists());
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn the_last_words_of_a_daemon_that_does_not_begin_are_shown_and_nothing_is_left() {
    let world = World::new();
    let before = Remains::of(world.directory());
    let programs = tempfile::tempdir().unwrap();
    for (name, text) in
        [("wgtraced", "#!/bin/sh\necho wgtraced: no such luck >&2\nexit 9\n"), ("wgtrace-cni", "#!/bin/sh\n")]
    {
        let path = programs.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let said = world.run("a", &["up", "--programs", programs.path().to_str().unwrap()]);
    assert_eq!(said.code, 1);
    let expected = "ended: exit status: 9; its last words:\n  wgtraced: no such luck\n";
    assert!(
        said.err.contains("wgtraced of cilium-wireguard-") && said.err.ends_with(expected),
        "{}",
        said.err
    );
    before.wait_for(world.directory());
    assert!(!world.home("a").path().exists());
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn without_root_it_says_so() {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = directory.path().join("wgtrace-lab");
    // where it was built may be closed to others
    fs::copy(env!("CARGO_BIN_EXE_wgtrace-lab"), &program).unwrap();
    let mut up = Command::new(program);
    up.args(["up"]).env(Home::DIRECTORY, directory.path()).uid(65534).gid(65534).current_dir("/");
    let output = up.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("wgtrace-lab: a lab needs root"), "{said}");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn without_tun_devices_it_says_so() {
    let world = World::new();
    let mut up = world.command("a", &["up"]);
    // in a mount namespace of its own, the node of the device is hidden
    let output = thread::spawn(move || {
        unshare(CloneFlags::CLONE_NEWNS).unwrap();
        let none = None::<&str>;
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
        mount(Some("tmpfs"), Path::new("/dev/net"), Some("tmpfs"), MsFlags::empty(), none).unwrap();
        up.output().unwrap()
    });
    let output = output.join().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("wgtrace-lab: cannot open /dev/net/tun, which WireGuard in user space needs"),
        "{said}"
    );
    assert!(!world.home("a").path().exists());
}
