use pcap_file::DataLink;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
use pcap_file::pcapng::blocks::interface_description::InterfaceDescriptionOption;
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use pcap_file::pcapng::{Block, PcapNgReader};
use wgtrace_abi::{Hook, PacketEvent};
use wgtrace_wire::{Ethernet, Ip, Ipv4, Protocol, Udp, checksum};

use super::*;
use crate::decode;
use crate::sample::{self, ethernet, ipv4, ipv6, record, udp, udp4};

struct Read {
    link: DataLink,
    interface: Vec<String>,
    time: u128,
    original: u32,
    data: Vec<u8>,
    flags: u32,
    comment: String,
}

/// A file as another's parser sees it.
fn read(bytes: &[u8]) -> Vec<Read> {
    let mut reader = PcapNgReader::new(bytes).unwrap();
    let mut packets = Vec::new();
    while let Some(next) = reader.next_block() {
        let (block, state) = next.unwrap();
        let Block::EnhancedPacket(packet) = block else { continue };
        let interface = &state.interfaces()[packet.interface_id as usize];
        let names = interface.options.iter().filter_map(|option| {
            if let InterfaceDescriptionOption::IfName(text)
            | InterfaceDescriptionOption::IfDescription(text) = option
            {
                return Some(text.to_string());
            }
            None
        });
        let (mut flags, mut comment) = (0, String::new());
        for option in &packet.options {
            if let EnhancedPacketOption::Flags(value) = option {
                flags = *value;
            } else if let EnhancedPacketOption::Common(CommonOption::Comment(text)) = option {
                comment = text.to_string();
            }
        }
        packets.push(Read {
            link: interface.linktype,
            interface: names.collect(),
            time: packet.timestamp.as_nanos(),
            original: packet.original_len,
            data: packet.data.to_vec(),
            flags,
            comment,
        });
    }
    packets
}

fn write(options: Options, records: &[Vec<u8>]) -> Vec<u8> {
    let (mut writer, mut out) = (Writer::new(options), Vec::new());
    writer.begin(&mut out);
    for record in records {
        let name = || Name { name: "eth0".into(), description: "netns node1".into() };
        writer.write(&decode(record).unwrap(), name, &mut out);
    }
    out
}

#[test]
fn packets_come_back_as_they_were_seen() {
    let frame = udp4((1, 5), (2, 6), &[7; 301]);
    let drop = PacketEvent {
        verdict: 3,
        drop_reason: 195,
        mark: 0xe00,
        ..sample::event(Hook::ToNetdev, 1_000_000_007)
    };
    let bare = PacketEvent { flags: PacketEvent::L3, ..sample::event(Hook::FromWireguard, 9) };
    let records = [
        record(drop, &frame, 99),
        record(bare, &frame[14..], 999),
        record(sample::event(Hook::ToNetdev, 1), &frame, 999),
    ];
    let packets = read(&write(Options { wall: WallOffset(5_000_000_000), raw_frames: false }, &records));
    let [first, second, third] = packets.as_slice() else { panic!() };
    assert_eq!((first.link, first.time, first.original), (DataLink::ETHERNET, 6_000_000_007, 343));
    assert_eq!((first.data.as_slice(), first.flags), (&frame[..99], 2 | 1 << 2));
    assert_eq!(first.interface, ["eth0", "to-netdev, netns node1"]);
    assert_eq!(
        first.comment,
        "to-netdev, verdict dropped, mark 0xe00, drop reason 195 (Traffic is unencrypted)"
    );
    assert_eq!(
        (second.link, second.flags, second.data.as_slice()),
        (DataLink::RAW, 1 | 1 << 2, &frame[14..])
    );
    assert_eq!(third.data, frame);
}

