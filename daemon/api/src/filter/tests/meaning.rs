//! What conditions want, one by one.

use crate::filter::Filter;
use crate::v1::{Count, EncryptionState, Flow, FlowDrop, Hop, Packet, Party, WireguardMessage};

fn party(address: &str, port: u32, pod: &str, node: &str) -> Party {
    Party { address: address.into(), port, pod: pod.into(), node: node.into() }
}

/// The walkthrough's request from `net`, as ciphertext at eth0.
fn packet() -> Packet {
    Packet {
        node: "cilium-wireguard-worker".into(),
        hook: "tap-out".into(),
        interface: "eth0".into(),
        verdict: "unknown".into(),
        source: Some(party("172.18.0.3", 51871, "", "cilium-wireguard-worker")),
        destination: Some(party("172.18.0.2", 51871, "", "cilium-wireguard-worker2")),
        protocol: 17,
        wireguard: Some(WireguardMessage {
            kind: "TransportData".into(),
            peer: "IKwgbXKMBnQmM2WdxxAQSDF6lTPqzSUHFIeYcs5RkRk=".into(),
            peer_node: "cilium-wireguard-worker2".into(),
            ..Default::default()
        }),
        encryption: EncryptionState::Encrypted.into(),
        inner_source: Some(party("10.0.1.203", 41000, "default/net", "cilium-wireguard-worker")),
        inner_destination: Some(party("10.0.2.194", 32000, "default/cni-6x2pk", "cilium-wireguard-worker2")),
        inner_protocol: 6,
        ..Default::default()
    }
}

fn flow() -> Flow {
    let count = |packets| Some(Count { packets, bytes: 0 });
    let hop = |interface: &str, hook: &str, forward| Hop {
        interface: interface.into(),
        hook: hook.into(),
        forward: count(forward),
        ..Default::default()
    };
    Flow {
        node: "worker2".into(),
        source: Some(party("fd00::1", 0, "", "")),
        destination: Some(party("fd00:2::1", 0, "kube-system/dns", "")),
        protocol: 58,
        tcp_state: "established".into(),
        hops: vec![hop("lxc12ab", "from-container", 2), hop("cilium_wg0", "to-wireguard", 1)],
        encryption: EncryptionState::Leak.into(),
        drops: vec![FlowDrop { reason: 132, hook: "from-container".into(), packets: 1 }],
        ..Default::default()
    }
}

fn filter(text: &str) -> Filter {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn packets_are_wanted_by_what_is_around_them_and_inside() {
    for text in [
        "",
        " \t",
        "tcp",
        "udp",
        "pod=net",
        "pod=cni",
        "pod=default/*",
        "src pod=net and dst pod=cni",
        "pod=net and port 32000 and not icmp",
        "ip 10.0.2.0/24",
        "src ip 10.0.1.0/24",
        "dst 10.0.2.194",
        "src=10.0.1.203",
        "172.18.0.2",
        "host 172.18.0.3",
        "net 172.18.0.0/16",
        "port 32000-32001",
        "src port 41000",
        "dst node=worker2",
        "node=worker",
        "node = cilium-wireguard-*",
        "peer=IKwg…",
        "peer IKwgbXKMBnQmM2WdxxAQSDF6lTPqzSUHFIeYcs5RkRk=",
        "peer=worker2",
        "encrypted",
        "iface eth0",
        "dev=eth*",
        "hook tap-out",
        "wireguard",
        "message=transport-data",
        "MESSAGE TransportData AND NOT ipv6",
        "verdict=unknown",
        "ipv4 && !leak && !clear",
        "icmp or tcp udp",
        "not (icmp or leak)",
        "!!tcp",
        "port != 80",
        "(((tcp)))",
        "iface 'eth0'",
        "drop||wg",
    ] {
        assert!(filter(text).matches(&packet()), "{text}");
    }
    for text in [
        "icmp",
        "clear",
        "leak",
        "drop",
        "state=established",
        "pod=ne",
        "pod=net-*",
        "src pod=cni",
        "dst pod=net",
        "dst port 41000",
        "node=worker2",
        "src node=worker2",
        "peer=IKwh",
        "ip 10.0.3.0/24",
        "ip ::/0",
        "iface eth",
        "hook tap-in",
        "message=initiation",
        "port=1-100",
        "icmp and icmp or tcp and icmp",
        "tcp and (icmp or leak)",
        "not tcp or not udp",
        "peer!=worker2",
    ] {
        assert!(!filter(text).matches(&packet()), "{text}");
    }
}

#[test]
fn flows_are_wanted_by_where_they_were_and_what_became_of_them() {
    for text in [
        "icmp6",
        "proto 58",
        "proto icmp6",
        "ipv6",
        "ip fd00::/16",
        "ip fd00::1",
        "fd00:2::1",
        "iface cilium_wg0",
        "hook from-container and hook to-wireguard",
        "drop",
        "drop_reason=132",
        "drop_reason='invalid source IP'",
        "reason invalid-source-ip",
        "verdict=dropped",
        "verdict forwarded",
        "state=established",
        "state ESTABLISHED",
        "clear and leak",
        "pod=dns",
        "pod=kube-system/dns",
        "node=worker2",
    ] {
        assert!(filter(text).matches(&flow()), "{text}");
    }
    for text in
        ["wireguard", "encrypted", "ip fd00::2", "drop_reason=133", "verdict=redirected", "peer=*", "ipv4"]
    {
        assert!(!filter(text).matches(&flow()), "{text}");
    }
}

#[test]
fn what_is_shown_is_short_and_is_read_as_the_same() {
    for (text, shown) in [
        ("TCP", "tcp"),
        ("proto 6 or proto 17 and proto 47", "tcp or udp and proto=gre"),
        ("(tcp or udp) && port 80", "(tcp or udp) and port=80"),
        ("not (tcp and (udp))", "not (tcp and udp)"),
        ("not not tcp", "tcp"),
        ("pod!=net", "not pod=net"),
        ("tcp (udp (icmp leak))", "tcp and udp and icmp and leak"),
        ("src 10.0.0.0/8 dst port 1-2", "src ip=10.0.0.0/8 and dst port=1-2"),
        ("drop_reason \"Invalid source ip\"", "drop_reason=132"),
        ("iface 'a \\'b'", "iface=\"a 'b\""),
        ("pod=\"\\\\\"", "pod=\"\\\\\""),
        ("peer==x…", "peer=x"),
        ("", ""),
    ] {
        let filter = filter(text);
        assert_eq!(filter.to_string(), shown, "{text}");
        assert_eq!(shown.parse(), Ok(filter), "{text}");
    }
}

#[test]
fn with_an_equals_sign_any_name_is_a_name() {
    assert_eq!(filter("pod=and").to_string(), "pod=and");
    assert_eq!(filter("pod = not tcp").to_string(), "pod=not and tcp");
}

#[test]
fn filters_are_joined_as_values() {
    let all = Filter::all([filter("tcp or udp"), Filter::default(), filter("pod=net")]);
    assert_eq!(all, filter("(tcp or udp) and pod=net"));
    assert_eq!(Filter::any([filter("tcp"), filter("udp or icmp")]), filter("tcp or udp or icmp"));
    assert!(Filter::any([filter("tcp"), Filter::default()]).is_empty());
    assert!(Filter::any([]).is_empty() && Filter::all([]).is_empty());
}
