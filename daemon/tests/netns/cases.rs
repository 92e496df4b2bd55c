//! What may come along a wire, and what is to be shown of it.

use serde_json::{Value, json};
use wgtrace_testbed::frame::tagged;

use crate::packet::{datagram, ethernet, extension, fragment, ipv4, ipv6, over_ipv4, over_ipv6, tcp, udp};

/// A frame and the part of its JSON object that matters; `null` is there whatever its value.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) frame: Vec<u8>,
    pub(crate) shown: Value,
}

/// All of them.
pub(crate) fn all() -> Vec<Case> {
    [link(), internet(), transport(), wireguard(), broken()].into_iter().flatten().collect()
}

fn link() -> Vec<Case> {
    let packet = ipv4(17, &[], 0, &udp(&[0; 30]));
    let inner = tagged(0x602a, 0x0800, &packet);
    let arp = [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 1, 0, 1, 0, 0, 0, 0, 0, 0, 10, 1, 0, 2];
    let customer = json!({"id": 42, "priority": 3, "protocol": "0x8100"});
    let service = json!({"id": 100, "priority": 0, "protocol": "0x88a8"});
    vec![
        case("vlan", ethernet(0x8100, &inner), json!({"vlan": [customer], "l4": {"type": "udp"}})),
        case(
            "qinq",
            ethernet(0x88a8, &tagged(100, 0x8100, &inner)),
            json!({"vlan": [service, customer], "l4": {"type": "udp", "dst_port": 2000}}),
        ),
        case("arp", ethernet(0x0806, &arp), json!({"arp": {"operation": 1, "target": "10.1.0.2"}})),
        case(
            "ethertype of experiments",
            ethernet(0x88b5, &[1; 50]),
            json!({"ethertype": "0x88b5", "len": 64}),
        ),
        case("802.3 with a length", ethernet(38, &[0x42; 38]), json!({"ethertype": "0x0026"})),
        case("nothing behind the link layer", ethernet(0x88b5, &[]), json!({"len": 14, "captured": 14})),
        case(
            "jumbo",
            over_ipv4(17, &udp(&[0; 8000])),
            json!({"len": 8042, "captured": 128, "l4": {"payload_len": 8000}}),
        ),
    ]
}

fn internet() -> Vec<Case> {
    let options = [148, 4, 0, 0, 1, 1, 1, 0];
    let chain = [extension(43), extension(60), extension(17)].concat();
    let first = [&fragment(17, 1)[..], &datagram(2000, 3000, &[0; 32])].concat();
    let later = [&fragment(17, 1480)[..], &[0; 40]].concat();
    vec![
        case(
            "ipv4 with options",
            ethernet(0x0800, &ipv4(17, &options, 0, &udp(&[0; 4]))),
            json!({"ip": {"version": 4, "protocol": 17, "ttl": 64}, "l4": {"dst_port": 2000, "payload_len": 4}}),
        ),
        case(
            "first fragment of ipv4",
            ethernet(0x0800, &ipv4(17, &[], 0x2000, &datagram(2000, 3000, &[0; 32]))),
            json!({"ip": {"fragment": {"id": 7, "offset": 0, "more": true}}, "l4": {"dst_port": 2000}}),
        ),
        case(
            "later fragment of ipv4",
            ethernet(0x0800, &ipv4(17, &[], 185, &[0; 40])),
            json!({"ip": {"fragment": {"offset": 1480, "more": false}}, "l4": {"type": "fragment"}}),
        ),
        case(
            "ipv6 with extension headers",
            over_ipv6(0, &[&chain[..], &udp(&[0; 4])].concat()),
            json!({"ip": {"version": 6, "protocol": 17, "src": "fd00::1"}, "l4": {"src_port": 1000}}),
        ),
        case(
            "first fragment of ipv6",
            over_ipv6(44, &first),
            json!({"ip": {"fragment": {"offset": 0, "more": true}}, "l4": {"dst_port": 2000}}),
        ),
        case(
            "later fragment of ipv6",
            over_ipv6(44, &later),
            json!({"ip": {"fragment": {"offset": 1480, "more": false}}, "l4": {"type": "fragment"}}),
        ),
        case(
            "nothing behind ipv6",
            over_ipv6(59, &[]),
            json!({"ip": {"protocol": 59}, "l4": {"type": "other"}}),
        ),
        case(
            "another protocol",
            over_ipv4(132, &[0; 12]),
            json!({"ip": {"protocol": 132}, "l4": {"type": "other"}}),
        ),
    ]
}

