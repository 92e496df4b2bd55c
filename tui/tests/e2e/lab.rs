//! `wgtrace lab`, which is another program.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Output};

use tempfile::TempDir;

/// `wgtrace` in a folder of its own, with this beside it by the name of the other one.
fn folder(lab: Option<&str>) -> TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::hard_link(env!("CARGO_BIN_EXE_wgtrace"), folder.path().join("wgtrace")).unwrap();
    if let Some(lab) = lab {
        symlink(lab, folder.path().join("wgtrace-lab")).unwrap();
    }
    folder
}

fn run(folder: &TempDir, args: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } =
        Command::new(folder.path().join("wgtrace")).args(args).output().unwrap();
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

#[test]
fn the_program_beside_this_one_gets_every_word() {
    let folder = folder(Some("/bin/echo"));
    for line in
        ["up --keys wireshark", "exec net -- ping -c 1 10.0.2.194", "up --help", "--name x status --json"]
    {
        let args: Vec<&str> = ["lab"].into_iter().chain(line.split(' ')).collect();
        assert_eq!(run(&folder, &args), (Some(0), format!("{line}\n")));
    }
}

#[test]
fn the_exit_status_is_that_programs() {
    assert_eq!(run(&folder(Some("/bin/sh")), &["lab", "-c", "exit 7"]).0, Some(7));
}

#[test]
fn without_that_program_it_is_said_where_it_should_be() {
    let folder = folder(None);
    let (code, said) = run(&folder, &["lab", "up"]);
    assert_eq!(code, Some(1));
    let expected = format!("wgtrace: cannot start {}", folder.path().join("wgtrace-lab").display());
    assert!(said.starts_with(&expected) && said.contains("`cargo build -p wgtrace-lab` makes it"), "{said}");
}
