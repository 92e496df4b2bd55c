use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use wgtrace_wire::{EtherType, Protocol};

use super::*;
use crate::capture::{Frame, LinkType, Timestamp};

const EN10MB: LinkType = LinkType(1);
const RAW: LinkType = LinkType(101);

/// A transport message of 32 bytes: WireGuard's keepalive.
const KEEPALIVE: [u8; 32] = {
    let mut message = [0xa5; 32];
    message[0] = 4;
    message[1] = 0;
    message[2] = 0;
    message[3] = 0;
    message
};

fn be(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap().to_be_bytes()
}

fn udp_to(port: u16, payload: &[u8]) -> Vec<u8> {
    [&51871_u16.to_be_bytes()[..], &port.to_be_bytes(), &be(payload.len() + 8), &[0, 0], payload].concat()
}

fn udp() -> Vec<u8> {
    udp_to(51820, &KEEPALIVE)
}

/// IPv4 from 192.0.2.1 to 192.0.2.2; `fragment` is the field with the flags.
fn ipv4_with(protocol: Protocol, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend(be(20 + payload.len()));
    packet.extend([0x12, 0x34]);
    packet.extend(fragment.to_be_bytes());
    packet.extend([64, protocol.0, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
    packet.extend(payload);
    packet
}

fn ipv4(protocol: Protocol, payload: &[u8]) -> Vec<u8> {
    ipv4_with(protocol, 0, payload)
}

/// IPv6 from `2001:db8::1` to `2001:db8::2`.
fn ipv6(next: Protocol, payload: &[u8]) -> Vec<u8> {
    let address = |last| Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last).octets();
    let head = [0x60, 0, 0, 0];
    [&head[..], &be(payload.len()), &[next.0, 64], &address(1), &address(2), payload].concat()
}

fn ethernet(ethertype: EtherType, payload: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2][..], &ethertype.0.to_be_bytes(), payload].concat()
}

fn vxlan(inner: &[u8]) -> Vec<u8> {
    udp_to(4789, &[&[8, 0, 0, 0, 0, 0, 42, 0], inner].concat())
}

fn chunk_of(frames: &[(LinkType, &[u8])]) -> Chunk {
    let mut chunk = Chunk::default();
    for (link, bytes) in frames {
        let start = chunk.bytes.len();
        chunk.bytes.extend_from_slice(bytes);
        chunk.frames.push(Frame {
            number: 1,
            time: Timestamp(0),
            interface: 0,
            link: *link,
            data: start..chunk.bytes.len(),
            original_len: u32::try_from(bytes.len()).unwrap(),
            options: 0,
        });
    }
    chunk
}

/// All datagrams of `frames`: source, destination, payload, claimed length; and the counts.
fn dissect_all(frames: &[(LinkType, &[u8])]) -> (Vec<(Datagram, Vec<u8>)>, Counts) {
    let mut chunk = chunk_of(frames);
    let (mut dissector, mut out) = (Dissector::new(), Vec::new());
    for index in 0..frames.len() {
        dissector.dissect(&mut chunk, index, &mut out);
    }
    let found = out.into_iter().map(|it| (it.clone(), chunk.bytes[it.payload].to_vec())).collect();
    let counts = dissector.counts().clone();
    assert_eq!(counts.frames, counts.datagrams + counts.fruitless());
    (found, counts)
}

/// Asserts that `frame` holds the keepalive, whole.
fn assert_keepalive(link: u16, frame: &[u8]) {
    let (found, counts) = dissect_all(&[(LinkType(link), frame)]);
    let [(datagram, payload)] = found.as_slice() else { panic!("link {link}: {counts:?}") };
    assert_eq!((payload.as_slice(), datagram.claimed), (&KEEPALIVE[..], 32), "link {link}");
    assert_eq!((datagram.src.port(), datagram.dst.port()), (51871, 51820));
}

