//! Captures from elsewhere, against what others made of them.

use std::path::Path;

use ring::digest::{SHA256, digest};
use serde_json::Value;

use crate::gate;
use crate::program::{Ran, run};
use crate::records::{self, Record, hex};

const SAMPLE: &str = "wireshark/wireguard-ping-tcp.pcap";
const INITIATOR: &str = "wireshark/initiator.keys";
const RESPONDER: &str = "wireshark/responder.keys";

#[test]
fn the_sample_decrypts_with_the_keys_of_either_end() {
    let Some(captures) = gate::conformance() else { return };
    let expect = expect(&captures);
    let frames = records::pcap(&std::fs::read(captures.join(SAMPLE)).unwrap());
    for (keys, initiator) in [(INITIATOR, true), (RESPONDER, false)] {
        let (_, inner) = decrypt(&captures, SAMPLE, &captures.join(keys));
        let wanted: Vec<&Value> = packets(&expect).collect();
        assert_eq!(inner.len(), 16);
        assert_eq!(hashes(&inner), wanted.iter().map(|packet| hash_of(packet)).collect::<Vec<_>>());
        for (record, wanted) in inner.iter().zip(wanted) {
            let number = wanted["frame"].as_u64().unwrap();
            let frame = &frames[usize::try_from(number).unwrap() - 1];
            assert_eq!(record.time, frame.time, "frame {number}");
            assert_eq!(record.link, pcap_file::DataLink::RAW);
            let receiver = wanted["receiver"].as_str().unwrap();
            let comment = record.comment.as_deref().unwrap();
            let parts: Vec<&str> = comment.split(", ").collect();
            assert_eq!(parts[0], format!("frame {number}"));
            assert_eq!(parts[2], format!("index {receiver}"));
            assert_eq!(parts[3], format!("counter {}", wanted["counter"]));
            let to_responder = sessions(&expect).any(|session| session["responder_index"] == receiver);
            // Out of whose keys these are, or in.
            assert_eq!(record.flags, Some(if to_responder == initiator { 2 } else { 1 }), "{comment}");
        }
    }
}

#[test]
fn a_key_log_becomes_exactly_the_transport_keys() {
    let Some(captures) = gate::conformance() else { return };
    let expect = expect(&captures);
    for (keys, initiator) in [(INITIATOR, true), (RESPONDER, false)] {
        let ran = convert(&captures, keys);
        let mut have: Vec<String> =
            ran.text().lines().map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" ")).collect();
        let mut want = Vec::new();
        for session in sessions(&expect) {
            for (index, key, forward) in [
                ("responder_index", "key_initiator_to_responder", true),
                ("initiator_index", "key_responder_to_initiator", false),
            ] {
                let way = if forward == initiator { "send" } else { "recv" };
                want.push(format!(
                    "{} {} {way}",
                    session[index].as_str().unwrap(),
                    session[key].as_str().unwrap()
                ));
            }
        }
        have.sort();
        want.sort();
        assert_eq!(have, want, "{keys}");
    }
}

#[test]
fn the_same_traffic_in_other_clothes_decrypts_whole() {
    let Some(captures) = gate::conformance() else { return };
    let expect = expect(&captures);
    let mut wanted: Vec<String> = packets(&expect).map(hash_of).collect();
    wanted.sort();
    for name in ["raw", "null", "vlan", "frag", "reorder", "roam"] {
        for keys in [INITIATOR, RESPONDER] {
            let (_, inner) = decrypt(&captures, &format!("edge/{name}.pcap"), &captures.join(keys));
            let mut have = hashes(&inner);
            have.sort();
            assert_eq!(have, wanted, "{name} with {keys}");
        }
    }
}

#[test]
fn without_the_handshake_a_key_log_gives_nothing_and_the_reason() {
    let Some(captures) = gate::conformance() else { return };
    let (capture, keys) = (captures.join("edge/mid.pcap"), captures.join(INITIATOR));
    let ran = run([Path::new("decrypt"), &capture, Path::new("-k"), &keys, Path::new("--json")]).exits(3);
    let lines = ran.json();
    let failures: Vec<&Value> = lines.iter().filter(|line| line["type"] == "failure").collect();
    assert_eq!(failures.len(), 2);
    for failure in failures {
        assert_eq!(failure["kind"], "no-key");
        let index = failure["receiver_index"].as_str().unwrap();
        let reason = failure["reason"].as_str().unwrap();
        assert_eq!(reason, format!("no handshake in the capture and no transport key for index {index}"));
    }
}

#[test]
fn without_the_handshake_transport_keys_open_everything() {
    let Some(captures) = gate::conformance() else { return };
    let expect = expect(&captures);
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("transport.keys");
    std::fs::write(&keys, convert(&captures, INITIATOR).stdout).unwrap();
    let (ran, inner) = decrypt(&captures, "edge/mid.pcap", &keys);
    // Its ten frames are 3 to 12 of the sample, of which 9 is a keepalive.
    let within = |packet: &&Value| (3..=12).contains(&packet["frame"].as_u64().unwrap());
    let wanted: Vec<String> = packets(&expect).filter(within).map(hash_of).collect();
    assert_eq!(hashes(&inner), wanted);
    let total = ran.json().pop().unwrap();
    assert_eq!((&total["keepalives"], &total["not_decrypted"]), (&1.into(), &0.into()));
}

#[test]
fn what_the_capture_cut_off_is_called_truncated() {
    let Some(captures) = gate::conformance() else { return };
    let (ran, inner) = decrypt(&captures, "edge/snap200.pcap", &captures.join(INITIATOR));
    assert_eq!(inner.len(), 14);
    let lines = ran.json();
    let failures: Vec<&Value> = lines.iter().filter(|line| line["type"] == "failure").collect();
    assert_eq!(failures.len(), 2);
    for failure in failures {
        assert_eq!((&failure["kind"], &failure["messages"]), (&"truncated".into(), &1.into()));
    }
}

/// Decrypts to pcapng; gives the run with its JSON and the inner packets.
fn decrypt(captures: &Path, capture: &str, keys: &Path) -> (Ran, Vec<Record>) {
    let dir = tempfile::tempdir().unwrap();
    let (capture, out) = (captures.join(capture), dir.path().join("out.pcapng"));
    let [command, key, write, json] = ["decrypt", "-k", "-w", "--json"].map(Path::new);
    let ran = run([command, &capture, key, keys, write, &out, json]).exits(0);
    (ran, records::pcapng(&std::fs::read(out).unwrap()))
}

fn convert(captures: &Path, keys: &str) -> Ran {
    let (capture, keys) = (captures.join(SAMPLE), captures.join(keys));
    run([Path::new("keys"), Path::new("convert"), &capture, Path::new("-k"), &keys]).exits(0)
}

fn expect(captures: &Path) -> Value {
    let text = std::fs::read_to_string(captures.join("wireshark/expect.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn sessions(expect: &Value) -> impl Iterator<Item = &Value> {
    expect["sessions"].as_array().unwrap().iter()
}

fn packets(expect: &Value) -> impl Iterator<Item = &Value> {
    expect["transport"].as_array().unwrap().iter().filter(|message| message["keepalive"] == false)
}

fn hash_of(packet: &Value) -> String {
    packet["inner_sha256"].as_str().unwrap().to_owned()
}

fn hashes(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| hex(digest(&SHA256, &record.data).as_ref())).collect()
}
