use wgtrace_abi::{DropReason, Hook, PacketEvent, Verdict};
use wgtrace_flow::decode;

use super::*;
use crate::trace::samples::{self, NETNS};

fn written(record: &[u8]) -> String {
    let mut out = Vec::new();
    line(&decode(record).unwrap(), &samples::names(), &mut samples::clock(), &mut out);
    String::from_utf8(out).unwrap()
}

/// The lines of a capture without their time, interface and hook.
fn packets(capture: &str) -> Vec<String> {
    let lines = samples::records(capture, 128).into_iter().map(|record| written(&record));
    lines.map(|line| line.trim_end().splitn(4, ' ').last().unwrap().to_owned()).collect()
}

#[test]
fn a_handshake_and_a_ping_look_as_in_the_walkthrough() {
    let lines: Vec<String> =
        samples::records("walkthrough-ping/eth0", 128).iter().map(|r| written(r)).collect();
    let expected = "09:12:24.278100 eth0 to-netdev IP 172.18.0.3.51871 > 172.18.0.4.51871: \
                    WireGuard initiation sender 0x";
    assert!(lines[0].starts_with(expected) && lines[0].ends_with(", 148 bytes\n"), "{}", lines[0]);
    assert!(lines[1].contains("WireGuard response sender 0x") && lines[1].contains(" receiver 0x"));
    assert!(lines[2].contains("WireGuard transport data receiver 0x"), "{}", lines[2]);
    assert!(lines[2].ends_with(" counter 0, 128 bytes\n"), "{}", lines[2]);
}

#[test]
fn keepalives_and_cookies_have_their_names() {
    assert!(packets("keepalive/capture")[2].contains("WireGuard keepalive receiver"));
    assert!(packets("cookie/capture")[1].contains("WireGuard cookie reply receiver"));
    assert!(packets("ipv6/capture")[0].starts_with("IP6 fc00:f853:ccd:e793::3.51871 > fc00:"));
}

#[test]
fn tags_stand_before_the_packet() {
    assert!(packets("vlan/capture")[0].starts_with("vlan "), "{}", packets("vlan/capture")[0]);
    assert_eq!(packets("qinq/capture")[0].matches("vlan ").count(), 2);
}

#[test]
fn fragments_say_where_they_belong() {
    let lines = packets("fragments/capture");
    assert!(lines[2].contains(".51820: ") && lines[2].contains(", first fragment of 0x"), "{}", lines[2]);
    assert!(lines[3].starts_with("IP 192.0.2.3 > 192.0.2.4: udp fragment of 0x"), "{}", lines[3]);
    assert!(
        packets("fragments-ipv6/capture").iter().any(|line| line.contains("IP6 ") && line.contains(" at "))
    );
}

#[test]
fn plain_packets_are_as_tcpdump_has_them() {
    let lines = packets("not-wireguard/capture");
    assert_eq!(lines[10], "IP 192.0.2.3 > 192.0.2.53: ICMP echo request, id 1, seq 1, length 40");
    assert_eq!(lines[11], "IP 192.0.2.3.40053 > 192.0.2.53.53: Flags [S], seq 1, win 507, length 0");
    assert!(lines[2].starts_with("IP 192.0.2.3.40053 > 192.0.2.53.53: UDP, length "), "{}", lines[2]);
    assert!(lines[12].starts_with("IP 192.0.2.3 > 192.0.2.53: proto 89, length "), "{}", lines[12]);
}

#[test]
fn a_super_frame_says_how_many_messages_it_has() {
    let record = samples::records("gso/capture", 128).remove(3);
    let packet = decode(&record).unwrap();
    let event = PacketEvent { gso_size: 1416, gso_segs: 2, ..packet.event };
    let line = written(&samples::record(event, packet.bytes));
    assert!(line.ends_with(", 1416 bytes x2, gso 1416x2\n"), "{line}");
}

#[test]
fn addresses_are_asked_for_and_told() {
    let mut frame = vec![0xff; 6];
    frame.extend([2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1]);
    frame.extend([0, 0, 0, 0, 0, 0, 10, 0, 0, 2]);
    let ask = written(&samples::record(samples::event(&frame), &frame));
    assert!(ask.ends_with("ARP, request who-has 10.0.0.2 tell 10.0.0.1\n"), "{ask}");
    frame[21] = 2;
    let tell = written(&samples::record(samples::event(&frame), &frame));
    assert!(tell.ends_with("ARP, reply 10.0.0.1 is-at 02:00:00:00:00:01\n"), "{tell}");
}

#[test]
fn what_was_decided_is_told_only_where_it_is_known() {
    let record = samples::records("walkthrough-ping/eth0", 128).remove(0);
    let packet = decode(&record).unwrap();
    let event = PacketEvent {
        mark: 0xe00,
        verdict: Verdict::Dropped as u8,
        drop_reason: DropReason::UNENCRYPTED.0,
        hook: Hook::FromContainer.number(),
        ifindex: 12,
        ..packet.event
    };
    let line = written(&samples::record(event, packet.bytes));
    assert!(line.ends_with(" bytes, mark 0xe00, dropped (Traffic is unencrypted)\n"), "{line}");
    assert!(line.contains(" if12 from-container "), "{line}");
}

#[test]
fn a_capture_that_ends_early_says_so() {
    for (snaplen, part) in
        [(10, " ethernet [cut], length 190"), (20, "IP [cut], length"), (40, "udp [cut], length")]
    {
        let line = written(&samples::records("walkthrough-ping/eth0", snaplen)[0]);
        assert!(line.contains(part), "{snaplen}: {line}");
    }
}

#[test]
fn several_namespaces_stand_before_the_interface() {
    let mut names = Names::new([(NETNS, "node1"), (1, "node2")].into_iter());
    names.learn(&crate::trace::names::Naming { netns: NETNS, ifindex: 2, name: "eth0".into() });
    let record = samples::records("walkthrough-ping/eth0", 128).remove(0);
    let mut out = Vec::new();
    line(&decode(&record).unwrap(), &names, &mut samples::clock(), &mut out);
    assert!(String::from_utf8(out).unwrap().contains(" node1/eth0 to-netdev IP "));
}
