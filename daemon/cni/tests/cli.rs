//! The program as a runtime runs it, without a daemon.
#![expect(clippy::unwrap_used, reason = "a test: what is not there fails it")]
#![expect(clippy::disallowed_methods, reason = "a test program: it has files and threads")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::{Value, json};
use wgtrace_cni::{Deletion, Queue};

/// Runs it with these variables and this configuration.
fn cni(variables: &[(&str, &str)], config: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wgtrace-cni"));
    command.env_clear().envs(variables.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may have refused before it read everything.
    let _ = child.stdin.take().unwrap().write_all(config.as_bytes());
    child.wait_with_output().unwrap()
}

fn config(directory: &Path) -> String {
    let (socket, queue) = (directory.join("wgtraced.sock"), directory.join("deletions"));
    json!({"cniVersion": "0.4.0", "name": "pods", "type": "wgtrace-cni", "socket": socket, "queue": queue})
        .to_string()
}

fn answer(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

const POD: [(&str, &str); 3] =
    [("CNI_CONTAINERID", "6f1d"), ("CNI_IFNAME", "eth0"), ("CNI_NETNS", "/run/netns/none")];

fn asking(command: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut variables = vec![("CNI_COMMAND", command)];
    variables.extend(POD);
    variables
}

#[test]
fn versions_are_told_without_a_configuration() {
    let output = cni(&[("CNI_COMMAND", "VERSION")], "");
    assert!(output.status.success());
    let versions = answer(&output);
    assert!(versions["supportedVersions"].as_array().unwrap().contains(&json!("1.0.0")));
}

#[test]
fn without_a_daemon_add_and_check_are_to_be_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    for command in ["ADD", "CHECK"] {
        let output = cni(&asking(command), &config(directory.path()));
        let error = answer(&output);
        assert_eq!((output.status.code(), &error["code"]), (Some(1), &json!(11)), "{error}");
        assert_eq!(error["cniVersion"], "0.4.0");
        let words = error["msg"].as_str().unwrap();
        assert!(words.contains("wgtraced.sock") && words.contains("is it running?"), "{words}");
    }
}

#[test]
fn without_a_daemon_a_deletion_waits_for_one() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let output = cni(&asking("DEL"), &config(directory.path()));
        assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    }
    let (waiting, strangers) = Queue::new(directory.path().join("deletions")).waiting().unwrap();
    let deletion = Deletion { container_id: "6f1d".to_owned(), interface: "eth0".to_owned() };
    assert_eq!((waiting, strangers), (vec![deletion], vec![]));
}

#[test]
fn of_a_daemon_that_ends_before_it_answers_no_more_is_expected_than_of_none() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("wgtraced.sock");
    let ask = |command: &'static str| {
        let listener = UnixListener::bind(&socket).unwrap();
        let ending = thread::spawn(move || {
            // from the first words on it is a connection, and then it breaks
            let (mut stream, _) = listener.accept().unwrap();
            drop(listener);
            stream.read_exact(&mut [0; 24]).unwrap();
        });
        let output = cni(&asking(command), &config(directory.path()));
        ending.join().unwrap();
        fs::remove_file(&socket).unwrap();
        output
    };
    let output = ask("DEL");
    assert!(output.status.success(), "{output:?}");
    let output = ask("ADD");
    assert_eq!((output.status.code(), &answer(&output)["code"]), (Some(1), &json!(11)), "{output:?}");
    let (waiting, _) = Queue::new(directory.path().join("deletions")).waiting().unwrap();
    assert_eq!(waiting.len(), 1);
}

#[test]
fn nonsense_is_refused_in_the_form_that_runtimes_read() {
    let directory = tempfile::tempdir().unwrap();
    for (variables, text, code) in [
        (vec![], config(directory.path()), 4),
        (asking("ADD"), "not JSON".to_owned(), 6),
        (asking("ADD"), "{}".to_owned(), 7),
        (asking("ADD"), r#"{"cniVersion": "9.9.9"}"#.to_owned(), 1),
    ] {
        let output = cni(&variables, &text);
        let error = answer(&output);
        assert_eq!((output.status.code(), &error["code"]), (Some(1), &json!(code)), "{error}");
    }
}
