//! Recordings and captures, shown as if they happened now.

use wgtrace_api::v1::{Packet, PacketsReply, Party};

use super::{PATIENCE, captures, observed, quit, replaying};
use crate::fake::{Fake, Script};
use crate::program::{finish, wgtrace};
use crate::watching::{flow, flows};

#[test]
fn a_torn_recording_is_shown_up_to_where_it_is_torn() {
    let folder = tempfile::tempdir().unwrap();
    let script = Script { flows: vec![flows(vec![flow(1, "default/net")])], ..Script::of("worker") };
    let fake = Fake::start(&folder.path().join("worker"), script);
    let file = folder.path().join("session.wgtrace");
    let mut record = wgtrace(["record", "--duration", "1s", "--server"]);
    finish(record.arg(fake.path()).arg(&file), &[]).exits(0);
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 3]).unwrap();
    let mut terminal = replaying(&[file.to_str().unwrap()]);
    terminal.wait_for_text("the recording is cut short: ", PATIENCE).unwrap();
    terminal.wait_for_text("default/net", PATIENCE).unwrap();
    quit(terminal);
}

#[test]
fn a_captures_flows_and_packets_are_shown_with_what_is_inside() {
    let (capture, keys) = (captures("walkthrough-ping/eth0.pcapng"), captures("walkthrough-ping/keys.log"));
    let mut terminal = replaying(&[capture.to_str().unwrap(), "-k", keys.to_str().unwrap()]);
    terminal.wait_for_text("the recording is over", PATIENCE).unwrap();
    terminal.wait_for_text("ICMP", PATIENCE).unwrap();
    let text = terminal.text();
    let row = text.lines().find(|row| row.contains("ICMP")).unwrap_or_else(|| panic!("{text}"));
    for part in ["10.0.1.203", "10.0.2.194", "ENCRYPTED", "eth0", "1/1"] {
        assert!(row.contains(part), "{part}: {row}");
    }
    assert!(text.contains("nodes 1/1") && text.contains("WG"), "{text}");
    terminal.send(b"2G\r").unwrap();
    terminal.wait_for_text("inside, decrypted", PATIENCE).unwrap();
    let text = terminal.text();
    assert!(text.contains("WireGuard transport data") && text.contains("45 00 00 54"), "{text}");
    quit(terminal);
}

#[test]
fn a_torn_capture_is_shown_up_to_where_it_is_torn() {
    let whole = std::fs::read(captures("walkthrough-ping/eth0.pcapng")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("torn.pcapng");
    std::fs::write(&file, &whole[..whole.len() - 20]).unwrap();
    let mut terminal = replaying(&[file.to_str().unwrap()]);
    terminal.wait_for_text("the capture is over: the file ends early", PATIENCE).unwrap();
    terminal.wait_for_text("172.18.0.3:51871", PATIENCE).unwrap();
    quit(terminal);
}

#[test]
fn every_capture_of_the_repository_can_be_shown_whole_and_torn() {
    let mut shown = 0;
    let folder = tempfile::tempdir().unwrap();
    for scenario in std::fs::read_dir(captures("")).unwrap() {
        let scenario = scenario.unwrap().path();
        for name in ["capture.pcapng", "capture.pcap"] {
            let path = scenario.join(name);
            let Ok(bytes) = std::fs::read(&path) else { continue };
            let ran = observed(&["--packets", "--hex", "-o", "json", "--input-file", path.to_str().unwrap()]);
            assert!(!ran.json().is_empty(), "{}", path.display());
            for cut in [bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
                let torn = folder.path().join("torn");
                std::fs::write(&torn, &bytes[..cut]).unwrap();
                observed(&["--input-file", torn.to_str().unwrap()]);
            }
            shown += 1;
        }
    }
    assert!(shown >= 20, "{shown} captures");
}

#[test]
fn what_was_captured_of_a_daemon_is_shown_as_it_was_told() {
    let party = |address: &str, pod: &str| {
        Some(Party { address: address.into(), pod: pod.into(), ..Default::default() })
    };
    // an echo request between pods, at the pod's device
    let mut bytes = vec![0x45, 0, 0, 28, 0, 7, 0, 0, 64, 1, 0, 0, 10, 0, 1, 203, 10, 0, 2, 194];
    bytes.extend([8, 0, 0, 0, 0, 93, 0, 1]);
    let packet = Packet {
        node: "worker2".into(),
        time: 1_720_255_828_123_456_789,
        hook: "from-container".into(),
        interface: "lxc12ab".into(),
        ifindex: 7,
        mark: 0xe00,
        length: 28,
        verdict: "dropped".into(),
        drop_reason: 132,
        source: party("10.0.1.203", "default/net"),
        destination: party("10.0.2.194", ""),
        protocol: 1,
        bytes,
        ..Default::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let packets = vec![PacketsReply { packets: vec![packet], ..Default::default() }];
    let fake = Fake::start(&folder.path().join("worker"), Script { packets, ..Script::of("worker2") });
    let file = folder.path().join("a.pcapng");
    finish(wgtrace(["capture", "-c", "1", "--server"]).arg(fake.path()).arg("-w").arg(&file), &[]).exits(0);
    let file = file.to_str().unwrap();
    let ran = observed(&["--packets", "-o", "json", "--input-file", file]);
    let [packet] = &ran.json()[..] else { panic!("{}", ran.text()) };
    for (key, value) in [
        ("node", "worker2"),
        ("interface", "lxc12ab"),
        ("hook", "from-container"),
        ("verdict", "dropped"),
        ("time", "2024-07-06T08:50:28.123456789Z"),
    ] {
        assert_eq!(packet[key], value, "{packet}");
    }
    assert_eq!(
        (&packet["source"]["pod"], &packet["mark"]),
        (&"default/net".into(), &0xe00.into()),
        "{packet}"
    );
    let ran = observed(&["pod=default/net", "and", "drop_reason=132", "--input-file", file]);
    let line = ran.text();
    assert!(line.contains("[worker2]: default/net -> 10.0.2.194 lxc12ab DROPPED"), "{line}");
}

#[test]
fn keys_are_for_captures_and_say_when_they_open_nothing() {
    let (capture, other) = (captures("walkthrough-ping/eth0.pcapng"), captures("psk/keys.log"));
    let mut terminal = replaying(&[capture.to_str().unwrap(), "-k", other.to_str().unwrap()]);
    terminal.wait_for_text("these keys open nothing of it", PATIENCE).unwrap();
    quit(terminal);
}