#[test]
fn the_kernels_tag_is_put_back() {
    let frame = udp4((1, 5), (2, 6), &[]);
    let event = PacketEvent { vlan_protocol: 0x8100, vlan_tci: 0x2005, ..sample::event(Hook::FromNetdev, 1) };
    let packets = read(&write(Options::default(), &[record(event, &frame, 999)]));
    let mut tagged = frame[..12].to_vec();
    tagged.extend_from_slice(&[0x81, 0, 0x20, 5]);
    tagged.extend_from_slice(&frame[12..]);
    assert_eq!((packets[0].original as usize, &packets[0].data), (tagged.len(), &tagged));
}

fn super_frame(packet: &[u8], size: u16, snaplen: usize) -> Vec<u8> {
    let event = PacketEvent { gso_size: size, gso_segs: 3, ..sample::event(Hook::ToNetdev, 1) };
    record(event, packet, snaplen)
}

#[test]
fn a_super_frame_becomes_the_packets_it_stands_for() {
    let payload: Vec<u8> = (0..250).collect();
    let frames = [
        ethernet(0x0800, &ipv4(17, 1, 2, &udp(5, 6, &payload))),
        ethernet(0x86dd, &ipv6(17, 1, 2, &udp(5, 6, &payload))),
    ];
    for frame in &frames {
        let packets = read(&write(Options::default(), &[super_frame(frame, 100, 999)]));
        assert_eq!(packets.len(), 3);
        let mut joined = Vec::new();
        for (number, packet) in (0_u16..).zip(&packets) {
            let ip = Ip::parse(Ethernet::parse(&packet.data).unwrap().payload()).unwrap();
            let upper = ip.upper().unwrap();
            let datagram = upper.payload;
            assert_eq!(ip.packet_len(), Some(packet.data.len() - 14));
            assert_eq!(packet.original as usize, packet.data.len());
            if let Ip::V4(ip) = ip {
                assert!(ip.checksum_is_valid());
                assert_eq!(ip.id(), 7 + number);
            }
            let [high, low] = u16::try_from(datagram.len()).unwrap().to_be_bytes();
            let ends = match ip {
                Ip::V4(ip) => [ip.src().octets().to_vec(), ip.dst().octets().to_vec()].concat(),
                Ip::V6(ip) => [ip.src().octets().to_vec(), ip.dst().octets().to_vec()].concat(),
            };
            assert_eq!(checksum::internet(&[&ends, &[0, Protocol::UDP.0, high, low], datagram]), 0);
            joined.extend_from_slice(Udp::parse(datagram).unwrap().payload());
            assert!(packet.comment.ends_with(&format!(", segment {} of 3", number + 1)));
        }
        assert_eq!(joined, payload);
        let raw =
            read(&write(Options { raw_frames: true, ..Options::default() }, &[super_frame(frame, 100, 999)]));
        assert_eq!((raw.len(), &raw[0].data), (1, frame));
        assert!(raw[0].comment.ends_with("super-frame of 3 segments"));
    }
}

#[test]
fn a_cut_super_frame_keeps_the_lengths_of_its_packets() {
    let frame = ethernet(0x0800, &ipv4(17, 1, 2, &udp(5, 6, &[9; 250])));
    let packets = read(&write(Options::default(), &[super_frame(&frame, 100, 42 + 130)]));
    let lengths: Vec<_> = packets.iter().map(|packet| (packet.original, packet.data.len())).collect();
    assert_eq!(lengths, [(142, 142), (142, 72), (92, 42)]);
    for packet in &packets {
        let ip = Ipv4::parse(&packet.data[14..]).unwrap();
        assert!(ip.checksum_is_valid());
        assert_eq!(ip.claimed_len().unwrap(), packet.original as usize - 34);
        let udp = Udp::parse(ip.payload()).unwrap();
        assert_eq!(udp.checksum() == 0, packet.data.len() < packet.original as usize);
    }
}

#[test]
fn tcps_super_frames_stay_as_they_are() {
    let frame = sample::tcp4((1, 2), (3, 4), 5, wgtrace_wire::tcp::Flags::ACK, 900);
    let packets = read(&write(Options::default(), &[super_frame(&frame, 300, 9999)]));
    assert_eq!((packets.len(), &packets[0].data), (1, &frame));
}
