//! Packets that nobody would send by himself, and what would keep them in.

use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

use wgtrace_lab::Node;
use wgtrace_testbed::frame::ethernet;
use wgtrace_testbed::{FrameSender, Namespace};
use wgtrace_wire::checksum;

/// A datagram between two pods as it would be without encryption, to everybody on the wire.
pub(crate) fn cleartext(from: &str, to: &str) -> Vec<u8> {
    ethernet([0xff; 6], [2, 0, 0, 0, 0, 1], IPV4, &datagram(from, to))
}

/// RFC 791, RFC 768: to port 7999, no payload, no UDP checksum.
pub(crate) fn datagram(from: &str, to: &str) -> Vec<u8> {
    let address = |text: &str| text.parse::<Ipv4Addr>().unwrap().octets();
    let mut packet = vec![0x45, 0, 0, 28, 0x12, 0x34, 0x40, 0, 64, 17, 0, 0];
    packet.extend(address(from));
    packet.extend(address(to));
    let sum = checksum::internet(&[&packet]);
    packet.splice(10..12, sum.to_be_bytes());
    for field in [7998_u16, 7999, 8, 0] {
        packet.extend(field.to_be_bytes());
    }
    packet
}

/// Sends a frame by a device of a namespace; whether nobody there refused it.
pub(crate) fn plant(namespace: &Namespace, device: &str, frame: &[u8]) -> bool {
    namespace.run(|| FrameSender::open(device).unwrap().send(frame).is_ok()).unwrap()
}

/// Has what keeps cleartext from leaving a node detached, a little later; the daemon puts it back within ten seconds.
pub(crate) fn take_the_guard_away(node: &Node) {
    let index = node.run(|| nix::net::if_::if_nametoindex("eth0").unwrap()).unwrap();
    let mut remove = Command::new("rm");
    remove.arg(format!("/sys/fs/bpf/wgtrace/links/{index}-to-netdev")).stdin(Stdio::null());
    let mut child = node.spawn(&mut remove).unwrap();
    assert!(child.wait().unwrap().success());
}

pub(crate) const IPV4: u16 = 0x0800;
