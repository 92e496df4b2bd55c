use std::time::Duration;

use super::*;

const NODES: [[u8; 4]; 2] = [[172, 18, 0, 3], [172, 18, 0, 4]];
const PODS: [[u8; 4]; 2] = [[10, 0, 1, 203], [10, 0, 2, 194]];

fn frame(kind: u16, payload: &[u8]) -> Frame {
    let bytes = [&[2; 12][..], &kind.to_be_bytes(), payload].concat();
    Frame { time: Duration::ZERO, is_outgoing: true, bytes }
}

fn ip([src, dst]: [[u8; 4]; 2], protocol: u8, payload: &[u8]) -> Frame {
    let len = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let head = [0x45, 0, len[0], len[1], 0, 0, 0, 0, 64, protocol, 0, 0];
    frame(0x0800, &[&head[..], &src, &dst, payload].concat())
}

fn udp(port: u16, payload: &[u8]) -> Frame {
    let len = u16::try_from(8 + payload.len()).unwrap();
    let head: Vec<u8> = [port, port, len, 0].iter().flat_map(|field| field.to_be_bytes()).collect();
    ip(NODES, 17, &[&head[..], payload].concat())
}

fn data(receiver: u32, counter: u64, sealed: usize) -> Frame {
    let head = [&[4, 0, 0, 0][..], &receiver.to_le_bytes(), &counter.to_le_bytes()].concat();
    udp(PORT, &[head, vec![0xee; sealed]].concat())
}

fn taken_apart(frames: Vec<Frame>) -> Wire {
    Wire::of(&Recording { interface: "eth0".into(), link: 1, frames, lost: 0 })
}

#[test]
fn what_is_encrypted_is_told_by_its_kind() {
    let mut initiation = [0; 148];
    initiation[0] = 1;
    let wire = taken_apart(vec![udp(PORT, &initiation), data(7, 1, 96), data(7, 2, 16)]);
    let node = Ipv4Addr::from(NODES[0]);
    assert_eq!(wire.data, [(node, Data { receiver: 7, counter: 1 })]);
    assert_eq!((wire.handshakes, wire.keepalives, wire.data_from(node)), (1, 1, 1));
    assert_eq!((wire.readable, wire.others), (vec![], vec![]));
}

#[test]
fn pods_addresses_and_words_are_never_to_be_read() {
    let echo = ip(PODS, 1, &[8, 0, 0, 0, 0, 1, 0, 0]);
    let half = ip([NODES[0], PODS[1]], 6, &[0; 20]);
    let said = udp(9, b"GET / HTTP/1.1");
    let asked =
        frame(0x0806, &[&[0, 1, 8, 0, 6, 4, 0, 1][..], &[2; 6], &NODES[0], &[0; 6], &PODS[1]].concat());
    let wire = taken_apart(vec![echo, half, said, asked]);
    assert_eq!(wire.readable.len(), 4);
    assert!(wire.readable[0].ends_with("10.0.1.203 > 10.0.2.194: ICMP echo request, id 1, seq 0, length 8"));
}

#[test]
fn nodes_ask_for_each_other_and_say_other_things() {
    let asked =
        frame(0x0806, &[&[0, 1, 8, 0, 6, 4, 0, 1][..], &[2; 6], &NODES[0], &[0; 6], &NODES[1]].concat());
    let wire = taken_apart(vec![asked, udp(53, b"?")]);
    assert_eq!((wire.resolution, wire.others.len(), wire.readable.len()), (1, 1, 0));
}
