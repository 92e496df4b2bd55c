//! What is written to files.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use wgtrace_api::v1::{Packet, PacketsReply};

use super::place::{Place, flow, flows, packet};
use crate::fake::Script;

#[test]
fn a_recording_is_shown_again_up_to_its_cut() {
    let place = Place::new();
    let packets = vec![PacketsReply { packets: vec![packet("forwarded")], ..Default::default() }];
    let _fake = place.fake(Script {
        flows: vec![flows(vec![flow(1, "default/net")])],
        packets,
        ..Script::of("worker")
    });
    let file = place.socket("a.wgtrace");
    let path = file.to_str().unwrap();
    let ran = place.run(&["record", path, "--duration", "1s"]).exits(0);
    assert!(ran.stderr.contains("messages recorded"), "{}", ran.stderr);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(place.run(&["observe", "--input-file", path]).exits(0).text().contains("default/net:41000"));
    let ran = place.run(&["observe", "--packets", "--input-file", path, "icmp"]).exits(0);
    assert!(ran.text().contains("ICMP echo request"), "{}", ran.text());
    let args = ["observe", "--packets", "--last", "1", "--input-file", path];
    assert_eq!(place.run(&args).exits(0).text().lines().count(), 1);
    let args = ["observe", "--packets", "--since", "1m", "--input-file", path];
    assert_eq!(place.run(&args).exits(0).text(), "", "it was seen years ago");
    // A recording is written over, a file of another kind is not.
    place.run(&["record", path, "--duration", "100ms"]).exits(0);
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    let ran = place.run(&["observe", "--input-file", path]).exits(0);
    assert!(ran.stderr.contains("cut at byte"), "{}", ran.stderr);
    std::fs::write(&file, "notes").unwrap();
    let ran = place.run(&["record", path]).exits(1);
    assert!(ran.stderr.contains("is there already and is something else"), "{}", ran.stderr);
    let ran = place.run(&["observe", "--input-file", path]).exits(1);
    assert!(ran.stderr.contains("no recording of this release"), "{}", ran.stderr);
}

#[test]
fn a_capture_has_an_interface_a_hook_and_says_what_became_of_packets() {
    let place = Place::new();
    let other = Packet { hook: "tap-out".into(), interface: "eth0".into(), l2: true, ..packet("unknown") };
    let packets = vec![PacketsReply {
        packets: vec![packet("forwarded"), packet("dropped"), other],
        missed: 7,
        seen: 9,
    }];
    let _fake = place.fake(Script { packets, ..Script::of("worker") });
    let ran = place.run(&["capture", "-w", "-", "-c", "3"]).exits(0);
    assert!(
        ran.stderr.contains("3 packets captured") && ran.stderr.contains("7 packets missed"),
        "{}",
        ran.stderr
    );
    let mut reader = pcap_file::pcapng::PcapNgReader::new(&ran.stdout[..]).unwrap();
    let mut seen = Vec::new();
    while let Some(block) = reader.next_block() {
        if let pcap_file::pcapng::Block::EnhancedPacket(packet) = block.unwrap().0 {
            seen.push(format!("{} {:?}", packet.interface_id, packet.options));
        }
    }
    assert_eq!(reader.interfaces().len(), 2);
    assert!(seen[1].starts_with("0 ") && seen[1].contains("drop reason 132 (Invalid source ip)"), "{seen:?}");
    assert!(seen[1].contains("from pod default/net") && seen[2].starts_with("1 "), "{seen:?}");
}

#[test]
fn a_ring_of_captures_keeps_the_newest_files() {
    let place = Place::new();
    let _fake = place.fake(Script {
        packets: vec![PacketsReply {
            packets: vec![Packet { bytes: vec![0; 1000], length: 1000, ..packet("forwarded") }; 400],
            ..Default::default()
        }],
        ..Script::of("worker")
    });
    let path = place.socket("ring.pcapng");
    place
        .run(&["capture", "-w", path.to_str().unwrap(), "--max-size", "64k", "--files", "2", "-c", "400"])
        .exits(0);
    let names = |path: &Path| {
        let entries = std::fs::read_dir(path.parent().unwrap()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("ring"))
            .collect();
        names.sort();
        names
    };
    let names = names(&path);
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(*names[1] >= *"ring-00006.pcapng", "{names:?}");
    let size = place.socket(&names[0]).metadata().unwrap().len();
    assert!((64 << 10..70 << 10).contains(&size), "{size}");
}
