//! Other people's tools on our output.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use crate::program::{finish, run};
use crate::records::{self, Record};
use crate::scene::{Scene, time_of};
use crate::{gate, program};

#[test]
fn wireshark_decrypts_by_itself_what_has_its_keys_embedded() {
    let Some(tshark) = gate::tool("tshark") else { return };
    let scene = Scene::new();
    run(scene.decrypt(&["-w", &scene.arg("out.pcapng"), "--embed-keys", "wireshark"])).exits(0);
    assert_same(tshark, &scene.path("out.pcapng"), 7);
}

#[test]
fn wireshark_decrypts_its_own_sample_with_keys_we_embedded() {
    let Some(captures) = gate::conformance() else { return };
    for keys in ["initiator", "responder"] {
        let Some(tshark) = gate::tool("tshark") else { return };
        let dir = tempfile::tempdir().unwrap();
        let (capture, out) =
            (captures.join("wireshark/wireguard-ping-tcp.pcap"), dir.path().join("out.pcapng"));
        let keys = captures.join(format!("wireshark/{keys}.keys"));
        let [decrypt, key, write, embed, level] =
            ["decrypt", "-k", "-w", "--embed-keys", "wireshark"].map(Path::new);
        run([decrypt, &capture, key, &keys, write, &out, embed, level]).exits(0);
        assert_same(tshark, &out, 16);
    }
}

#[test]
fn session_keys_embedded_do_not_disturb_wireshark() {
    let Some(tshark) = gate::tool("tshark") else { return };
    let scene = Scene::new();
    run(scene.decrypt(&["-w", &scene.arg("out.pcapng"), "--embed-keys", "session", "--with-outer"])).exits(0);
    let fields = ["-Y", "udp.port == 5001", "-T", "fields", "-e", "frame.number"];
    let ran = read(tshark, &scene.path("out.pcapng"), &fields);
    assert_eq!(ran.lines().count(), 7);
}

#[test]
fn comments_and_nanoseconds_reach_wireshark() {
    let Some(tshark) = gate::tool("tshark") else { return };
    let scene = Scene::new();
    run(scene.decrypt(&["-w", &scene.arg("out.pcapng")])).exits(0);
    let fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "frame.comment"];
    let seen = read(tshark, &scene.path("out.pcapng"), &fields);
    for (line, (frame, ..)) in seen.lines().zip(&scene.inner) {
        let time = time_of(*frame);
        let (seconds, nanos) = (time / 1_000_000_000, time % 1_000_000_000);
        assert!(line.starts_with(&format!("{seconds}.{nanos:09}\tframe {frame}, peer ")), "{line}");
    }
    assert_eq!(seen.lines().count(), 7);
}

#[test]
fn classic_output_keeps_nanoseconds_for_wireshark() {
    let Some(tshark) = gate::tool("tshark") else { return };
    let scene = Scene::new();
    run(scene.decrypt(&["-w", &scene.arg("out.pcap")])).exits(0);
    let seen = read(tshark, &scene.path("out.pcap"), &["-T", "fields", "-e", "frame.time_epoch"]);
    let times = scene.inner.iter().map(|(frame, ..)| time_of(*frame));
    let times: Vec<String> =
        times.map(|t| format!("{}.{:09}", t / 1_000_000_000, t % 1_000_000_000)).collect();
    assert_eq!(seen.lines().collect::<Vec<_>>(), times);
}

#[test]
fn standard_output_goes_straight_into_tshark() {
    let Some(mut tshark) = gate::tool("tshark") else { return };
    let scene = Scene::new();
    for format in ["pcapng", "pcap"] {
        let ran = run(scene.decrypt(&["-w", "-", "-q", "--format", format])).exits(0);
        let home = tempfile::tempdir().unwrap();
        tshark.env("HOME", home.path());
        let seen = finish(tshark.args(["-nr", "-"]), &ran.stdout).exits(0);
        assert_eq!(seen.text().lines().count(), 7, "{format}: {}", seen.text());
        tshark = Command::new("tshark");
    }
}

