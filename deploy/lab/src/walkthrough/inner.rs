//! The packets inside the tunnel, as `cilium_wg0` has them and as they are decrypted.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use wgtrace_wire::{Ipv4, Protocol, checksum};

/// Packets in their order, by sender and receiver.
pub type Flows = BTreeMap<(Ipv4Addr, Ipv4Addr), Vec<Vec<u8>>>;

/// Sorts packets by sender and receiver; those that are no IPv4 are left out.
pub fn flows<'a>(packets: impl IntoIterator<Item = &'a [u8]>) -> Flows {
    let mut flows = Flows::new();
    for packet in packets {
        if let Ok(ip) = Ipv4::parse(packet) {
            flows.entry((ip.src(), ip.dst())).or_default().push(finished(packet));
        }
    }
    flows
}

/// How many there are of all.
pub fn count(flows: &Flows) -> usize {
    flows.values().map(Vec::len).sum()
}

/// Whether the packets of each flow are the last of those of another, and none of others.
pub fn is_tail(tail: &Flows, whole: &Flows) -> bool {
    tail.iter().all(|(ends, packets)| whole.get(ends).is_some_and(|whole| whole.ends_with(packets)))
}

/// A packet with its checksum as it leaves: a sender may leave it to the device, with the sum of the pseudo-header there.
pub fn finished(packet: &[u8]) -> Vec<u8> {
    let mut finished = packet.to_vec();
    let Ok(ip) = Ipv4::parse(packet) else { return finished };
    let at = match ip.protocol() {
        Protocol::TCP => ip.header_len() + 16,
        Protocol::UDP => ip.header_len() + 6,
        _ => return finished,
    };
    let payload = ip.payload();
    let len = u16::try_from(payload.len()).unwrap_or_default().to_be_bytes();
    let pseudo = [&ip.src().octets()[..], &ip.dst().octets(), &[0, ip.protocol().0], &len].concat();
    let begun = (!checksum::internet(&[&pseudo])).to_be_bytes();
    let Some(field) = finished.get_mut(at..at + 2) else { return finished };
    if *field != begun {
        return finished;
    }
    field.copy_from_slice(&[0, 0]);
    let body = finished.get(ip.header_len()..).unwrap_or_default();
    let sum = checksum::internet(&[&pseudo, body]).to_be_bytes();
    if let Some(field) = finished.get_mut(at..at + 2) {
        field.copy_from_slice(&sum);
    }
    finished
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(src: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
        let len = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
        let head = [0x45, 0, len[0], len[1], 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 1, src, 10, 0, 2, 194];
        [&head[..], payload].concat()
    }

    #[test]
    fn flows_keep_their_order_and_a_tail_is_told() {
        let packets = [ip(1, 1, b"a"), ip(2, 1, b"b"), ip(1, 1, b"c")];
        let of = |packets: &[Vec<u8>]| flows(packets.iter().map(Vec::as_slice));
        let whole = of(&packets);
        assert_eq!((count(&whole), whole.len()), (3, 2));
        assert!(is_tail(&of(&packets[1..]), &whole) && is_tail(&of(&packets[2..]), &whole));
        assert!(!is_tail(&of(&packets[..1]), &whole));
        assert!(!is_tail(&of(&[ip(3, 1, b"d")]), &whole));
    }

    /// A UDP datagram whose sum is left to the device, and the same as it leaves.
    #[test]
    fn a_checksum_that_is_begun_is_finished() {
        let datagram = |sum: [u8; 2]| [&[0, 7, 0, 9, 0, 10][..], &sum, b"hi"].concat();
        let begun = ip(1, 17, &datagram([0x17, 0xde]));
        let pseudo = [&[10, 0, 1, 1, 10, 0, 2, 194][..], &[0, 17, 0, 10]].concat();
        assert_eq!((!checksum::internet(&[&pseudo])).to_be_bytes(), [begun[26], begun[27]]);
        let finished = flows([begun.as_slice()]).into_values().next().unwrap().remove(0);
        assert_ne!(finished, begun);
        assert_eq!(checksum::internet(&[&pseudo, &finished[20..]]), 0);
        // what is finished stays as it is
        let again = flows([finished.as_slice()]).into_values().next().unwrap().remove(0);
        assert_eq!(again, finished);
    }
}
