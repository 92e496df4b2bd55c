//! What `eth0` carried, opened by tshark.

use std::process::Command;

use wgtrace_lab::control::Daemon;
use wgtrace_lab::walkthrough::inner::{count, flows};
use wgtrace_lab::walkthrough::opened::Opened;
use wgtrace_lab::walkthrough::stage::{Stage, Watch};
use wgtrace_lab::{Lab, ping};
use wgtrace_testbed::within;

use crate::world::{WORKER, World, passes, tool};

/// Wireshark opens sessions from their handshake on: the daemon begins anew, and so does its session.
#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn tshark_opens_the_same_packets() {
    let world = World::new();
    let lab = world.up("--keys wireshark");
    let stage = Stage::on(&lab);
    let watch = Watch::start(&stage).unwrap();
    lab.daemon(Daemon::Stop, WORKER).unwrap();
    lab.daemon(Daemon::Start, WORKER).unwrap();
    let net = lab.pod("net").unwrap();
    within("a ping is answered", || {
        net.run(|| ping("10.0.2.194".parse().unwrap(), 1)).unwrap().unwrap().is_whole().then_some(())
    });
    let seen = watch.stop().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("eth0.pcapng");
    seen.wire.write(&capture).unwrap();
    let keys = lab.node(WORKER).unwrap().key_log().unwrap();
    let theirs = echoes(&lab, &format!("-o wg.keylog_file:{} -r {}", keys.display(), capture.display()));
    let tunnel = folder.path().join("cilium_wg0.pcapng");
    seen.tunnel.write(&tunnel).unwrap();
    let inside = echoes(&lab, &format!("-r {}", tunnel.display()));
    assert!(inside.len() >= 2, "{inside:?}");
    // the first request may have come before there was a session again
    let late = inside.len() - theirs.len();
    assert!(theirs.len() >= 2 && theirs == inside[late..], "{theirs:?} {inside:?}");
    let opened = Opened::with(&stage.wgtrace, &keys, &seen.wire).unwrap();
    assert_eq!(count(&flows(opened.packets.iter().map(Vec::as_slice))), theirs.len(), "{opened:?}");
}

/// Sender, receiver, type and number of each echo request and reply inside.
fn echoes(lab: &Lab, options: &str) -> Vec<String> {
    let fields = ["ip.src", "ip.dst", "icmp.type", "icmp.seq", "ip.ttl"].map(|field| format!("-e {field}"));
    let line = format!("tshark -n {options} -Y icmp -T fields -E occurrence=l {}", fields.join(" "));
    tool(lab, WORKER, &line).lines().map(str::to_owned).collect()
}

/// Session keys open nothing for Wireshark, and the keys of Wireshark are not what the step is about.
#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn session_keys_are_what_the_step_asks_for() {
    let world = World::new();
    let lab = world.up("");
    let outcome = passes(&lab, "decryption");
    assert!(outcome.notes.iter().any(|note| note.starts_with("cut amid a session")), "{outcome}");
    let keys = lab.node(WORKER).unwrap().key_log().unwrap();
    let shown = Command::new("grep").args(["-c", "="]).arg(&keys).output().unwrap();
    assert!(shown.status.success(), "a key log of session keys");
}
