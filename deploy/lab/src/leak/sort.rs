//! What a frame that left a node is. Pure: bytes in, a verdict out.

use std::fmt::{self, Write as _};
use std::net::Ipv4Addr;

use memchr::memmem::find;
use wgtrace_wire::{EtherType, Ethernet, Ipv4, Protocol, Udp, icmp::Icmpv4, vlan, wireguard};

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// The outer packet of WireGuard, between nodes.
    WireGuard,
    /// Anything else that nothing forbids: ARP, nodes among themselves.
    Other,
    /// What must not leave a node.
    Leak(Cause),
}

/// Why a frame is a leak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// It is from or to an address of the pool.
    Address,
    /// An ICMP error quotes a packet from or to an address of the pool.
    Quoted,
    /// A payload that is looked for is in it.
    Payload,
}

/// Sorts an Ethernet frame; `needles` are what payloads are known by.
pub fn sort(frame: &[u8], needles: &[impl AsRef<[u8]>]) -> Sort {
    if needles.iter().any(|needle| find(frame, needle.as_ref()).is_some()) {
        return Sort::Leak(Cause::Payload);
    }
    let Some(packet) = ipv4(frame) else { return Sort::Other };
    if is_of_pool(&packet) {
        return Sort::Leak(Cause::Address);
    }
    match packet.protocol() {
        Protocol::ICMP if quotes_pool(&packet) => Sort::Leak(Cause::Quoted),
        Protocol::UDP if is_wireguard(&packet) => Sort::WireGuard,
        _ => Sort::Other,
    }
}

/// A line about a frame, and its first bytes.
pub fn describe(frame: &[u8]) -> String {
    let mut text = String::new();
    match ipv4(frame) {
        Some(packet) => {
            let Protocol(protocol) = packet.protocol();
            let _ = write!(text, "{} > {} protocol {protocol}", packet.src(), packet.dst());
            if let ([a, b, c, d, ..], true) = (packet.payload(), packet.fragment().offset == 0) {
                let [from, to] = [[*a, *b], [*c, *d]].map(u16::from_be_bytes);
                let _ = write!(text, " ports {from} > {to}");
            }
        }
        None => text.push_str("no IPv4"),
    }
    let shown: Vec<String> = frame.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
    let _ = write!(text, ", {} bytes: {}", frame.len(), shown.join(""));
    text
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Address => "address of the pool",
            Self::Quoted => "quoted address of the pool",
            Self::Payload => "payload",
        })
    }
}

fn ipv4(frame: &[u8]) -> Option<Ipv4<'_>> {
    let ethernet = Ethernet::parse(frame).ok()?;
    let (kind, payload) = match vlan::Stack::parse(ethernet.ethertype(), ethernet.payload()) {
        Ok(stack) => (stack.ethertype(), stack.payload()),
        Err(_) => (ethernet.ethertype(), ethernet.payload()),
    };
    if kind == EtherType::IPV4 { Ipv4::parse(payload).ok() } else { None }
}

fn is_of_pool(packet: &Ipv4<'_>) -> bool {
    [packet.src(), packet.dst()].iter().any(|address| address.octets()[0] == POOL)
}

/// RFC 792: unreachable, source quench, redirect, time exceeded, parameter problem.
fn quotes_pool(packet: &Ipv4<'_>) -> bool {
    let Ok(message) = Icmpv4::parse(packet.payload()) else { return false };
    let is_error = matches!(message.kind(), 3 | 4 | 5 | 11 | 12);
    // behind type, code, checksum and four bytes of the error's own
    let quoted = packet.payload().get(8..).unwrap_or_default();
    is_error && Ipv4::parse(quoted).is_ok_and(|quoted| is_of_pool(&quoted))
}

fn is_wireguard(packet: &Ipv4<'_>) -> bool {
    let nodes = [packet.src(), packet.dst()].into_iter().all(is_node);
    if packet.fragment().offset > 0 {
        return nodes;
    }
    Udp::parse(packet.payload()).is_ok_and(|datagram| {
        let ports = datagram.src_port() == PORT && datagram.dst_port() == PORT;
        let is_message = matches!(datagram.payload(), [1..=4, ..]);
        nodes && ports && is_message && wireguard::reserved_is_zero(datagram.payload())
    })
}

fn is_node(address: Ipv4Addr) -> bool {
    address.octets()[..2] == [172, 18]
}

