use serde_json::Value;
use wgtrace_abi::{DropReason, PacketEvent, Verdict};
use wgtrace_flow::decode;

use super::*;
use crate::trace::samples;

fn object(record: &[u8]) -> Value {
    let mut out = Vec::new();
    json(&decode(record).unwrap(), 3, &samples::names(), &mut samples::clock(), &mut out);
    assert_eq!(out.split_inclusive(|byte| *byte == b'\n').count(), 1);
    serde_json::from_slice(&out).unwrap()
}

fn objects(capture: &str) -> Vec<Value> {
    samples::records(capture, 128).iter().map(|record| object(record)).collect()
}

#[test]
fn keys_are_these() {
    let packet = objects("walkthrough-ping/eth0").remove(2);
    let keys: Vec<&str> = packet.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "boot_ns",
        "captured",
        "cpu",
        "eth",
        "hook",
        "iface",
        "ifindex",
        "ip",
        "l4",
        "len",
        "mark",
        "netns",
        "packet_type",
        "point",
        "sequence",
        "time",
        "wireguard",
    ];
    assert_eq!(keys, expected);
    assert!(packet["time"].as_str().unwrap().ends_with("T09:12:24.280618000Z"), "{packet}");
    assert_eq!((&packet["hook"], &packet["point"]), (&"to-netdev".into(), &"to-network".into()));
    assert_eq!(
        (&packet["iface"], &packet["cpu"], &packet["sequence"]),
        (&"eth0".into(), &3.into(), &2.into())
    );
    assert_eq!((&packet["len"], &packet["captured"]), (&170.into(), &128.into()));
    assert_eq!((&packet["ip"]["src"], &packet["ip"]["protocol"]), (&"172.18.0.3".into(), &17.into()));
    assert_eq!((&packet["l4"]["dst_port"], &packet["l4"]["payload_len"]), (&51871.into(), &128.into()));
    assert_eq!(packet["wireguard"]["type"], "transport-data");
    assert_eq!(
        (&packet["wireguard"]["counter"], &packet["wireguard"]["sealed_len"]),
        (&0.into(), &96.into())
    );
}

#[test]
fn every_capture_is_json_at_every_cut() {
    for capture in
        ["gso", "vlan", "qinq", "fragments", "fragments-ipv6", "not-wireguard", "ipv6", "cookie", "vxlan"]
    {
        for snaplen in [0, 13, 20, 40, 60, 128, 9000] {
            for record in samples::records(&format!("{capture}/capture"), snaplen) {
                object(&record);
            }
        }
    }
}

#[test]
fn tags_and_fragments_are_objects() {
    let tags = &objects("qinq/capture")[0]["vlan"];
    assert_eq!((tags.as_array().unwrap().len(), &tags[0]["protocol"]), (2, &"0x88a8".into()));
    let fragment = &objects("fragments/capture")[3]["ip"]["fragment"];
    assert!(fragment["offset"].as_u64().unwrap() > 0, "{fragment}");
    assert_eq!(objects("not-wireguard/capture")[11]["l4"]["flags"], "S");
}

#[test]
fn what_is_known_of_a_decision_is_there() {
    let record = samples::records("walkthrough-ping/eth0", 128).remove(0);
    let packet = decode(&record).unwrap();
    let event = PacketEvent {
        verdict: Verdict::Dropped as u8,
        drop_reason: DropReason::UNENCRYPTED.0,
        gso_size: 74,
        gso_segs: 2,
        sampling: 10,
        ..packet.event
    };
    let object = object(&samples::record(event, packet.bytes));
    assert_eq!((&object["verdict"], &object["drop_reason"]), (&"dropped".into(), &195.into()));
    assert_eq!(object["drop_words"], "Traffic is unencrypted");
    assert_eq!((&object["gso"]["segments"], &object["sampling"]), (&2.into(), &10.into()));
}