fn counts_of(link: LinkType, frame: &[u8]) -> Counts {
    let (found, counts) = dissect_all(&[(link, frame)]);
    assert_eq!(found, []);
    counts
}

#[test]
fn the_ordinary_frame_yields_its_datagram() {
    let mut frame = ethernet(EtherType::IPV4, &ipv4(Protocol::UDP, &udp()));
    frame.extend([0; 6]); // padding behind the IP packet
    let (found, counts) = dissect_all(&[(EN10MB, &frame)]);
    let (datagram, payload) = &found[0];
    assert_eq!(datagram.src, "192.0.2.1:51871".parse().unwrap());
    assert_eq!(datagram.dst, "192.0.2.2:51820".parse().unwrap());
    assert_eq!((datagram.frame, datagram.payload.clone()), (0, 42..74));
    assert_eq!((payload.as_slice(), datagram.claimed), (&KEEPALIVE[..], 32));
    assert_eq!(counts, Counts { frames: 1, datagrams: 1, ..Counts::default() });
}

#[test]
fn every_link_type_leads_to_the_packet() {
    let v4 = ipv4(Protocol::UDP, &udp());
    let v6 = ipv6(Protocol::UDP, &udp());
    for link in [12, 14, 101, 228] {
        assert_keepalive(link, &v4);
    }
    for link in [12, 14, 101, 229] {
        assert_keepalive(link, &v6);
    }
    for link in [0, 108] {
        assert_keepalive(link, &[&[2, 0, 0, 0], v4.as_slice()].concat());
        assert_keepalive(link, &[&[0, 0, 0, 2], v4.as_slice()].concat());
        for family in [10, 24, 28, 30] {
            assert_keepalive(link, &[&[family, 0, 0, 0], v6.as_slice()].concat());
            assert_keepalive(link, &[&[0, 0, 0, family], v6.as_slice()].concat());
        }
    }
    let sll = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0];
    assert_keepalive(113, &[&sll[..], &v4].concat());
    let sll2 = [0x86, 0xdd, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    assert_keepalive(276, &[&sll2[..], &v6].concat());
    for link in [9, 50] {
        assert_keepalive(link, &[&[0xff, 3, 0, 0x21], v4.as_slice()].concat());
        assert_keepalive(link, &[&[0, 0x57], v6.as_slice()].concat());
        assert_keepalive(link, &[&[0x21], v4.as_slice()].concat());
    }
}

#[test]
fn tags_labels_and_sessions_come_off() {
    let v4 = ipv4(Protocol::UDP, &udp());
    for outer in [0x8100, 0x88a8, 0x9100] {
        let stack = [&[0, 100, 0x81, 0, 0, 200, 8, 0], v4.as_slice()].concat();
        assert_keepalive(1, &ethernet(EtherType(outer), &stack));
    }
    let labels = [&[0, 1, 0, 64, 0, 2, 1, 64], v4.as_slice()].concat();
    assert_keepalive(1, &ethernet(EtherType::MPLS, &labels));
    assert_keepalive(1, &ethernet(EtherType::MPLS_UPSTREAM, &labels));
    let session = [&[0x11, 0, 0, 7], &be(v4.len() + 2)[..], &[0, 0x21], &v4].concat();
    assert_keepalive(1, &ethernet(EtherType::PPPOE_SESSION, &session));
    assert_keepalive(51, &session);
}

#[test]
fn options_and_extension_headers_are_walked() {
    let mut options = ipv4(Protocol::UDP, &[&[0x94, 4, 0, 0], udp().as_slice()].concat());
    options[0] = 0x46;
    assert_keepalive(101, &options);
    let chain = [&[60, 0, 5, 2, 0, 0, 1, 0, 17, 0, 1, 4, 0, 0, 0, 0], udp().as_slice()].concat();
    assert_keepalive(101, &ipv6(Protocol::HOP_BY_HOP, &chain));
    let atomic = [&[17, 0, 0, 0, 0, 0, 0, 9], udp().as_slice()].concat();
    assert_keepalive(101, &ipv6(Protocol::FRAGMENT, &atomic));
}

