//! Packets from the inside out; checksums are nobody's concern here.

use proptest::prelude::*;
use wgtrace_bpf::headers::Start;

#[derive(Debug, Clone)]
pub(crate) enum Extension {
    /// Options, routing or authentication: its number, and its length field.
    Options(u8, u8),
    /// Offset field with its flag.
    Fragment(u16),
}

pub(crate) fn ethernet(tags: &[u16], ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2; 12];
    for tag in tags {
        frame.extend([tag.to_be_bytes(), [0, 7]].concat());
    }
    frame.extend(ethertype.to_be_bytes());
    frame.extend(payload);
    frame
}

pub(crate) fn ipv4(options: &[u8], protocol: u8, part: u16, payload: &[u8], claim: Option<u16>) -> Vec<u8> {
    let header_len = 20 + options.len() / 4 * 4;
    let total = claim.unwrap_or(u16::try_from(header_len + payload.len()).unwrap());
    let mut packet = vec![0x40 | u8::try_from(header_len / 4).unwrap(), 0];
    packet.extend([total, 0x1234, part].map(u16::to_be_bytes).concat());
    packet.extend([64, protocol, 0, 0, 10, 0, 1, 203, 10, 0, 2, 194]);
    packet.extend(&options[..header_len - 20]);
    packet.extend(payload);
    packet
}

pub(crate) fn ipv6(chain: &[Extension], protocol: u8, payload: &[u8], claim: Option<u16>) -> Vec<u8> {
    let number = |extension: &Extension| match extension {
        Extension::Options(number, _) => *number,
        Extension::Fragment(_) => 44,
    };
    let mut behind = Vec::new();
    for (at, extension) in chain.iter().enumerate() {
        behind.push(chain.get(at + 1).map_or(protocol, number));
        match extension {
            Extension::Options(51, len) => {
                behind.extend([vec![*len], vec![0; usize::from(*len) * 4 + 6]].concat());
            }
            Extension::Options(_, len) => {
                behind.extend([vec![*len], vec![0; usize::from(*len) * 8 + 6]].concat());
            }
            Extension::Fragment(part) => {
                behind.push(0);
                behind.extend([part.to_be_bytes(), [0, 0], [0, 9]].concat());
            }
        }
    }
    behind.extend(payload);
    let len = claim.unwrap_or(u16::try_from(behind.len()).unwrap());
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(len.to_be_bytes());
    packet.extend([chain.first().map_or(protocol, number), 64]);
    packet.extend((1..=32).collect::<Vec<u8>>());
    packet.extend(behind);
    packet
}

pub(crate) fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(8 + payload.len()).unwrap();
    [[source, destination, len, 0].map(u16::to_be_bytes).concat(), payload.to_vec()].concat()
}

/// A WireGuard message of `len` bytes, its indices and counter not zero.
pub(crate) fn message(kind: u8, len: usize) -> Vec<u8> {
    let mut message = vec![kind, 0, 0, 0];
    message.extend(1..=12);
    message.resize(len, 0x5a);
    message
}

fn upper() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let wireguard =
        (0..6_u8, prop::sample::select(&LENGTHS[..]), any::<(u16, u16)>(), prop::option::of(0..200_u16))
            .prop_map(|(kind, len, (source, destination), claim)| {
                let mut datagram = udp(source, destination, &message(kind, len.max(4)));
                if let Some(claim) = claim {
                    datagram[4..6].copy_from_slice(&claim.to_be_bytes());
                }
                (17, datagram)
            });
    let tcp = (any::<[u8; 40]>(), 4..10_u8).prop_map(|(mut bytes, words)| {
        bytes[12] = words << 4;
        (6, bytes.to_vec())
    });
    let other = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..24));
    let icmp = (prop::sample::select(&[1_u8, 58][..]), prop::collection::vec(any::<u8>(), 0..16));
    prop_oneof![4 => wireguard, 2 => tcp, 1 => other, 1 => icmp]
}

/// Of messages, right and wrong.
const LENGTHS: [usize; 10] = [16, 31, 32, 48, 64, 80, 92, 100, 148, 160];

fn internet() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let claim = || prop_oneof![6 => Just(None), 1 => Just(Some(0)), 1 => (0..300_u16).prop_map(Some)];
    let part = || prop_oneof![4 => Just(0_u16), 1 => Just(0x2000), 1 => Just(0x4000), 1 => any::<u16>()];
    let v4 = (prop::collection::vec(any::<u8>(), 0..40), part(), upper(), claim()).prop_map(
        |(options, part, (protocol, payload), claim)| ipv4(&options, protocol, part, &payload, claim),
    );
    let number = prop::sample::select(&[0_u8, 43, 51, 60][..]);
    let extension = prop_oneof![
        3 => (number, 0..3_u8).prop_map(|(number, len)| Extension::Options(number, len)),
        1 => prop_oneof![Just(0_u16), Just(1), any::<u16>()].prop_map(Extension::Fragment),
    ];
    let v6 = (prop::collection::vec(extension, 0..5), upper(), claim())
        .prop_map(|(chain, (protocol, payload), claim)| ipv6(&chain, protocol, &payload, claim));
    prop_oneof![v4.prop_map(|packet| (0x0800, packet)), v6.prop_map(|packet| (0x86dd, packet))]
}

/// A packet, and what it starts with.
pub(crate) fn any_packet() -> impl Strategy<Value = (Vec<u8>, Start)> {
    let tags = prop::collection::vec(prop::sample::select(&[0x8100_u16, 0x88a8, 0x9100][..]), 0..3);
    let framed = (tags, internet(), any::<bool>()).prop_map(|(tags, (ethertype, packet), padded)| {
        let mut frame = ethernet(&tags, ethertype, &packet);
        if padded {
            frame.resize(frame.len() + 9, 0);
        }
        (frame, Start::Ethernet)
    });
    prop_oneof![2 => framed, 1 => internet().prop_map(|(_, packet)| (packet, Start::Ip))]
}
