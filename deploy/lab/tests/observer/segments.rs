use std::collections::BTreeMap;
use std::net::SocketAddr;

use wgtrace_api::v1::{Packet, PacketsRequest};
use wgtrace_testbed::transfer;

use crate::encryption::REMOTE;
use crate::world::{WORKER, World};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_super_frame_is_one_packet_of_its_segments_and_of_all_its_bytes() {
    let world = World::up();
    let [from, to] = ["net", "cni-7n2f9"].map(|pod| world.lab.pod(pod).unwrap().network());
    let request = PacketsRequest { filter: "tcp and dst port 7998".into(), ..Default::default() };
    let mut packets = world.packets_at(WORKER, &["from-container", "to-wireguard", "tap-out"], request);
    let mut flows = world.flows(WORKER, "tcp and port 7998");
    let at = SocketAddr::from((REMOTE, 7998));
    assert_eq!(transfer(from, to, at, BYTES).unwrap(), BYTES);

    let mut seen: BTreeMap<String, Vec<Packet>> = BTreeMap::new();
    let sent = |packets: &[Packet]| payload(packets) >= BYTES && packets.iter().any(is_last);
    let is_whole = |seen: &BTreeMap<String, Vec<Packet>>| {
        let plain = ["from-container", "to-wireguard"].map(|hook| seen.get(hook).is_some_and(|it| sent(it)));
        plain == [true; 2] && messages(seen.get("tap-out")) >= messages(seen.get("to-wireguard"))
    };
    while !is_whole(&seen) {
        for packet in world.take(&mut packets, 1) {
            seen.entry(packet.hook.clone()).or_default().push(packet);
        }
    }
    for (hook, link) in [("from-container", ETHERNET), ("to-wireguard", 0)] {
        let packets = &seen[hook];
        assert!(packets.iter().any(|packet| packet.segments > 1), "{hook} has no super-frame");
        for packet in packets.iter().filter(|packet| size(packet) > 0) {
            // headers are counted once, as the kernel has them
            assert_eq!(packet.length, link + HEADERS + size(packet), "{hook}: {packet:#?}");
            assert_eq!(packet.segments, size(packet).div_ceil(SEGMENT), "{hook}: {packet:#?}");
        }
    }
    for packet in &seen["tap-out"] {
        assert_eq!(packet.segments, (packet.length - OUTER).div_ceil(MESSAGE), "{packet:#?}");
    }

    // and the flow has them as they were told one by one
    let of = |hook: &str| {
        let packets = &seen[hook];
        let bytes: u64 = packets.iter().map(|packet| u64::from(packet.length)).sum();
        (messages(Some(packets)), bytes)
    };
    world.flow(&mut flows, |flow| {
        ["from-container", "to-wireguard", "tap-out"].into_iter().all(|hook| {
            let mut hops = flow.hops.iter().filter(|hop| hop.hook == hook);
            hops.any(|hop| hop.forward.is_some_and(|count| (count.packets, count.bytes) == of(hook)))
        })
    });
}

/// Payload of a packet.
fn size(packet: &Packet) -> u32 {
    packet.tcp.map_or(0, |tcp| tcp.payload)
}

/// Payload of the connection in these, what was sent again once.
fn payload(packets: &[Packet]) -> u64 {
    let tcp = packets.iter().filter_map(|packet| packet.tcp).filter(|tcp| tcp.payload > 0);
    let parts: BTreeMap<u32, u32> = tcp.map(|tcp| (tcp.sequence, tcp.payload)).collect();
    parts.values().map(|len| u64::from(*len)).sum()
}

/// Whether it ends its side of the connection.
fn is_last(packet: &Packet) -> bool {
    packet.tcp.is_some_and(|tcp| tcp.flags & 1 != 0)
}

fn messages(packets: Option<&Vec<Packet>>) -> u64 {
    packets.into_iter().flatten().map(|packet| u64::from(packet.segments)).sum()
}

const BYTES: u64 = 1 << 20;
const ETHERNET: u32 = 14;
/// IPv4, and TCP with time stamps.
const HEADERS: u32 = 20 + 32;
/// Behind them, of the route's MTU.
const SEGMENT: u32 = 1420 - HEADERS;
/// Ethernet, IPv4 and UDP.
const OUTER: u32 = ETHERNET + 20 + 8;
/// A packet of the route's MTU, with header and tag.
const MESSAGE: u32 = 16 + 1420 + 16;
