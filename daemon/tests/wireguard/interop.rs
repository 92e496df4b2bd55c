use std::net::IpAddr;

use wgtrace_testbed::{Line, Namespace, transfer};

use crate::end::{End, Pair, is_go_wanted};

/// Bytes: enough for bursts and for the round trips between them.
const LARGE: u64 = 5 << 20;
const LEFT6: &str = "fd00:77::1";
const RIGHT6: &str = "fd00:77::2";

/// Bytes both ways between ours on the left and wireguard-go on the right.
fn exchange(line: &Line, pair: &Pair) {
    let (ours, go) = (End::ours(&line.left, &pair.left), End::go(&line.right, &pair.right));
    for bytes in [100, LARGE] {
        assert_eq!(transfer(&line.left, &line.right, pair.right.inner_port(5001), bytes).unwrap(), bytes);
        assert_eq!(transfer(&line.right, &line.left, pair.left.inner_port(5001), bytes).unwrap(), bytes);
    }
    let (ours, go) = (ours.transferred(), go.transferred());
    // What it has sent we have received, but for what is under way.
    assert!(ours.0.abs_diff(go.1) < 4096, "{ours:?} and {go:?}");
    // Its releases before 2023 read one datagram at a time, and a burst may overflow their socket.
    assert!((LARGE..=ours.1).contains(&go.0), "{ours:?} and {go:?}");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn wireguard_go_answers_us() {
    if !is_go_wanted() {
        return;
    }
    for psk in [false, true] {
        let line = Line::new().unwrap();
        let mut pair = Pair::new(psk);
        // It does not know where we are: the first word is ours.
        pair.right.text = without_endpoint(&pair.right.text);
        exchange(&line, &pair);
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn we_answer_wireguard_go() {
    if !is_go_wanted() {
        return;
    }
    for psk in [false, true] {
        let line = Line::new().unwrap();
        let mut pair = Pair::new(psk);
        pair.left.text = without_endpoint(&pair.left.text);
        let (_ours, _go) = (End::ours(&line.left, &pair.left), End::go(&line.right, &pair.right));
        for bytes in [100, LARGE] {
            let sent = transfer(&line.right, &line.left, pair.left.inner_port(5001), bytes).unwrap();
            assert_eq!(sent, bytes);
        }
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn the_tunnel_runs_over_ipv6() {
    if !is_go_wanted() {
        return;
    }
    let line = Line::new().unwrap();
    let [left, right]: [IpAddr; 2] = [LEFT6, RIGHT6].map(|addr| addr.parse().unwrap());
    for (namespace, addr, far, far_addr) in
        [(&line.left, left, &line.right, right), (&line.right, right, &line.left, left)]
    {
        enable_ipv6(namespace);
        namespace.address("eth0", addr, 64).unwrap();
        namespace.neighbour("eth0", far_addr, far.link("eth0").unwrap().mac).unwrap();
    }
    exchange(&line, &Pair::between(left, right, true));
}

fn without_endpoint(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("Endpoint")).flat_map(|line| [line, "\n"]).collect()
}

fn enable_ipv6(namespace: &Namespace) {
    let path = "/proc/sys/net/ipv6/conf/eth0/disable_ipv6";
    namespace.run(|| std::fs::write(path, "0")).unwrap().unwrap();
    let path = "/proc/sys/net/ipv6/conf/eth0/accept_dad";
    namespace.run(|| std::fs::write(path, "0")).unwrap().unwrap();
}
