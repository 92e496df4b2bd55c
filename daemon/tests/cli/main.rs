//! The command line, without privileges.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::process::{Command, Output};

fn wgtraced(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wgtraced")).args(args).env_remove("WGTRACE_LOG").output().unwrap()
}

fn complaint(args: &[&str]) -> (Option<i32>, String) {
    let output = wgtraced(args);
    assert!(output.stdout.is_empty(), "{args:?}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn help_has_examples_filters_and_exit_codes() {
    let output = wgtraced(&["trace", "--help"]);
    let help = String::from_utf8(output.stdout).unwrap();
    for part in ["Examples:", "portrange", "Exit status:", "boot_ns", "--buffer-pages"] {
        assert!(help.contains(part), "{part}");
    }
    let output = wgtraced(&["trace", "-h"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("Exit status: 0"));
}

#[test]
fn mistakes_are_told_before_anything_is_touched() {
    for (args, part) in [
        (&["trace"][..], "--iface"),
        (&["trace", "-i", "eth0=hsot"], "`hsot` is no role"),
        (&["trace", "-i", "eth0", "-f", "tcp and hots"], "column 9: `hots` is no condition"),
        (&["trace", "-i", "eth0", "-f", "from-nowhere:tcp"], "`from-nowhere` is no hook"),
        (&["trace", "-i", "eth0", "--hook", "nowhere"], "from-container"),
        (&["trace", "-i", "eth0", "-s", "65001"], "65000"),
        (&["trace", "-i", "eth0", "-w", "x", "--json"], "cannot be used with"),
        (&["trace", "-i", "eth0", "--duration", "0s"], "longer than nothing"),
        (&["probe", "--log", "a=b=c"], "--log"),
    ] {
        let (code, complaint) = complaint(args);
        assert_eq!(code, Some(2), "{args:?}: {complaint}");
        assert!(complaint.contains(part), "{args:?}: {complaint}");
    }
}

#[test]
fn a_configuration_is_checked_and_shown_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wgtraced.toml");
    let file = path.to_str().unwrap();
    std::fs::write(&path, "node-name = \"a\"\nnode-ip = \"172.18.0.3\"\npod-cidr = \"10.0.1.0/24\"\n")
        .unwrap();
    let output = wgtraced(&["config", "check", file]);
    assert_eq!(output.status.code(), Some(0));
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("router-ip = \"10.0.1.1\"") && shown.contains("listen-port = 51871"), "{shown}");
    std::fs::write(&path, &shown).unwrap();
    let again = wgtraced(&["config", "check", file]);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), shown);
    let json = wgtraced(&["config", "check", file, "--json"]);
    let object: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(object["ipam"]["cluster-pool"][0], "10.0.0.0/8");
    std::fs::write(&path, shown.replace("l7-proxy = false", "l7-proxy = true")).unwrap();
    let (code, complaint) = complaint(&["config", "check", file]);
    assert_eq!(code, Some(1));
    assert!(complaint.contains("wgtraced.toml, line 13, column 12: l7-proxy"), "{complaint}");
}

#[test]
fn a_datapath_that_cannot_be_told_is_no_answer() {
    let (code, complaint) = complaint(&["datapath", "diff", "--config", "/nowhere/wgtraced.toml"]);
    assert_eq!(code, Some(2));
    assert!(complaint.contains("cannot read /nowhere/wgtraced.toml: "), "{complaint}");
}

#[test]
fn a_probe_answers_everybody() {
    let output = wgtraced(&["probe", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for key in ["kernel", "btf", "tcx", "perf_rings", "wireguard", "capabilities", "lockdown"] {
        assert!(object[key]["consequence"].as_str().is_some_and(|text| !text.is_empty()), "{key}: {object}");
    }
}
