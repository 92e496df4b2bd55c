//! A node whose device to the others has no link layer.

use std::net::UdpSocket;
use std::sync::mpsc;
use std::thread;

use wgtrace_testbed::Tun;

use crate::world::{Node, WAIT};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn packets_without_link_layer_are_guarded_though_nobody_listens() {
    let mut node = Node::new("device = \"tun9\"\n");
    let mut tun = Tun::new(&node.namespace, "tun9").unwrap();
    node.namespace.up("tun9").unwrap();
    for network in ["10.77.0.0/16", "192.0.2.0/24"] {
        node.ip(&format!("route add {network} dev tun9 src 172.18.0.3"));
    }
    node.start();
    let socket = node.namespace.run(|| UdpSocket::bind("172.18.0.3:0").unwrap()).unwrap();
    // nobody has this address of the pool; who sends there may be told that it was dropped
    let _ = socket.send_to(b"kept in", "10.77.0.1:9");
    socket.send_to(b"free", "192.0.2.1:9").unwrap();
    let (sender, received) = mpsc::channel();
    thread::spawn(move || sender.send(tun.read()));
    let packet = received.recv_timeout(WAIT).expect("a packet leaves").unwrap();
    assert_eq!((&packet[16..20], &packet[28..]), (&[192, 0, 2, 1][..], &b"free"[..]), "the first is kept in");
}
