//! A TUN that was kept, and what comes back to the socket.

use std::fs::File;
use std::net::{Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd as _, OwnedFd};

use wgtrace_testbed::Namespace;
use wgtraced::wireguard::DeviceName;
use wgtraced::wireguard::user::tun::{Tun, TunError};
use wgtraced::wireguard::user::udp::{SuperFrame, Udp};

use crate::end::wait_for;

fn name() -> DeviceName {
    "cilium_wg0".parse().unwrap()
}

fn open(namespace: &Namespace) -> Tun {
    namespace.run(|| Tun::open(&name(), true)).unwrap().unwrap()
}

fn copy(tun: &Tun) -> OwnedFd {
    tun.as_fd().try_clone_to_owned().unwrap()
}

fn adopt(namespace: &Namespace, descriptor: OwnedFd) -> Result<Tun, TunError> {
    namespace.run(|| Tun::adopt(descriptor, &name(), true)).unwrap()
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_is_sent_while_nobody_reads_waits_for_who_takes_the_tun_over() {
    let namespace = Namespace::new().unwrap();
    let tun = open(&namespace);
    let (kept, had_offload) = (copy(&tun), tun.has_udp_offload());
    namespace.address("cilium_wg0", [10, 99, 0, 1].into(), 24).unwrap();
    namespace.up("cilium_wg0").unwrap();
    drop(tun);
    let sender = namespace.run(|| UdpSocket::bind("10.99.0.1:0")).unwrap().unwrap();
    for _ in 0..3 {
        sender.send_to(b"waits", "10.99.0.2:7").unwrap();
    }
    let tun = adopt(&namespace, kept).unwrap();
    assert!(tun.is_adopted() && tun.has_udp_offload() == had_offload);
    let mut buffer = vec![0; Tun::MOST_BYTES];
    let mut came = 0;
    // the kernel's own, of IPv6, are there as well
    while let Some((_, packet)) = tun.read(&mut buffer).unwrap() {
        came += u32::from(packet.ends_with(b"waits"));
    }
    assert_eq!(came, 3);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn descriptors_of_something_else_are_refused() {
    let (namespace, other) = (Namespace::new().unwrap(), Namespace::new().unwrap());
    let refused = |descriptor: OwnedFd, why: &str| {
        let error = adopt(&namespace, descriptor).unwrap_err().to_string();
        assert_eq!(error, format!("the descriptor that was kept for device cilium_wg0 is not of {why}"));
    };
    refused(File::open("/dev/null").unwrap().into(), "a TUN");
    refused(UdpSocket::bind("127.0.0.1:0").unwrap().into(), "a TUN");
    refused(File::open("/dev/net/tun").unwrap().into(), "a device any more");
    refused(copy(&open(&other)), "a device of this network namespace");
    let second = namespace.run(|| Tun::open(&"wg9".parse().unwrap(), false)).unwrap().unwrap();
    refused(copy(&second), "a device of that name");
    let ours = open(&namespace);
    let kept = copy(&ours);
    namespace.delete("cilium_wg0").unwrap();
    refused(kept, "a device any more");
    // and nothing of it stands in the way
    drop(ours);
    assert!(!open(&namespace).is_adopted());
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn messages_that_come_back_are_known_by_their_destination_and_cost_no_other() {
    let namespace = Namespace::new().unwrap();
    namespace.allow_ipv6("lo").unwrap();
    namespace.up("lo").unwrap();
    let bind = |at: SocketAddr| namespace.run(|| UdpSocket::bind(at)).unwrap().unwrap();
    for ip in ["127.0.0.1".parse().unwrap(), Ipv6Addr::LOCALHOST.into()] {
        let (there, gone) = (bind(SocketAddr::new(ip, 0)), bind(SocketAddr::new(ip, 0)));
        let (there_at, gone_at) = (there.local_addr().unwrap(), gone.local_addr().unwrap());
        drop(gone);
        let udp = namespace.run(|| Udp::bind(0, 0)).unwrap().unwrap();
        let send = |destination, messages: &[u8]| {
            udp.send(SuperFrame { destination, messages, size: 4, ecn: None }).unwrap();
        };
        for _ in 0..20 {
            send(gone_at, b"gone");
            send(there_at, b"here");
        }
        send(there_at, b"manymanymany");
        wait_for("what came back", || udp.returned() == [gone_at]);
        assert_eq!(udp.returned(), []);
        there.set_nonblocking(true).unwrap();
        let came = std::iter::from_fn(|| there.recv(&mut [0; 64]).ok()).count();
        assert_eq!(came, 23);
    }
}
