//! Packets of a ping.

use wgtrace_api::v1::{EncryptionState, IcmpHeader, Packet, WireguardMessage};

use super::{KEY, NOW, SECOND, WORKER, WORKER2, party};

/// An echo request on its way: in the pod's device, as ciphertext with what is inside, a handshake, a dropped one.
pub(in crate::tui::tests) fn ping_packets() -> Vec<Packet> {
    let request = hex("4500005400014000400124d80a0001cb0a0002c208004cde005d0000\
         0001020304050607");
    let outer = [
        hex("4500009c00010000401100000a0000010a0000024a9fca9f00880000"),
        hex("04000000"),
        hex("0a2903b5"),
        hex("0100000000000000"),
        vec![0xd7; 96],
    ]
    .concat();
    let common = Packet {
        node: WORKER.into(),
        time: NOW - 2 * SECOND + 280_618_000,
        cpu: 1,
        length: 84,
        protocol: 1,
        ttl: 64,
        verdict: "forwarded".into(),
        source: Some(party("10.0.1.203", 0, "default/net", WORKER)),
        destination: Some(party("10.0.2.194", 0, "", WORKER2)),
        ..Default::default()
    };
    let plain = Packet {
        hook: "from-container".into(),
        interface: "lxc12ab".into(),
        mark: 0xe00,
        icmp: Some(IcmpHeader { r#type: 8, id: 93, ..Default::default() }),
        bytes: request.clone(),
        summary: "IP 10.0.1.203 > 10.0.2.194: ICMP echo request, id 93, seq 0, length 64".into(),
        ..common.clone()
    };
    let message = WireguardMessage {
        kind: "TransportData".into(),
        receiver: 0xb503_290a,
        counter: 1,
        peer: KEY.into(),
        peer_node: WORKER2.into(),
        ..Default::default()
    };
    let sealed = Packet {
        hook: "tap-out".into(),
        interface: "eth0".into(),
        length: 156,
        protocol: 17,
        verdict: "unknown".into(),
        source: Some(party("172.18.0.3", 51871, "", WORKER)),
        destination: Some(party("172.18.0.4", 51871, "", WORKER2)),
        wireguard: Some(message.clone()),
        encryption: EncryptionState::Encrypted.into(),
        bytes: outer,
        inner: request,
        inner_source: common.source.clone(),
        inner_destination: common.destination.clone(),
        inner_protocol: 1,
        summary:
            "IP 172.18.0.3.51871 > 172.18.0.4.51871: WireGuard TransportData, receiver 0xb503290a, counter 1"
                .into(),
        ..common.clone()
    };
    let initiation = Packet {
        wireguard: Some(WireguardMessage { kind: "Initiation".into(), sender: 0x0000_5eed, ..message }),
        bytes: Vec::new(),
        inner: Vec::new(),
        inner_source: None,
        inner_destination: None,
        length: 176,
        summary: "IP 172.18.0.3.51871 > 172.18.0.4.51871: WireGuard Initiation, sender 0x00005eed".into(),
        ..sealed.clone()
    };
    let dropped = Packet {
        hook: "from-container".into(),
        interface: "lxcdead".into(),
        verdict: "dropped".into(),
        drop_reason: 132,
        protocol: 17,
        summary: String::new(),
        ..common
    };
    vec![plain, initiation, sealed, dropped]
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