#[test]
fn tunnels_are_descended() {
    let v4 = ipv4(Protocol::UDP, &udp());
    let frame = ethernet(EtherType::IPV4, &v4);
    assert_keepalive(101, &ipv4(Protocol::UDP, &vxlan(&frame)));
    assert_keepalive(
        101,
        &ipv6(Protocol::UDP, &udp_to(8472, &[&[8, 0, 0, 0, 0, 0, 1, 0], frame.as_slice()].concat())),
    );
    let geneve = [&[1, 0, 0x65, 0x58, 0, 0, 1, 0, 1, 2, 3, 0], frame.as_slice()].concat();
    assert_keepalive(101, &ipv4(Protocol::UDP, &udp_to(6081, &geneve)));
    let geneve = [&[0, 0, 8, 0, 0, 0, 1, 0], v4.as_slice()].concat();
    assert_keepalive(101, &ipv4(Protocol::UDP, &udp_to(6081, &geneve)));
    assert_keepalive(101, &ipv4(Protocol::GRE, &[&[0, 0, 8, 0], v4.as_slice()].concat()));
    let keyed = [&[0xb0, 0, 0x65, 0x58, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2], frame.as_slice()].concat();
    assert_keepalive(101, &ipv6(Protocol::GRE, &keyed));
    assert_keepalive(101, &ipv6(Protocol::IPV4, &v4));
    assert_keepalive(101, &ipv4(Protocol::IPV6, &ipv6(Protocol::UDP, &udp())));
}

#[test]
fn wireguard_on_a_tunnel_port_is_a_datagram_like_others() {
    for port in [4789, 8472, 6081] {
        for kind in 1..=4 {
            let mut message = KEEPALIVE;
            message[0] = kind;
            let (found, _) = dissect_all(&[(RAW, &ipv4(Protocol::UDP, &udp_to(port, &message)))]);
            assert_eq!(found[0].1, message);
            assert_eq!(found[0].0.dst.port(), port);
        }
        let (found, _) = dissect_all(&[(RAW, &ipv4(Protocol::UDP, &udp_to(port, &[8, 0])))]);
        assert_eq!(found[0].1, [8, 0]);
    }
}

#[test]
fn nesting_has_an_end() {
    let mut packet = ipv4(Protocol::UDP, &udp());
    for _ in 0..8 {
        packet = ipv4(Protocol::IPV4, &packet);
    }
    assert_keepalive(101, &packet);
    assert_eq!(counts_of(RAW, &ipv4(Protocol::IPV4, &packet)).too_deep, 1);
}

#[test]
fn fruitless_frames_are_counted_by_cause() {
    assert_eq!(counts_of(LinkType(105), &[0; 60]).unsupported_link, [(105, 1)].into());
    assert_eq!(counts_of(EN10MB, &ethernet(EtherType::ARP, &[0; 28])).not_ip, 1);
    assert_eq!(counts_of(EN10MB, &ethernet(EtherType(38), &[0x45; 60])).not_ip, 1);
    assert_eq!(counts_of(RAW, &[0x55; 60]).not_ip, 1);
    assert_eq!(counts_of(RAW, &ipv4(Protocol::TCP, &[0; 20])).not_udp, 1);
    assert_eq!(counts_of(RAW, &ipv4_with(Protocol::TCP, 0x2000, &[0; 24])).not_udp, 1);
    assert_eq!(counts_of(RAW, &ipv6(Protocol::ICMPV6, &[0; 8])).not_udp, 1);
    assert_eq!(counts_of(RAW, &ipv4(Protocol::UDP, &[0, 1, 0, 2, 0, 7, 0, 0])).malformed, 1);
    // The packet itself is too short for a UDP header: that is no cut.
    assert_eq!(counts_of(RAW, &ipv4(Protocol::UDP, &[0, 1, 0, 2])).malformed, 1);
    assert_eq!(counts_of(RAW, &[]).malformed, 1);
}

