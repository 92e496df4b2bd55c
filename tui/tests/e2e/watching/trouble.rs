//! Nodes and readers that are not there, or not any more.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::place::{Place, Running, flow, flows};
use crate::fake::Script;

#[test]
fn without_a_daemon_nothing_hangs() {
    let place = Place::new();
    for args in [
        &["observe"][..],
        &["observe", "-f"],
        &["observe", "--packets"],
        &["record", "-"],
        &["capture", "-w-"],
    ] {
        let ran = place.run(args).exits(1);
        assert!(ran.stderr.contains("no wgtraced answers at"), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("nobody to ask"), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn a_socket_without_permission_and_another_release_are_told() {
    let place = Place::new();
    let mut script = Script::of("worker");
    script.answers.status.contract = 9;
    let _fake = place.fake(script);
    for command in ["observe", "status", "peers"] {
        let ran = place.run(&[command]).exits(1);
        assert!(ran.stderr.contains("speaks contract 9, this program"), "{command}: {}", ran.stderr);
    }
    let refuses = Some("headers are for the group".to_owned());
    let _fake = place.fake(Script { refuses, ..Script::of("worker") });
    let ran = place.run(&["observe"]).exits(1);
    assert!(ran.stderr.contains("worker: no flows: headers are for the group"), "{}", ran.stderr);
}

#[test]
fn a_daemon_that_does_not_answer_is_not_waited_for() {
    let place = Place::new();
    let mut script = Script::of("worker");
    script.answers.hangs = true;
    let _fake = place.fake(script);
    let ran = place.run(&["status", "--timeout", "1"]).exits(1);
    assert!(ran.stderr.contains("did not answer within 1 s"), "{}", ran.stderr);
    let ran = place.run(&["observe"]).exits(1);
    assert!(ran.stderr.contains("did not answer within 5 s"), "{}", ran.stderr);
}

#[test]
fn one_node_gone_is_told_and_the_others_are_shown() {
    let place = Place::new();
    let script = Script { flows: vec![flows(vec![flow(1, "default/net")])], ..Script::of("worker") };
    let fake = place.fake(script);
    let gone = place.socket("gone");
    let ran = place.run(&[
        "observe",
        "--server",
        fake.path().to_str().unwrap(),
        "--server",
        gone.to_str().unwrap(),
    ]);
    let ran = ran.exits(0);
    assert_eq!(ran.text().lines().count(), 1);
    assert!(ran.stderr.contains(&format!("no wgtraced answers at {}", gone.display())), "{}", ran.stderr);
}

#[test]
fn a_daemon_killed_in_the_middle_is_told_and_found_again() {
    let place = Place::new();
    let script = Script { flows: vec![flows(vec![flow(1, "default/net")])], ..Script::of("worker") };
    let fake = place.fake(script.clone());
    let mut command = place.command(&["observe", "-f"]);
    let mut running = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut out = BufReader::new(running.0.stdout.take().unwrap());
    let mut talk = BufReader::new(running.0.stderr.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert!(line.contains("default/net:41000"), "{line}");
    drop(fake);
    line.clear();
    talk.read_line(&mut line).unwrap();
    assert!(line.contains("went away") && line.contains("not connected since 20"), "{line}");
    let again = Script { flows: vec![flows(vec![flow(2, "default/net")])], ..script };
    let _fake = place.fake(again);
    loop {
        line.clear();
        assert_ne!(talk.read_line(&mut line).unwrap(), 0);
        if line.contains("worker: connected again") {
            break;
        }
    }
    let mut said = String::new();
    while said.lines().count() < 2 {
        line.clear();
        out.read_line(&mut line).unwrap();
        said.push_str(&line);
    }
    assert!(said.contains(", new)") && said.contains(", ended)"), "{said}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    let fake = place.fake(Script { floods: true, ..Script::of("worker") });
    for args in [&["observe", "--packets"][..], &["capture", "-w", "-"], &["record", "-"]] {
        let mut command = place.command(args);
        let mut child = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
        let mut out = child.0.stdout.take().unwrap();
        out.read_exact(&mut [0; 64]).unwrap();
        drop(out);
        let deadline = Instant::now() + Duration::from_secs(20);
        let status = loop {
            if let Some(status) = child.0.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "{args:?} goes on");
            std::thread::yield_now();
        };
        assert_eq!(status.code(), Some(0), "{args:?}");
    }
    assert_ne!(fake.flooded.load(std::sync::atomic::Ordering::Relaxed), 0);
}
