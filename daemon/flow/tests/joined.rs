//! Packets in the tunnel and their ciphertext on the wire, recorded beside each other.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test reads the captures it is about, and what it expects and does not find fails it"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use wgtrace_abi::{ABI_VERSION, Hook, PacketEvent};
use wgtrace_decrypt::capture::{Chunk, LinkType, Reader};
use wgtrace_decrypt::key::TransportKey;
use wgtrace_decrypt::keylog::TransportLine;
use wgtrace_flow::{FlowTable, Limits, Packet, Transport, WireGuard, decode, identity, sealed, table::Guise};
use zerocopy::{FromZeros, IntoBytes};

fn scenario(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../captures/walkthrough").join(file)
}

/// The records of a capture, cut as the daemon cuts them.
fn records(file: &str, hook: Hook) -> Vec<Vec<u8>> {
    let mut reader = Reader::new(std::fs::File::open(scenario(file)).unwrap()).unwrap();
    let (mut chunk, mut records) = (Chunk::default(), Vec::new());
    while reader.fill(&mut chunk).unwrap() {
        for frame in chunk.frames.clone() {
            let bytes = chunk.data(&frame);
            let captured = &bytes[..bytes.len().min(128)];
            let mut event = PacketEvent::new_zeroed();
            (event.version, event.kind, event.hook) = (ABI_VERSION, PacketEvent::KIND, hook.number());
            event.flags = if frame.link == LinkType(1) { 0 } else { PacketEvent::L3 };
            event.len = frame.original_len;
            event.captured = u16::try_from(captured.len()).unwrap();
            records.push([event.as_bytes(), captured].concat());
        }
    }
    records
}

fn keys() -> BTreeMap<u32, TransportKey> {
    let text = std::fs::read_to_string(scenario("transport.keys")).unwrap();
    let lines = text.lines().map(|line| TransportLine::parse(line).unwrap());
    lines.map(|line| (line.receiver.0, line.key)).collect()
}

fn key<'k>(packet: &Packet<'_>, keys: &'k BTreeMap<u32, TransportKey>) -> &'k TransportKey {
    let Transport::Udp(datagram) = &packet.transport else { panic!("not UDP") };
    let Some(WireGuard::TransportData { receiver, .. }) = datagram.wireguard else { panic!("no data") };
    &keys[&receiver.0]
}

#[test]
fn a_packet_is_the_same_in_the_pod_in_the_tunnel_and_in_the_ciphertext() {
    let of = |file, hook| -> BTreeSet<u64> {
        let records = records(file, hook);
        records.iter().filter_map(|record| identity(&decode(record).unwrap())).collect()
    };
    let tunnel = of("cilium_wg0.pcapng", Hook::ToWireguard);
    let pod = of("pod-eth0.pcapng", Hook::FromContainer);
    let keys = keys();
    let (mut joined, mut together) = (0, 0);
    for record in records("eth0.pcapng", Hook::TapOut) {
        let packet = decode(&record).unwrap();
        let mut room = [0; sealed::MOST];
        // a capture does not tell of how many messages a super-frame is
        let Some(inner) = sealed::look(&packet, key(&packet, &keys), &mut room) else {
            together += 1;
            continue;
        };
        let identity = identity(&inner).unwrap();
        assert!(tunnel.contains(&identity), "{inner:?}");
        joined += usize::from(pod.contains(&identity));
    }
    // the ping alone: the address of the service is translated between the pod and the tunnel
    assert_eq!((joined, together), (2, 5));
}

#[test]
fn another_key_shows_nothing() {
    let keys = keys();
    for record in records("eth0.pcapng", Hook::TapOut) {
        let packet = decode(&record).unwrap();
        let right = key(&packet, &keys);
        let wrong = keys.values().find(|key| key.expose() != right.expose()).unwrap();
        assert!(sealed::look(&packet, wrong, &mut [0; sealed::MOST]).is_none());
    }
}

#[test]
fn ciphertext_counts_for_the_flow_inside_of_it_with_its_own_bytes() {
    let keys = keys();
    let mut table = FlowTable::new(Limits::default(), 7);
    let mut room = [0; sealed::MOST];
    let record = &records("eth0.pcapng", Hook::TapOut)[0];
    let outer = decode(record).unwrap();
    let inner = sealed::look(&outer, key(&outer, &keys), &mut room).unwrap();
    let first = &records("cilium_wg0.pcapng", Hook::ToWireguard)[0];
    let plain = decode(first).unwrap();
    let id = table.update(&plain).unwrap();
    assert_eq!(table.update_sealed(&inner, &outer), Some(id));
    assert_ne!(table.update(&outer), Some(id));
    let flow = table.get(id).unwrap();
    let hops: Vec<_> =
        flow.hooks().map(|hop| (hop.place.guise, hop.forward.packets, hop.forward.bytes)).collect();
    assert_eq!(hops, [(Guise::Plain, 1, plain.event.len.into()), (Guise::Sealed, 1, outer.event.len.into())]);
}