#[test]
fn a_cut_frame_tells_the_claimed_length() {
    let frame = ethernet(EtherType::IPV4, &ipv4(Protocol::UDP, &udp_to(51820, &[4; 1452])));
    let (found, _) = dissect_all(&[(EN10MB, &frame[..200])]);
    assert_eq!((found[0].1.len(), found[0].0.claimed), (158, 1452));
    let mut chunk = chunk_of(&[(EN10MB, &frame[..40])]);
    chunk.frames[0].original_len = u32::try_from(frame.len()).unwrap();
    let (mut dissector, mut out) = (Dissector::new(), Vec::new());
    dissector.dissect(&mut chunk, 0, &mut out);
    assert_eq!((out.len(), dissector.counts().truncated), (0, 1));
}

#[test]
fn the_udp_length_rules_within_the_ip_length() {
    let with_len = |len: usize| {
        let mut datagram = udp();
        datagram[4..6].copy_from_slice(&be(len));
        let (found, _) = dissect_all(&[(RAW, &ipv4(Protocol::UDP, &datagram))]);
        (found[0].1.len(), found[0].0.claimed)
    };
    assert_eq!(with_len(8), (0, 0));
    assert_eq!(with_len(30), (22, 22));
    assert_eq!(with_len(0), (32, 32));
    assert_eq!(with_len(1000), (32, 32));
}

#[test]
fn ip_lengths_of_zero_leave_it_to_the_frame() {
    let mut packet = ipv4(Protocol::UDP, &udp());
    packet[2..4].fill(0);
    assert_keepalive(101, &packet);
    let mut packet = ipv6(Protocol::UDP, &udp());
    packet[4..6].fill(0);
    assert_keepalive(101, &packet);
    // Cut: what the frame's own length says is missing.
    packet[44..46].fill(0);
    let mut chunk = chunk_of(&[(RAW, &packet[..60])]);
    chunk.frames[0].original_len = 80;
    let mut out = Vec::new();
    Dissector::new().dissect(&mut chunk, 0, &mut out);
    assert_eq!((out[0].payload.clone(), out[0].claimed), (48..60, 32));
}

#[test]
fn ipv4_fragments_are_put_together_at_the_tail() {
    let whole = udp_to(51820, &[&[4, 0, 0, 0], &[7; 60][..]].concat());
    let first = ipv4_with(Protocol::UDP, 0x2000, &whole[..40]);
    let last = ethernet(EtherType::IPV4, &ipv4_with(Protocol::UDP, 5, &whole[40..]));
    let mut chunk = chunk_of(&[(EN10MB, &last), (RAW, &first)]);
    let captured = chunk.bytes.len();
    let (mut dissector, mut out) = (Dissector::new(), Vec::new());
    dissector.dissect(&mut chunk, 0, &mut out);
    assert_eq!(out, []);
    dissector.dissect(&mut chunk, 1, &mut out);
    assert_eq!((out[0].frame, out[0].claimed), (1, 64));
    assert_eq!(out[0].payload, captured + 8..captured + 72);
    assert_eq!(chunk.bytes[out[0].payload.clone()], whole[8..]);
    assert_eq!((dissector.counts().fragments.held, dissector.counts().fragments.completed), (1, 1));
}

#[test]
fn ipv6_fragments_may_start_with_more_extension_headers() {
    let whole = [&[17, 0, 1, 4, 0, 0, 0, 0], udp().as_slice()].concat();
    let head = |offset_more: usize| [&[60, 0], &be(offset_more)[..], &[0, 0, 0, 1]].concat();
    let first = ipv6(Protocol::FRAGMENT, &[head(1), whole[..16].to_vec()].concat());
    let last = ipv6(Protocol::FRAGMENT, &[head(16), whole[16..].to_vec()].concat());
    let (found, counts) = dissect_all(&[(RAW, &first), (RAW, &last)]);
    assert_eq!(found[0].1, KEEPALIVE);
    assert_eq!(counts.fragments.completed, 1);
}