fn transport() -> Vec<Case> {
    let echo = [128, 0, 0, 0, 0, 5, 0, 9];
    vec![
        case(
            "tcp",
            over_ipv4(6, &tcp(5, 0x12)),
            json!({"l4": {"type": "tcp", "flags": "S.", "seq": 1, "ack": 2}}),
        ),
        case(
            "icmp",
            over_ipv4(1, &[3, 1, 0, 0, 0, 0, 0, 0]),
            json!({"l4": {"type": "icmp", "icmp_code": 1}}),
        ),
        case("icmp6", over_ipv6(58, &echo), json!({"l4": {"type": "icmp6", "id": 5, "seq": 9}})),
        case(
            "a payload without end",
            over_ipv4(17, &datagram(2000, 0, &[0; 20])),
            json!({"l4": {"type": "udp", "payload_len": 20}}),
        ),
    ]
}

fn wireguard() -> Vec<Case> {
    let message = |kind: u8, len: usize| {
        let payload: Vec<u8> = [kind, 0, 0, 0, 1, 0, 0, 0].into_iter().chain([9; 200]).take(len).collect();
        over_ipv4(17, &datagram(51871, 8 + len, &payload))
    };
    let named = |name: &str| json!({"l4": {"dst_port": 51871}, "wireguard": {"type": name}});
    vec![
        case("initiation", message(1, 148), named("initiation")),
        case("response", message(2, 92), named("response")),
        case("cookie reply", message(3, 64), named("cookie-reply")),
        case("keepalive", message(4, 32), json!({"wireguard": {"receiver": "0x00000001", "sealed_len": 0}})),
        case("no message of that length", message(1, 147), json!({"l4": {"type": "udp"}})),
    ]
}

/// Packets that contradict themselves or end too soon.
fn broken() -> Vec<Case> {
    let mut long = ipv4(17, &[], 0, &udp(&[0; 12]));
    long[2..4].copy_from_slice(&1000_u16.to_be_bytes());
    let mut short_header = ipv4(17, &[], 0, &udp(&[]));
    short_header[0] = 0x43;
    let mut version = ipv4(17, &[], 0, &udp(&[]));
    version[0] = 0x95;
    let unread = json!({"l4": {"type": "unread", "fault": null}});
    vec![
        case(
            "ipv4 that says it is longer",
            ethernet(0x0800, &long),
            json!({"ip": {"len": 1000, "missing": 960}}),
        ),
        case(
            "ipv4 with a header of 12 bytes",
            ethernet(0x0800, &short_header),
            json!({"ethertype": "0x0800", "fault": null}),
        ),
        case("ipv4 of version 9", ethernet(0x0800, &version), json!({"ethertype": "0x0800", "fault": null})),
        case(
            "ipv4 without a packet",
            ethernet(0x0800, &[]),
            json!({"len": 14, "ethertype": "0x0800", "fault": null}),
        ),
        case(
            "ipv6 cut in its addresses",
            ethernet(0x86dd, &ipv6(17, &[])[..30]),
            json!({"ethertype": "0x86dd", "fault": null}),
        ),
        case("an extension header past the end", over_ipv6(0, &[17, 200, 0, 0, 0, 0, 0, 0]), unread.clone()),
        case(
            "udp cut in its header",
            over_ipv4(17, &udp(&[])[..5]),
            json!({"l4": {"type": "unread", "dst_port": 2000, "fault": null}}),
        ),
        case("tcp with a header of 8 bytes", over_ipv4(6, &tcp(2, 2)), unread.clone()),
        case("tcp with a header past the end", over_ipv4(6, &tcp(15, 2)), unread.clone()),
        case("icmp of 3 bytes", over_ipv4(1, &[8, 0, 0]), unread),
        case(
            "arp of 9 bytes",
            ethernet(0x0806, &[0, 1, 8, 0, 6, 4, 0, 1, 2]),
            json!({"ethertype": "0x0806", "fault": null}),
        ),
        case(
            "a tag without an inside",
            ethernet(0x8100, &[0, 42]),
            json!({"ethertype": "0x8100", "fault": null}),
        ),
    ]
}

fn case(name: &'static str, frame: Vec<u8>, shown: Value) -> Case {
    Case { name, frame, shown }
}
