use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use wgtrace_testbed::{Line, transfer};

use crate::end::{End, wait_for};
use crate::settings::Pair;

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn after_a_kill_the_interface_is_there_and_traffic_resumes_within_a_second() {
    let line = Line::new().unwrap();
    let pair = Pair::new(true);
    let _left = End::ours(&line.left, &pair.left);
    let mut right = End::ours_with(&line.right, &pair.right, &["--persist"]);
    // At once, and when the other end has long forgotten the last handshake.
    for pause in [Duration::ZERO, Duration::from_millis(100)] {
        assert_eq!(transfer(&line.left, &line.right, pair.right.inner_port(5001), 100).unwrap(), 100);
        std::thread::park_timeout(pause);
        let link = line.right.link(right.name()).unwrap();
        right.kill();
        assert_eq!(line.right.link(right.name()).unwrap().index, link.index);
        let started = Instant::now();
        right = End::ours_with(&line.right, &pair.right, &["--persist"]);
        hear(&line, pair.right.inner_port(5002));
        let resumed = started.elapsed();
        assert!(resumed < Duration::from_secs(1), "{resumed:?} after the start");
        assert_eq!(line.right.link(right.name()).unwrap().index, link.index);
    }
}

/// Has the left end send a datagram every few milliseconds until the right end hears one at `port`.
fn hear(line: &Line, port: SocketAddr) {
    let receiver = line.right.run(|| UdpSocket::bind(port)).unwrap().unwrap();
    receiver.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    let sender = line.left.run(|| UdpSocket::bind("0.0.0.0:0")).unwrap().unwrap();
    wait_for("a datagram", || {
        sender.send_to(b"here?", port).unwrap();
        receiver.recv(&mut [0; 8]).is_ok()
    });
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn at_its_end_the_interface_goes_unless_it_is_to_persist() {
    let line = Line::new().unwrap();
    let pair = Pair::new(false);
    let mut left = End::ours(&line.left, &pair.left);
    left.kill();
    assert!(line.left.link(left.name()).is_err());
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_peer_that_moves_is_followed() {
    let line = Line::new().unwrap();
    let pair = Pair::new(true);
    let (left, _right) = (End::ours(&line.left, &pair.left), End::ours(&line.right, &pair.right));
    let send = || transfer(&line.right, &line.left, pair.left.inner_port(5001), 100).unwrap();
    send();
    assert_eq!(left.shown("endpoints").last().unwrap(), "10.77.0.2:51002");
    let moved = "10.77.0.3".parse().unwrap();
    line.right.address("eth0", moved, 32).unwrap();
    line.left.neighbour("eth0", moved, line.right.link("eth0").unwrap().mac).unwrap();
    // From now on the right end's own address towards the left is the new one.
    let route = ["route", "replace", "10.77.0.1/32", "dev", "eth0", "src", "10.77.0.3"];
    let replaced = line.right.run(|| std::process::Command::new("ip").args(route).status()).unwrap().unwrap();
    assert!(replaced.success());
    send();
    wait_for("the new endpoint", || left.shown("endpoints").last().unwrap() == "10.77.0.3:51002");
    assert_eq!(transfer(&line.left, &line.right, pair.right.inner_port(5001), 1000).unwrap(), 1000);
}
