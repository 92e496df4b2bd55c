//! Packets of all kinds, whole and broken. Checksums are left out: nobody here looks at them.

use wgtrace_testbed::frame;

/// An Ethernet frame to somebody else.
pub(crate) fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    frame::ethernet([2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1], ethertype, payload)
}

/// A frame with an IPv4 packet.
pub(crate) fn over_ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ethernet(0x0800, &ipv4(protocol, &[], 0, payload))
}

/// A frame with an IPv6 packet.
pub(crate) fn over_ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    ethernet(0x86dd, &ipv6(next, payload))
}

/// An IPv4 packet from 10.1.0.1 to 10.1.0.2; `fragment` is flags and offset as in the header.
pub(crate) fn ipv4(protocol: u8, options: &[u8], fragment: u16, payload: &[u8]) -> Vec<u8> {
    let words = u8::try_from(5 + options.len() / 4).unwrap();
    let len = u16::try_from(20 + options.len() + payload.len()).unwrap().to_be_bytes();
    let [high, low] = fragment.to_be_bytes();
    let start = [0x40 | words, 0, len[0], len[1], 0, 7, high, low, 64, protocol, 0, 0];
    [&start[..], &[10, 1, 0, 1, 10, 1, 0, 2], options, payload].concat()
}

/// An IPv6 packet from `fd00::1` to `fd00::2`.
pub(crate) fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let address = |last| [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
    let start = [0x60, 0, 0, 0, len[0], len[1], next, 64];
    [&start[..], &address(1), &address(2), payload].concat()
}

/// A UDP datagram from port 1000 to port 2000.
pub(crate) fn udp(payload: &[u8]) -> Vec<u8> {
    datagram(2000, 8 + payload.len(), payload)
}

/// The same to another port, of any length by its header.
pub(crate) fn datagram(to_port: u16, claimed: usize, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(claimed).unwrap().to_be_bytes();
    [&[0x03, 0xe8][..], &to_port.to_be_bytes(), &len, &[0, 0], payload].concat()
}

/// A TCP segment from port 1000 to port 2000; `words` is its data offset.
pub(crate) fn tcp(words: u8, flags: u8) -> Vec<u8> {
    let start = [0x03, 0xe8, 0x07, 0xd0, 0, 0, 0, 1, 0, 0, 0, 2, words << 4, flags];
    [&start[..], &[1, 0, 0, 0, 0, 0]].concat()
}

/// An IPv6 extension header of 8 bytes, padding or an empty routing header.
pub(crate) fn extension(next: u8) -> [u8; 8] {
    [next, 0, 1, 4, 0, 0, 0, 0]
}

/// An IPv6 fragment header.
pub(crate) fn fragment(next: u8, offset_and_more: u16) -> [u8; 8] {
    let [high, low] = offset_and_more.to_be_bytes();
    [next, 0, high, low, 0, 0, 0, 7]
}
