use proptest::prelude::*;
use wgtrace_wire::tcp::Flags;
use wgtrace_wire::wireguard::{Counter, SessionIndex};
use wgtrace_wire::{Error, EtherType, Protocol};
use zerocopy::IntoBytes;

use super::*;
use crate::packet::{Fault, IpPacket, Link, Network, Transport, WireGuard};
use crate::sample::{self, ethernet, ipv4, ipv6, record, tcp, tcp4, udp, udp4};

fn transport_data(len: usize) -> Vec<u8> {
    let mut message = vec![4, 0, 0, 0, 0x78, 0x56, 0x34, 0x12, 9, 0, 0, 0, 0, 0, 0, 0];
    message.resize(len, 0xaa);
    message
}

#[test]
fn records_that_are_no_packet_events_are_refused() {
    let event = sample::event(Hook::TapIn, 1);
    assert_eq!(decode(&[0; 63]).unwrap_err(), DecodeError::Short { need: 64, have: 63 });
    let refused = |event: PacketEvent| decode(event.as_bytes()).unwrap_err();
    assert_eq!(refused(PacketEvent { version: 9, ..event }), DecodeError::Version { need: 1, have: 9 });
    assert_eq!(refused(PacketEvent { kind: 7, ..event }), DecodeError::Kind(7));
    assert_eq!(refused(PacketEvent { hook: 10, ..event }), DecodeError::Hook(10));
    assert_eq!(
        refused(PacketEvent { captured: 5, len: 5, ..event }),
        DecodeError::Missing { need: 5, have: 0 }
    );
    let mut long = PacketEvent { captured: 5, len: 4, ..event }.as_bytes().to_vec();
    long.extend_from_slice(&[0; 8]);
    assert_eq!(decode(&long).unwrap_err(), DecodeError::TooMany { captured: 5, len: 4 });
}

#[test]
fn padding_of_the_kernel_is_no_part_of_the_packet() {
    let frame = udp4((1, 1000), (2, 53), &[1, 2, 3]);
    let record = record(sample::event(Hook::ToNetdev, 5), &frame, 1000);
    assert!(record.len() > 64 + frame.len());
    assert_eq!(decode(&record).unwrap().bytes, frame);
}

#[test]
fn tags_come_from_the_metadata_first() {
    let mut event = sample::event(Hook::FromNetdev, 1);
    (event.vlan_protocol, event.vlan_tci) = (0x88a8, 0x6064);
    let mut tagged = vec![0, 5, 8, 0];
    tagged.extend(ipv4(17, 1, 2, &udp(1, 2, &[])));
    sample::with(event, &ethernet(0x8100, &tagged), |packet| {
        let tags: Vec<_> =
            packet.vlans.iter().map(|tag| (tag.protocol.0, tag.id(), tag.priority())).collect();
        assert_eq!(tags, [(0x88a8, 100, 3), (0x8100, 5, 0)]);
        assert_eq!(packet.transport.ports(), Some((1, 2)));
    });
}

#[test]
fn a_device_without_link_layer_starts_with_ip() {
    let event = PacketEvent { flags: PacketEvent::L3, ..sample::event(Hook::ToWireguard, 1) };
    sample::with(event, &ipv6(17, 1, 2, &udp(7, 8, &[])), |packet| {
        assert_eq!(packet.link, Link::None);
        assert!(packet.network.is_ipv6());
        assert_eq!(packet.transport.ports(), Some((7, 8)));
    });
}

#[test]
fn an_unknown_device_is_told_by_its_bytes_or_not_at_all() {
    let event = PacketEvent { flags: PacketEvent::UNKNOWN_DEVICE, ..sample::event(Hook::ToNetdev, 1) };
    let bare = ipv4(17, 1, 2, &udp(7, 8, &[]));
    sample::with(event, &ethernet(0x0800, &bare), |packet| {
        assert!(matches!(packet.link, Link::Ethernet(_)));
        assert_eq!(packet.transport.ports(), Some((7, 8)));
    });
    sample::with(event, &bare, |packet| assert_eq!(packet.link, Link::None));
    sample::with(event, &[0; 60], |packet| {
        assert_eq!((packet.link, packet.network), (Link::Unknown, Network::None));
    });
}

#[test]
fn other_protocols_carry_their_number() {
    let event = sample::event(Hook::ToNetdev, 1);
    sample::with(event, &ethernet(0x88cc, &[1, 2]), |packet| {
        assert_eq!(packet.network, Network::Other(EtherType(0x88cc)));
    });
    sample::with(event, &ethernet(0x0800, &ipv4(132, 1, 2, &[0; 8])), |packet| {
        assert_eq!(packet.transport, Transport::Other(Protocol(132)));
    });
}

#[test]
fn what_the_snaplen_cut_is_not_what_is_broken() {
    let frame = tcp4((1, 1000), (2, 80), 5, Flags::ACK, 900);
    let cut = record(sample::event(Hook::TapOut, 1), &frame, 14 + 20 + 13);
    let Transport::Unread { protocol, ports, fault } = decode(&cut).unwrap().transport else { panic!() };
    assert_eq!((protocol, ports, fault), (Protocol::TCP, Some((1000, 80)), Fault::Cut));
    let cut = record(sample::event(Hook::TapOut, 1), &frame, 14 + 19);
    assert_eq!(
        decode(&cut).unwrap().network,
        Network::Unread { ethertype: EtherType::IPV4, fault: Fault::Cut }
    );
    let whole = record(sample::event(Hook::TapOut, 1), &frame, 54);
    assert_eq!(decode(&whole).unwrap().transport.payload_len(), Some(900));

    let broken = record(sample::event(Hook::TapOut, 1), &frame[..33], 100);
    let fault = Fault::Malformed(Error::Truncated { need: 20, have: 19 });
    assert_eq!(decode(&broken).unwrap().network, Network::Unread { ethertype: EtherType::IPV4, fault });
    let short = record(sample::event(Hook::TapOut, 1), &frame[..60], 100);
    let Network::Ip(IpPacket { missing, .. }) = decode(&short).unwrap().network else { panic!() };
    assert_eq!(missing, 894);
}