#[test]
fn a_fragmented_tunnel_is_put_together_and_descended() {
    let outer = vxlan(&ethernet(EtherType::IPV6, &ipv6(Protocol::UDP, &udp())));
    let first = ipv4_with(Protocol::UDP, 0x2000, &outer[..48]);
    let last = ipv4_with(Protocol::UDP, 6, &outer[48..]);
    let (found, _) = dissect_all(&[(RAW, &first), (RAW, &last)]);
    assert_eq!(found[0].1, KEEPALIVE);
    assert!(found[0].0.src.is_ipv6());
}

#[test]
fn fragments_in_fragments_in_fragments_are_given_up() {
    // Three levels, of each the tail first: the last frame would complete all.
    let mut frames = Vec::new();
    let mut datagram = udp();
    for level in 0..3 {
        let protocol = if level == 0 { Protocol::UDP } else { Protocol::IPV4 };
        frames.push(ipv4_with(protocol, 2, &datagram[16..]));
        datagram = ipv4_with(protocol, 0x2000, &datagram[..16]);
        frames.last_mut().unwrap()[4] = level;
        datagram[4] = level;
    }
    frames.push(datagram);
    let frames = frames.iter().map(|frame| (RAW, frame.as_slice())).collect::<Vec<_>>();
    let (found, counts) = dissect_all(&frames);
    assert_eq!((found.len(), counts.too_deep, counts.fragments.completed), (0, 1, 2));
}

#[test]
fn a_bare_packet_names_its_payload() {
    let packet = ipv6(Protocol::UDP, &udp());
    let (src, dst, payload, claimed) = Dissector::bare(&packet).unwrap();
    assert_eq!(src, "[2001:db8::1]:51871".parse().unwrap());
    assert_eq!(dst, "[2001:db8::2]:51820".parse().unwrap());
    assert_eq!((payload, claimed), (48..80, 32));
    assert_eq!(Dissector::bare(&ipv4_with(Protocol::UDP, 0x2000, &udp())), None);
    assert_eq!(Dissector::bare(&[]), None);
}

#[test]
fn a_frame_that_is_not_there_yields_nothing() {
    let (mut dissector, mut out) = (Dissector::new(), Vec::new());
    dissector.dissect(&mut Chunk::default(), 3, &mut out);
    assert_eq!((out.len(), dissector.counts()), (0, &Counts::default()));
}

/// One frame of each shape that the tests above build.
fn shapes() -> Vec<(LinkType, Vec<u8>)> {
    let v4 = ipv4(Protocol::UDP, &udp());
    let v6 = ipv6(Protocol::HOP_BY_HOP, &[&[17, 0, 5, 2, 0, 0, 1, 0], udp().as_slice()].concat());
    let bridged = ethernet(EtherType::VLAN, &[&[0, 1, 0x86, 0xdd], v6.as_slice()].concat());
    let geneve = [&[1, 0, 0x65, 0x58, 0, 0, 1, 0, 1, 2, 3, 0], bridged.as_slice()].concat();
    vec![
        (EN10MB, bridged.clone()),
        (EN10MB, ethernet(EtherType::MPLS, &[&[0, 2, 1, 64], v4.as_slice()].concat())),
        (
            EN10MB,
            ethernet(EtherType::PPPOE_SESSION, &[&[17, 0, 0, 7, 1, 0, 0, 0x21], v4.as_slice()].concat()),
        ),
        (LinkType(0), [&[2, 0, 0, 0], v4.as_slice()].concat()),
        (LinkType(113), [&[0; 14][..], &[8, 0], &v4].concat()),
        (LinkType(276), [&[8, 0][..], &[0; 18], &v4].concat()),
        (RAW, ipv4(Protocol::UDP, &vxlan(&bridged))),
        (RAW, ipv4(Protocol::UDP, &udp_to(6081, &geneve))),
        (RAW, ipv6(Protocol::GRE, &[&[0x20, 0, 8, 0, 0, 0, 0, 1], v4.as_slice()].concat())),
        (RAW, ipv4_with(Protocol::UDP, 0x2000, &udp())),
        (RAW, ipv6(Protocol::FRAGMENT, &[&[17, 0, 0, 1, 0, 0, 0, 1], udp().as_slice()].concat())),
    ]
}

