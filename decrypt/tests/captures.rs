//! The pipeline against every capture of `captures/`, packet by packet: what has to come out was
//! written down by `cargo xtask captures`, which made the packets.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test reads files, and may fail by panicking"
)]

#[path = "captures/expected.rs"]
mod expected;
#[path = "captures/outcome.rs"]
mod outcome;
#[path = "captures/output.rs"]
mod output;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use expected::{Expected, Run};
use outcome::{Level, Outcome};
use serde_json::{Value, json};
use wgtrace_decrypt::pipeline::{Encoder, Format};

#[test]
fn every_scenario_gives_what_its_maker_put_in() {
    let mut failed = Vec::new();
    for folder in folders() {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let expected = Expected::read(&folder);
        assert!(!expected.runs.is_empty(), "{name}: expect.json has no runs");
        for run in &expected.runs {
            for wrong in differences(&folder, &expected, run) {
                failed.push(format!("{name} with {:?}: {wrong}", run.keys));
            }
        }
    }
    assert!(failed.is_empty(), "{} differences:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn every_scenario_of_the_readme_is_there_and_no_other() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let listed: BTreeSet<&str> =
        readme.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let folders = folders();
    let there: BTreeSet<&str> =
        folders.iter().map(|folder| folder.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(there, listed);
    assert!(there.len() >= LEAST, "{} scenarios", there.len());
}

#[test]
fn every_key_file_is_used_by_some_run() {
    for folder in folders() {
        let expected = Expected::read(&folder);
        let used: BTreeSet<&str> =
            expected.runs.iter().flat_map(|run| &run.keys).map(String::as_str).collect();
        for entry in fs::read_dir(&folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let is_capture = name == expected.capture || expected.beside.contains(&name);
            let is_known = name == "expect.json" || is_capture || used.contains(name.as_str());
            assert!(is_known, "{}: nothing expected of {name}", folder.display());
        }
    }
}

/// A key log converts to exactly the keys that the node itself exported.
#[test]
fn key_logs_convert_to_the_exported_transport_keys() {
    let mut compared = 0;
    for folder in folders() {
        let expected = Expected::read(&folder);
        let names = |run: &&Run| run.keys == ["keys.log"] && !run.sessions.is_empty();
        let Some(run) = expected.runs.iter().find(names) else { continue };
        let Ok(exported) = fs::read_to_string(folder.join("transport.keys")) else { continue };
        let outcome =
            Outcome::of(&folder, &expected.capture, &run.keys, &Encoder::new(Format::PcapNg, false));
        assert_eq!(key_fields(&outcome.transport_lines), key_fields(&exported), "{}", folder.display());
        compared += 1;
    }
    assert!(compared >= LEAST / 2, "{compared} compared");
}

#[test]
fn outer_frames_are_kept_as_they_are_and_the_inner_ones_beside_them() {
    for folder in folders() {
        let expected = Expected::read(&folder);
        let (capture, keys) = (&expected.capture, &expected.runs[0].keys);
        let of = |encoder| Outcome::of(&folder, capture, keys, &encoder).output;
        let beside = of(Encoder::new(Format::PcapNg, true));
        let alone = of(Encoder::new(Format::PcapNg, false));
        assert_eq!(output::packets(&beside), output::packets(&alone), "{}", folder.display());
        if capture.ends_with(".pcapng") {
            let original = fs::read(folder.join(capture)).unwrap();
            assert_eq!(output::frames(&beside, 1), output::frames(&original, 0), "{}", folder.display());
        }
    }
}

#[test]
fn nothing_is_written_when_nothing_is_wanted_and_the_outcome_is_the_same() {
    for folder in folders() {
        let expected = Expected::read(&folder);
        for run in &expected.runs {
            let of = |encoder| Outcome::of(&folder, &expected.capture, &run.keys, &encoder);
            let (discarded, written) = (of(Encoder::discard()), of(Encoder::new(Format::PcapNg, false)));
            assert!(discarded.output.is_empty());
            assert_eq!(
                discarded.outer.events,
                written.outer.events,
                "{} with {:?}",
                folder.display(),
                run.keys
            );
            let inside = |outcome: &Outcome| outcome.inside.as_ref().map(|inside| inside.events.clone());
            assert_eq!(inside(&discarded), inside(&written), "{} with {:?}", folder.display(), run.keys);
        }
    }
}

/// What differs from the expectation, in words.
fn differences(folder: &Path, expected: &Expected, run: &Run) -> Vec<String> {
    let outcome = Outcome::of(folder, &expected.capture, &run.keys, &Encoder::new(Format::PcapNg, false));
    let times = output::times(&folder.join(&expected.capture));
    let pcap = Outcome::of(folder, &expected.capture, &run.keys, &Encoder::new(Format::Pcap, false));
    let packets: Vec<Value> = output::packets(&outcome.output);
    let plain: Vec<(i64, Vec<u8>)> = output::pcap_packets(&pcap.output);
    let mut wrong = Vec::new();
    let mut same = |what: &str, have: Value, need: Value| {
        if have != need {
            wrong.push(format!("{what}\n    have {have}\n    need {need}"));
        }
    };
    same("packets", json!(packets), json!(expected.packets(run, &times)));
    let hashes: Vec<_> = plain.iter().map(|(time, data)| json!([time, output::sha256(data)])).collect();
    let need: Vec<_> = packets.iter().map(|packet| json!([packet["time"], packet["sha256"]])).collect();
    same("classic pcap", json!(hashes), json!(need));
    same("events", json!(outcome.outer.events), json!(expected.events(run)));
    let mut level = |inside: &str, have: &Level, need: &Run| {
        let mut same = |what: &str, have: Value, need: Value| same(&format!("{inside}{what}"), have, need);
        same("failures", json!(have.failures), json!(need.failures));
        same("directions", sorted(have.directions.clone()), sorted(need.directions.clone()));
        same("sessions", sorted(have.sessions.clone()), sorted(need.sessions.clone()));
        same("handshake failures", json!(have.handshake_failures), json!(need.handshake_failures));
    };
    level("", &outcome.outer, run);
    if let (Some(have), Some(need)) = (&outcome.inside, &run.inside) {
        level("inside: ", have, need);
        same("inside: events", json!(have.events), json!(expected.events_inside(need)));
        same("inside: handshakes", have.handshakes.clone(), need.counts.clone());
    }
    same("a tunnel inside", json!(outcome.inside.is_some()), json!(run.inside.is_some()));
    same("counts", outcome.counts, expected.counts(run));
    same("cookies", outcome.cookies, run.cookies.clone());
    same("complaints", json!(outcome.complaints), json!([]));
    wrong
}

fn sorted(mut values: Vec<Value>) -> Value {
    values.sort_by_key(ToString::to_string);
    Value::Array(values)
}

/// The first two fields of each line.
fn key_fields(lines: &str) -> BTreeSet<Vec<&str>> {
    lines.lines().map(|line| line.split(' ').take(2).collect()).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../captures")
}

/// The scenarios' folders, which are all that is there besides the README.
fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(root()).expect("the captures are committed");
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap() != "README.md")
        .collect();
    folders.sort();
    folders
}

/// Scenarios when this was written: some may come, none may go unseen.
const LEAST: usize = 29;