/// 10.0.0.0/8
const POOL: u8 = 10;
const PORT: u16 = 51871;
const SHOWN: usize = 96;

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &[u8] = b"0123456789abcdef0123456789abcdef";
    const NODES: [[u8; 4]; 2] = [[172, 18, 0, 3], [172, 18, 0, 4]];
    const PODS: [[u8; 4]; 2] = [[10, 0, 1, 203], [10, 0, 2, 194]];

    fn packet([from, to]: [[u8; 4]; 2], protocol: u8, fragment: u16, payload: &[u8]) -> Vec<u8> {
        let len = u16::try_from(20 + payload.len()).unwrap();
        let mut packet = vec![0x45, 0];
        packet.extend(len.to_be_bytes());
        packet.extend([0, 1]);
        packet.extend(fragment.to_be_bytes());
        packet.extend([64, protocol, 0, 0]);
        packet.extend(from.iter().chain(&to).chain(payload));
        packet
    }

    fn udp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
        let len = u16::try_from(8 + payload.len()).unwrap();
        let fields = [from, to, len, 0].map(u16::to_be_bytes);
        [&fields.concat(), payload].concat()
    }

    fn framed(ethertype: &[u8], packet: &[u8]) -> Vec<u8> {
        [&[2; 12], ethertype, packet].concat()
    }

    fn sorted(packet: &[u8]) -> Sort {
        sort(&framed(&[8, 0], packet), &[CANARY])
    }

    #[test]
    fn wireguard_between_nodes_is_what_is_to_be_there() {
        for kind in 1..=4 {
            let message = udp(PORT, PORT, &[kind, 0, 0, 0, 9, 9, 9, 9]);
            assert_eq!(sorted(&packet(NODES, 17, 0, &message)), Sort::WireGuard);
        }
        for strange in [[5, 0, 0, 0], [4, 1, 0, 0], [0x45, 0, 0, 0]] {
            assert_eq!(sorted(&packet(NODES, 17, 0, &udp(PORT, PORT, &strange))), Sort::Other);
        }
        assert_eq!(sorted(&packet(NODES, 17, 0, &udp(53, PORT, &[4, 0, 0, 0]))), Sort::Other);
    }

    #[test]
    fn either_address_of_the_pool_is_a_leak_whatever_it_looks_like() {
        let message = udp(PORT, PORT, &[4, 0, 0, 0]);
        for pair in [PODS, [PODS[0], NODES[1]], [NODES[0], PODS[1]], [PODS[0], [1, 1, 1, 1]]] {
            for (protocol, payload) in [(17, &message[..]), (6, &[0; 20]), (1, &[8, 0, 0, 0]), (89, &[])] {
                assert_eq!(sorted(&packet(pair, protocol, 0, payload)), Sort::Leak(Cause::Address));
            }
        }
        let tagged = framed(&[0x81, 0, 0, 7, 8, 0], &packet(PODS, 6, 0, &[0; 20]));
        assert_eq!(sort(&tagged, &[CANARY]), Sort::Leak(Cause::Address));
        assert_eq!(sorted(&packet(PODS, 17, 185, &[0; 8])), Sort::Leak(Cause::Address));
    }

    #[test]
    fn a_payload_is_found_in_anything() {
        let inside = [&[4, 0, 0, 0], CANARY].concat();
        for payload in [udp(PORT, PORT, &inside), udp(80, 80, CANARY), CANARY.to_vec()] {
            assert_eq!(sorted(&packet(NODES, 17, 0, &payload)), Sort::Leak(Cause::Payload));
        }
        // of a datagram in fragments, whose payload repeats itself
        let cut = CANARY.repeat(3)[13..].to_vec();
        assert_eq!(sorted(&packet(NODES, 17, 0x2000 | 0x64, &cut)), Sort::Leak(Cause::Payload));
        assert_eq!(sort(&framed(&[0x88, 0xb5], CANARY), &[b"none", CANARY]), Sort::Leak(Cause::Payload));
        assert_eq!(sort(&framed(&[0x88, 0xb5], &CANARY[1..]), &[CANARY]), Sort::Other);
    }

    #[test]
    fn errors_that_quote_pods_are_leaks() {
        let error = |quoted: &[u8]| [&[3, 3, 0, 0, 0, 0, 0, 0], quoted].concat();
        let about_pods = error(&packet([NODES[0], PODS[1]], 6, 0, &[0; 8]));
        assert_eq!(sorted(&packet(NODES, 1, 0, &about_pods)), Sort::Leak(Cause::Quoted));
        let about_nodes = error(&packet(NODES, 17, 0, &udp(PORT, PORT, &[4, 0, 0, 0])));
        assert_eq!(sorted(&packet(NODES, 1, 0, &about_nodes)), Sort::Other);
        // an echo that happens to hold one
        let echo = [&[8, 0, 0, 0, 0, 0, 0, 0], &packet(PODS, 6, 0, &[0; 8])[..]].concat();
        assert_eq!(sorted(&packet(NODES, 1, 0, &echo)), Sort::Other);
    }

    #[test]
    fn what_is_broken_or_no_ip_is_only_searched() {
        for len in 0..40 {
            assert_eq!(sort(&[0; 40][..len], &[CANARY]), Sort::Other);
        }
        let arp = framed(&[8, 6], &[0; 28]);
        assert_eq!(sort(&arp, &[CANARY]), Sort::Other);
    }

    #[test]
    fn a_leak_is_described() {
        let frame = framed(&[8, 0], &packet(PODS, 17, 0, &udp(40000, 53, b"x")));
        let said = describe(&frame);
        assert!(
            said.starts_with("10.0.1.203 > 10.0.2.194 protocol 17 ports 40000 > 53, 43 bytes: 0202"),
            "{said}"
        );
    }
}