#[test]
fn wireguard_is_recognised_on_any_port_by_what_a_short_capture_holds() {
    let event = sample::event(Hook::ToNetdev, 1);
    let frame = udp4((1, 4500), (2, 443), &transport_data(1452));
    let cut = record(event, &frame, 96);
    let Transport::Udp(datagram) = decode(&cut).unwrap().transport else { panic!() };
    assert_eq!(
        datagram.wireguard,
        Some(WireGuard::TransportData {
            receiver: SessionIndex(0x1234_5678),
            counter: Counter(9),
            sealed_len: 1420
        })
    );
    for (kind, len, is_message) in
        [(1, 148, true), (1, 147, false), (2, 92, true), (3, 64, true), (5, 64, false)]
    {
        let mut message = vec![0; len];
        message[0] = kind;
        sample::with(event, &udp4((1, 9), (2, 9), &message), |packet| {
            let Transport::Udp(datagram) = packet.transport else { panic!() };
            assert_eq!(datagram.wireguard.is_some(), is_message, "{kind} {len}");
        });
    }
}

#[test]
fn a_super_frame_stands_for_its_messages() {
    let event = PacketEvent { gso_size: 1452, gso_segs: 3, ..sample::event(Hook::ToNetdev, 1) };
    let mut payload = transport_data(1452);
    payload.extend(transport_data(1452));
    payload.extend(transport_data(300));
    let frame = udp4((1, 51871), (2, 51871), &payload);
    for gso_segs in [0, 3] {
        sample::with(PacketEvent { gso_segs, ..event }, &frame, |packet| {
            assert_eq!(packet.segments(), 3);
            let Transport::Udp(datagram) = packet.transport else { panic!() };
            assert!(matches!(datagram.wireguard, Some(WireGuard::TransportData { sealed_len: 1420, .. })));
            assert_eq!(datagram.payload_len, 3204);
        });
    }
}

#[test]
fn fragments_have_a_transport_header_in_the_first_alone() {
    let event = sample::event(Hook::FromNetdev, 1);
    let mut first = ipv4(17, 1, 2, &udp(5, 6, &[0; 1000])[..208]);
    first[6] = 0x20;
    sample::with(event, &ethernet(0x0800, &first), |packet| {
        assert_eq!(packet.transport.ports(), Some((5, 6)));
        assert_eq!(packet.transport.payload_len(), Some(1000));
    });
    let mut later = ipv4(17, 1, 2, &[0; 200]);
    later[7] = 26;
    sample::with(event, &ethernet(0x0800, &later), |packet| {
        assert!(matches!(packet.transport, Transport::Fragment(fragment) if fragment.offset == 208));
    });
}

#[test]
fn extension_headers_lead_to_the_transport() {
    let mut chain = vec![60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0];
    chain.extend(tcp(3, 4, 0, Flags::SYN, &[]));
    let frame = ethernet(0x86dd, &ipv6(0, 1, 2, &chain));
    sample::with(sample::event(Hook::ToHost, 1), &frame, |packet| {
        assert_eq!(packet.transport.ports(), Some((3, 4)));
    });
    let cut = record(sample::event(Hook::ToHost, 1), &frame, 14 + 40 + 10);
    let packet = decode(&cut).unwrap();
    assert!(matches!(packet.transport, Transport::Unread { ports: None, fault: Fault::Cut, .. }));
}

proptest! {
    #[test]
    fn no_record_is_too_strange(
        mut bytes in prop::collection::vec(any::<u8>(), 0..400),
        valid in any::<bool>(),
        hook in 0_u8..10,
        ethertype in prop::sample::select(vec![0x0800_u16, 0x86dd, 0x8100, 0x0806, 0x88a8, 5]),
    ) {
        if valid && bytes.len() >= 100 {
            let captured = bytes.len() - 64;
            let flags = bytes[3] & 3;
            bytes[..4].copy_from_slice(&[ABI_VERSION, PacketEvent::KIND, hook, flags]);
            bytes[24..28].copy_from_slice(&u32::try_from(captured).unwrap().to_ne_bytes());
            bytes[28..30].copy_from_slice(&u16::try_from(captured).unwrap().to_ne_bytes());
            bytes[64 + 12..64 + 14].copy_from_slice(&ethertype.to_be_bytes());
            bytes[64 + 14] = if ethertype == 0x86dd { 0x60 } else { 0x45 };
        }
        if let Ok(packet) = decode(&bytes) {
            packet.segments();
            let mut table = crate::FlowTable::new(crate::Limits::default(), 3);
            table.update(&packet);
            let mut out = Vec::new();
            let mut writer = crate::pcapng::Writer::new(crate::pcapng::Options::default());
            writer.write(&packet, Default::default, &mut out);
            prop_assert!(out.len() >= packet.bytes.len());
        }
    }
}
