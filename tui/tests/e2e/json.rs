//! The summary for programs.

use serde_json::{Value, json};

use crate::program::run;
use crate::scene::Scene;

#[test]
fn a_session_has_its_facts() {
    let scene = Scene::new();
    let lines = run(scene.decrypt(&["--json"])).exits(0).json();
    let [session, total] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(
        keys(session),
        [
            "depth",
            "id",
            "initiator",
            "local",
            "origin",
            "rekeys_before",
            "responder",
            "sent_by_initiator",
            "sent_by_responder",
            "type"
        ]
    );
    assert_eq!(session["type"], "session");
    assert_eq!(session["local"], "initiator");
    assert_eq!(session["rekeys_before"], 0);
    assert_eq!(
        session["origin"],
        json!({
            "kind": "handshake",
            "initiation": { "frame": 1, "time": "2026-01-01T00:00:00.000000000Z" },
            "response": { "frame": 2, "time": "2026-01-01T00:00:00.000001001Z" },
            "timestamp": "2026-01-01T00:00:00.000000000Z",
            "psk": true,
        })
    );
    assert_eq!(
        session["sent_by_initiator"],
        json!({
            "packets": 4,
            "bytes": 84 + 1420 + 576 + 52,
            "keepalives": 1,
            "malformed": 0,
            "lost": 0,
            "reordered": 0,
            "duplicated": 0,
            "late": 0,
            "first": { "frame": 3, "time": "2026-01-01T00:00:00.000002002Z" },
            "last": { "frame": 10, "time": "2026-01-01T00:00:00.000009009Z" },
            "endpoint": "172.18.0.3:51871",
            "address_changes": 0,
        })
    );
    assert_eq!(session["initiator"]["index"], "0x00000101");
    assert_eq!(session["responder"]["index"], "0x00000102");
    assert_eq!(
        *total,
        json!({
            "type": "total",
            "frames": 10,
            "datagrams": 10,
            "not_wireguard": 0,
            "transport_datagrams": 8,
            "initiations": 1,
            "responses": 1,
            "handshake_duplicates": 0,
            "cookie_replies": 0,
            "cookies_opened": 0,
            "mac2_verified": 0,
            "sessions": 1,
            "packets": 7,
            "bytes": 84 + 61 + 1420 + 40 + 576 + 1419 + 52,
            "keepalives": 1,
            "malformed": 0,
            "not_decrypted": 0,
            "nested_sessions": 0,
            "nested_packets": 0,
            "nested_bytes": 0,
            "nested_keepalives": 0,
            "nested_not_decrypted": 0,
        })
    );
}

#[test]
fn every_failure_has_kind_count_place_and_reason() {
    let scene = Scene::new();
    let lines = run(["decrypt", &scene.arg("eth0.pcap"), "--json"]).exits(3).json();
    let failures: Vec<&Value> = lines.iter().filter(|line| line["type"] == "failure").collect();
    assert_eq!(failures.len(), 2);
    for failure in failures {
        assert_eq!(keys(failure), ["depth", "first", "kind", "messages", "reason", "receiver_index", "type"]);
        assert_eq!(failure["kind"], "no-key");
    }
    let total = lines.last().unwrap();
    assert_eq!((&total["type"], &total["not_decrypted"]), (&json!("total"), &json!(8)));
}

#[test]
fn a_wrong_preshared_key_is_named_as_the_reason() {
    let scene = Scene::new();
    let log = scene.tunnel.key_log();
    let (without, _) = log.split_once("PRESHARED_KEY").unwrap();
    scene.put("keys.log", without.as_bytes());
    let lines = run(scene.decrypt(&["--json"])).exits(3).json();
    let reasons: Vec<&str> = lines.iter().filter_map(|line| line["reason"].as_str()).collect();
    assert!(!reasons.is_empty());
    assert!(reasons.iter().any(|reason| reason.contains("PSK")), "{reasons:?}");
}

#[test]
fn a_capture_cut_short_is_read_to_there_with_a_warning() {
    let scene = Scene::new();
    scene.put("eth0.pcap", &scene.capture[..scene.capture.len() - 5]);
    let lines = run(scene.decrypt(&["--json"])).exits(0).json();
    assert!(lines.iter().any(|line| line["type"] == "warning" && line["text"].is_string()), "{lines:?}");
    assert_eq!(lines.last().unwrap()["packets"], 6);
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}
