//! Records as the programs write them, for the tests.

use wgtrace_abi::{ABI_VERSION, Hook, PacketEvent};
use wgtrace_wire::tcp::Flags;
use zerocopy::{FromZeros, IntoBytes};

use crate::{Packet, decode};

/// One end of a flow: last byte of its address, and its port.
pub(crate) type End = (u8, u16);

pub(crate) fn event(hook: Hook, time: u64) -> PacketEvent {
    let mut event = PacketEvent::new_zeroed();
    event.version = ABI_VERSION;
    event.kind = PacketEvent::KIND;
    event.hook = hook.number();
    event.ifindex = u32::from(hook.number() / 2) + 1;
    event.netns = 4_026_531_840;
    event.time = time;
    event.protocol = 0x0800;
    event
}

/// The record of `packet` at `event`, cut to `snaplen`; a packet longer than its bytes says so by `event.len`.
pub(crate) fn record(mut event: PacketEvent, packet: &[u8], snaplen: usize) -> Vec<u8> {
    let captured = packet.len().min(snaplen);
    event.len = event.len.max(u32::try_from(packet.len()).unwrap());
    event.captured = u16::try_from(captured).unwrap();
    let mut record = event.as_bytes().to_vec();
    record.extend_from_slice(&packet[..captured]);
    record.extend_from_slice(&[0xee; 4]);
    record
}

pub(crate) fn with<T>(event: PacketEvent, packet: &[u8], use_it: impl FnOnce(&Packet<'_>) -> T) -> T {
    use_it(&decode(&record(event, packet, 65_000)).unwrap())
}

pub(crate) fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    frame.extend_from_slice(&ethertype.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// An IPv4 packet from 10.0.0.`from` to 10.0.0.`to`, with identification 7.
pub(crate) fn ipv4(protocol: u8, from: u8, to: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let mut packet =
        vec![0x45, 0, high, low, 0, 7, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, from, 10, 0, 0, to];
    let sum = wgtrace_wire::checksum::internet(&[&packet]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}

/// An IPv6 packet between two addresses that differ in their last bytes, `from` and `to`.
pub(crate) fn ipv6(next: u8, from: u8, to: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
    packet.extend_from_slice(&[next, 64]);
    for end in [from, to] {
        packet.extend_from_slice(&[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, end]);
    }
    packet.extend_from_slice(payload);
    packet
}

pub(crate) fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::new();
    for word in [source, destination, u16::try_from(8 + payload.len()).unwrap(), 0xbeef] {
        datagram.extend_from_slice(&word.to_be_bytes());
    }
    datagram.extend_from_slice(payload);
    datagram
}

pub(crate) fn tcp(source: u16, destination: u16, sequence: u32, flags: Flags, payload: &[u8]) -> Vec<u8> {
    let mut segment = Vec::new();
    segment.extend_from_slice(&source.to_be_bytes());
    segment.extend_from_slice(&destination.to_be_bytes());
    segment.extend_from_slice(&sequence.to_be_bytes());
    segment.extend_from_slice(&[0; 4]);
    segment.extend_from_slice(&(0x5000 | flags.0).to_be_bytes());
    segment.extend_from_slice(&[0xff, 0xff, 0, 0, 0, 0]);
    segment.extend_from_slice(payload);
    segment
}

pub(crate) fn tcp4(
    (from, source): End,
    (to, destination): End,
    sequence: u32,
    flags: Flags,
    len: usize,
) -> Vec<u8> {
    ethernet(0x0800, &ipv4(6, from, to, &tcp(source, destination, sequence, flags, &vec![0; len])))
}

pub(crate) fn udp4((from, source): End, (to, destination): End, payload: &[u8]) -> Vec<u8> {
    ethernet(0x0800, &ipv4(17, from, to, &udp(source, destination, payload)))
}

pub(crate) fn echo4(from: u8, to: u8, is_reply: bool, id: u16, sequence: u16) -> Vec<u8> {
    let mut message = vec![if is_reply { 0 } else { 8 }, 0, 0, 0];
    message.extend_from_slice(&id.to_be_bytes());
    message.extend_from_slice(&sequence.to_be_bytes());
    ethernet(0x0800, &ipv4(1, from, to, &message))
}