#[test]
fn standard_output_goes_straight_into_tcpdump() {
    let scene = Scene::new();
    for format in ["pcapng", "pcap"] {
        let Some(mut tcpdump) = gate::tool("tcpdump") else { return };
        let ran = run(scene.decrypt(&["-w", "-", "-q", "--format", format])).exits(0);
        let seen = finish(tcpdump.args(["-nr", "-"]), &ran.stdout).exits(0);
        let lines: Vec<&str> = seen.text().lines().collect();
        assert_eq!(lines.len(), 7, "{format}: {lines:?}");
        assert!(lines[0].contains("IP 10.0.1.203.5001 > 10.0.2.194.5001: UDP, length 56"), "{}", lines[0]);
    }
}

/// Whether the oracle, given nothing but the file, sees the packets that we wrote beside the frames.
fn assert_same(tshark: Command, file: &Path, packets: usize) {
    let records = records::pcapng(&std::fs::read(file).unwrap());
    let (ours, outer): (Vec<&Record>, Vec<&Record>) =
        records.iter().partition(|record| record.interface == 0);
    let dump = read(tshark, file, &["-x", "-Y", "wg"]);
    let theirs = dissected(&dump);
    assert_eq!(ours.len(), packets);
    assert_eq!(theirs.iter().filter(|frame| frame.inner.is_some()).count(), packets);

    let by_frame: HashMap<&[u8], &Vec<u8>> =
        theirs.iter().filter_map(|frame| Some((frame.outer.as_slice(), frame.inner.as_ref()?))).collect();
    for record in ours {
        let comment = record.comment.as_deref().unwrap();
        let number = comment.strip_prefix("frame ").and_then(|rest| rest.split(',').next()).unwrap();
        let frame = outer[number.parse::<usize>().unwrap() - 1];
        assert_eq!(by_frame[frame.data.as_slice()], &record.data, "{comment}");
    }
}

/// Runs tshark on a file, with no preferences, and gives what it prints.
fn read(mut tshark: Command, file: &Path, args: &[&str]) -> String {
    let home = tempfile::tempdir().unwrap();
    tshark.env("HOME", home.path()).env("XDG_CONFIG_HOME", home.path());
    let ran: program::Ran = finish(tshark.arg("-nr").arg(file).args(args), &[]).exits(0);
    ran.text().to_owned()
}

struct Dissected {
    outer: Vec<u8>,
    inner: Option<Vec<u8>>,
}

/// What the lines of a dump belong to.
enum Source {
    /// Nothing yet: a dump without headings follows when there is but one source.
    Blank,
    Frame,
    Inner,
    Other,
}

/// Reads `tshark -x`: for each frame its bytes, then under a heading those of each further source.
fn dissected(dump: &str) -> Vec<Dissected> {
    let mut frames: Vec<Dissected> = Vec::new();
    let mut source = Source::Blank;
    for line in dump.lines() {
        let heading = line.ends_with("bytes):");
        source = match source {
            _ if line.is_empty() => Source::Blank,
            _ if line.starts_with("Decrypted Packet (") => Source::Inner,
            _ if heading && !line.starts_with("Frame (") => Source::Other,
            Source::Blank => {
                frames.push(Dissected { outer: Vec::new(), inner: None });
                Source::Frame
            }
            Source::Frame | Source::Inner | Source::Other => source,
        };
        if line.is_empty() || heading {
            continue;
        }
        // Offset, two spaces, sixteen bytes of three columns each.
        let columns = line[6..54].split_whitespace();
        let bytes = columns.map(|byte| u8::from_str_radix(byte, 16).unwrap());
        let frame = frames.last_mut().unwrap();
        match source {
            Source::Frame => frame.outer.extend(bytes),
            Source::Inner => frame.inner.get_or_insert_default().extend(bytes),
            Source::Blank | Source::Other => {}
        }
    }
    frames
}
