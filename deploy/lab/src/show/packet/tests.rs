use std::net::Ipv4Addr;

use super::*;

const POD: [u8; 4] = [10, 0, 1, 203];
const FAR: [u8; 4] = [10, 0, 2, 194];
/// 2024-07-06 09:11:17.849857 UTC
const TIME: Duration = Duration::from_micros(1_720_257_077_849_857);

fn ip(src: [u8; 4], dst: [u8; 4], protocol: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let mut packet = vec![0x45, 0, len[0], len[1], 0, 1, 0x40, 0, 64, protocol, 0, 0];
    packet.extend([src, dst].concat());
    packet.extend(payload);
    packet
}

fn tcp(ports: [u16; 2], numbers: [u32; 2], flags: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut segment: Vec<u8> = ports.iter().flat_map(|port| port.to_be_bytes()).collect();
    segment.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    segment.extend([u8::try_from(5 + options.len() / 4).unwrap() << 4, flags, 0xfd, 0x5c, 0, 0, 0, 0]);
    segment.extend(options);
    segment.extend(payload);
    segment
}

fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    let pod = [0x42, 0xbf, 0xe8, 0xdf, 0x0c, 0x99];
    let gateway = [0xee, 0xcf, 0xc0, 0x71, 0xb2, 0x58];
    [&gateway[..], &pod, &kind.to_be_bytes(), payload].concat()
}

/// A line without its time.
fn shown(packets: &mut Packets, medium: Medium, packet: &[u8]) -> String {
    packets.line(TIME, medium, packet).split_once(' ').unwrap().1.to_owned()
}

#[test]
fn a_ping_is_the_walkthroughs_on_either_medium() {
    let echo = [vec![8, 0, 0, 0, 0, 84, 0, 0], vec![0x50; 56]].concat();
    let packet = ip(POD, FAR, 1, &echo);
    let mut packets = Packets::default();
    assert_eq!(
        packets.line(TIME, Medium::Ethernet, &ethernet(0x0800, &packet)),
        "09:11:17.849857 42:bf:e8:df:0c:99 > ee:cf:c0:71:b2:58, ethertype IPv4 (0x0800), length 98: \
         10.0.1.203 > 10.0.2.194: ICMP echo request, id 84, seq 0, length 64"
    );
    assert_eq!(
        packets.line(TIME, Medium::Raw, &packet),
        "09:11:17.849857 ip: 10.0.1.203 > 10.0.2.194: ICMP echo request, id 84, seq 0, length 64"
    );
}

#[test]
fn a_gateway_is_asked_for_as_in_the_walkthrough() {
    let arp = |operation: u8| {
        let mut arp = vec![0, 1, 8, 0, 6, 4, 0, operation];
        arp.extend([0x42, 0xbf, 0xe8, 0xdf, 0x0c, 0x99]);
        arp.extend(POD);
        arp.extend([0; 6]);
        arp.extend(Ipv4Addr::new(10, 0, 1, 26).octets());
        ethernet(0x0806, &arp)
    };
    let mut packets = Packets::default();
    let head = "42:bf:e8:df:0c:99 > ee:cf:c0:71:b2:58, ethertype ARP (0x0806), length 42: ";
    assert_eq!(
        shown(&mut packets, Medium::Ethernet, &arp(1)),
        format!("{head}Request who-has 10.0.1.26 tell 10.0.1.203, length 28")
    );
    assert_eq!(
        shown(&mut packets, Medium::Ethernet, &arp(2)),
        format!("{head}Reply 10.0.1.203 is-at 42:bf:e8:df:0c:99, length 28")
    );
}

/// Numbers count from the beginning of the connection on; what is on port 80 is HTTP.
#[test]
fn a_connection_is_told_from_its_beginning() {
    let syn = [2, 4, 5, 100, 4, 2, 8, 10, 0, 0, 0, 100, 0, 0, 0, 0, 1, 3, 3, 7];
    let ts = [1, 1, 8, 10, 0, 0, 0, 100, 0, 0, 0, 0];
    let (there, back) = ([40000, 80], [80, 40000]);
    let mut packets = Packets::default();
    let mut say = |there_or_back: [u16; 2], numbers, flags, options: &[u8], payload: &[u8]| {
        let (src, dst) = if there_or_back == there { (POD, FAR) } else { (FAR, POD) };
        let packet = ip(src, dst, 6, &tcp(there_or_back, numbers, flags, options, payload));
        let line = shown(&mut packets, Medium::Raw, &packet);
        line.split_once(": Flags ").unwrap().1.to_owned()
    };
    let words = "options [mss 1380,sackOK,TS val 100 ecr 0,nop,wscale 7], length 0";
    assert_eq!(say(there, [1000, 0], 2, &syn, b""), format!("[S], seq 1000, win 64860, {words}"));
    assert_eq!(
        say(back, [5000, 1001], 0x12, &syn, b""),
        format!("[S.], seq 5000, ack 1001, win 64860, {words}")
    );
    let words = "win 64860, options [nop,nop,TS val 100 ecr 0], length";
    assert_eq!(say(there, [1001, 5001], 0x10, &ts, b""), format!("[.], ack 1, {words} 0"));
    assert_eq!(
        say(there, [1001, 5001], 0x18, &ts, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("[P.], seq 1:28, ack 1, {words} 27: HTTP: GET / HTTP/1.1")
    );
    assert_eq!(
        say(back, [5001, 1028], 0x18, &ts, b"PodName: x\n"),
        format!("[P.], seq 1:12, ack 28, {words} 11: HTTP")
    );
    assert_eq!(say(back, [5012, 1028], 0x11, &ts, b""), format!("[F.], seq 12, ack 28, {words} 0"));
}

#[test]
fn what_is_cut_or_unknown_is_said_to_be() {
    let mut packets = Packets::default();
    assert_eq!(shown(&mut packets, Medium::Raw, &[0x45]), "ip: [|ip]");
    assert_eq!(shown(&mut packets, Medium::Ethernet, &[0; 13]), "[|ether]");
    let cut = ip(POD, FAR, 6, &[0; 4]);
    assert_eq!(shown(&mut packets, Medium::Raw, &cut), "ip: 10.0.1.203 > 10.0.2.194: [|tcp]");
}
