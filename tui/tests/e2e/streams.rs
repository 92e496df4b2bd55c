//! Pipes at either end.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use zerocopy::IntoBytes as _;

use crate::program::{finish, run, wgtrace};
use crate::records;
use crate::scene::{Pcap, Scene, Tunnel, Way, packet};

#[test]
fn a_capture_may_come_through_a_pipe_plain_or_compressed() {
    let scene = Scene::new();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&scene.capture).unwrap();
    let zstd = zstd::encode_all(scene.capture.as_slice(), 0).unwrap();
    let keys = scene.arg("keys.log");
    for (what, input) in [("plain", scene.capture.clone()), ("gzip", gzip.finish().unwrap()), ("zstd", zstd)]
    {
        for name in ["-", "/dev/stdin"] {
            let ran = finish(&mut wgtrace(["decrypt", name, "-k", &keys, "-w", "-", "-q"]), &input).exits(0);
            assert_eq!(records::data(&records::pcapng(&ran.stdout)), scene.packets(), "{what} {name}");
        }
        let file = scene.put(what, &input);
        let ran = run(["decrypt", &file, "-k", &keys, "-w", "-", "-q"]).exits(0);
        assert_eq!(records::data(&records::pcapng(&ran.stdout)), scene.packets(), "{what} file");
    }
}

#[test]
fn order_does_not_matter_in_a_pipe_either() {
    let scene = Scene::new();
    let mut tunnel = Tunnel::new(1);
    let mut pcap = Pcap::new();
    let first = packet(Way::Forward, 100, 1);
    pcap.frame(Way::Forward, &tunnel.seal(Way::Forward, &first));
    pcap.frame(Way::Back, tunnel.response.as_bytes());
    pcap.frame(Way::Forward, tunnel.initiation.as_bytes());
    for embed in [&[][..], &["--embed-keys", "session"]] {
        let keys = scene.arg("keys.log");
        let args = ["decrypt", "-", "-k", &keys, "-w", "-", "-q"];
        let ran = finish(wgtrace(args).args(embed), &pcap.bytes).exits(0);
        assert_eq!(records::data(&records::pcapng(&ran.stdout)), [first.as_slice()]);
    }
}

#[test]
fn keys_may_come_through_standard_input() {
    let scene = Scene::new();
    let args = ["decrypt", &scene.arg("eth0.pcap"), "-k", "-", "-w", "-", "-q"];
    let ran = finish(&mut wgtrace(args), scene.tunnel.key_log().as_bytes()).exits(0);
    assert_eq!(records::pcapng(&ran.stdout).len(), 7);
}

#[test]
fn a_name_that_leads_to_a_pipe_is_written_as_one() {
    let scene = Scene::new();
    let ran = run(scene.decrypt(&["-w", "/dev/stdout", "-q"])).exits(0);
    assert_eq!(records::pcapng(&ran.stdout).len(), 7);
    // What a shell makes of `-w >(cat)`.
    let ran = run(scene.decrypt(&["-w", "/proc/self/fd/1", "-q"])).exits(0);
    assert_eq!(records::pcapng(&ran.stdout).len(), 7);

    let fifo = scene.arg("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut child = wgtrace(scene.decrypt(&["-w", &fifo, "-q"])).spawn().unwrap();
    let written = std::fs::read(&fifo).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(records::pcapng(&written).len(), 7);
}

#[test]
fn the_summary_moves_aside_for_packets_on_standard_output() {
    let scene = Scene::new();
    let ran = run(scene.decrypt(&["-w", "-"])).exits(0);
    assert_eq!(records::pcapng(&ran.stdout).len(), 7);
    assert!(ran.stderr.contains("decrypted 7 packets"), "{}", ran.stderr);
    let ran = run(scene.decrypt(&["-w", &scene.arg("out.pcapng")])).exits(0);
    assert!(ran.text().contains("decrypted 7 packets"));
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let scene = Scene::new();
    // More than a pipe holds.
    let mut tunnel = Tunnel::new(1);
    let mut pcap = Pcap::new();
    pcap.frame(Way::Forward, tunnel.initiation.as_bytes());
    pcap.frame(Way::Back, tunnel.response.as_bytes());
    for number in 0..500 {
        pcap.frame(Way::Forward, &tunnel.seal(Way::Forward, &packet(Way::Forward, 1400, number)));
    }
    scene.put("eth0.pcap", &pcap.bytes);
    for more in [["-w", "-"], ["-j", "1"]] {
        let mut child = wgtrace(scene.decrypt(&more));
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut head = [0; 16];
        child.stdout.take().unwrap().read_exact(&mut head).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(!String::from_utf8_lossy(&output.stderr).contains("roken"));
    }
}

#[test]
fn nobody_listening_to_the_talk_is_no_error() {
    let scene = Scene::new();
    // Something to complain about, and a reader that is gone from the start.
    let keys = scene.put("bad.keys", b"LOCAL_STATIC_PRIVATE_KEY = nonsense\n");
    for more in
        [&["-k", &keys][..], &["-k", &keys, "-w", "-"], &["--embed-keys", "wireshark", "-w", "/dev/null"]]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let status = wgtrace(scene.decrypt(more)).stdout(Stdio::null()).stderr(writer).status().unwrap();
        assert_eq!(status.code(), Some(0), "{more:?}");
    }
}