#[test]
fn every_prefix_of_every_shape_is_survived() {
    for (link, frame) in shapes() {
        for len in 0..=frame.len() {
            for missing in [0, frame.len() - len, 100_000] {
                let mut chunk = chunk_of(&[(link, &frame[..len])]);
                chunk.frames[0].original_len = u32::try_from(len + missing).unwrap();
                let (mut dissector, mut out) = (Dissector::new(), Vec::new());
                dissector.dissect(&mut chunk, 0, &mut out);
                let counts = dissector.counts();
                assert_eq!(counts.frames, counts.datagrams + counts.fruitless());
                for datagram in out {
                    assert!(chunk.bytes.get(datagram.payload.clone()).is_some());
                    assert!(datagram.claimed >= datagram.payload.len());
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn damaged_frames_are_survived_and_counted(
        damages in proptest::collection::vec(
            (any::<prop::sample::Index>(), proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)),
            0..40,
        ),
    ) {
        let shapes = shapes();
        let mut frames = Vec::new();
        for (which, bytes) in damages {
            let (link, mut frame) = which.get(&shapes).clone();
            for (at, byte) in bytes {
                let at = at.index(frame.len());
                frame[at] = byte;
            }
            frames.push((link, frame));
        }
        let frames = frames.iter().map(|(link, frame)| (*link, frame.as_slice())).collect::<Vec<_>>();
        dissect_all(&frames);
    }

    #[test]
    fn random_bytes_are_survived(
        link in proptest::sample::select(&[0_u16, 1, 9, 12, 51, 101, 108, 113, 228, 276, 999]),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        dissect_all(&[(LinkType(link), &bytes)]);
        Dissector::bare(&bytes);
    }

    #[test]
    fn a_datagram_survives_any_fragmentation(
        payload in proptest::collection::vec(any::<u8>(), 20..500),
        unit in 1..8_usize,
        rotation in 0..64_usize,
        repeat in any::<bool>(),
    ) {
        let whole = udp_to(51820, &payload);
        let count = whole.len().div_ceil(unit * 8);
        let mut frames = whole.chunks(unit * 8).enumerate().map(|(index, part)| {
            let more = if index + 1 < count { 0x2000 } else { 0 };
            ipv4_with(Protocol::UDP, more | u16::try_from(index * unit).unwrap(), part)
        }).collect::<Vec<_>>();
        frames.rotate_left(rotation % count);
        if repeat {
            frames = frames.iter().flat_map(|frame| [frame.clone(), frame.clone()]).collect();
        }
        let frames = frames.iter().map(|frame| (RAW, frame.as_slice())).collect::<Vec<_>>();
        let (found, counts) = dissect_all(&frames);
        prop_assert_eq!(found.len(), if repeat && count == 1 { 2 } else { 1 });
        prop_assert_eq!(&found[0].1, &payload);
        prop_assert_eq!((counts.fragments.overlapping, counts.malformed), (0, 0));
    }
}

#[test]
fn addresses_are_the_innermost() {
    let inner = ipv4(Protocol::UDP, &udp());
    let (found, _) = dissect_all(&[(RAW, &ipv6(Protocol::IPV4, &inner))]);
    assert_eq!(found[0].0.src.ip(), IpAddr::from(Ipv4Addr::new(192, 0, 2, 1)));
}
