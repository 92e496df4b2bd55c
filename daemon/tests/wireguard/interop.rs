//! Ours and wireguard-go at the two ends of a tunnel.

mod restart;
mod roam;
mod show;

use std::net::IpAddr;

use wgtrace_testbed::{Line, transfer};

use crate::dual;
use crate::end::{End, is_go_wanted, wait_for};
use crate::settings::Pair;

/// Bytes: enough for bursts and for the round trips between them.
const LARGE: u64 = 5 << 20;

/// Bytes both ways between ours on the left and wireguard-go on the right, inside over both families.
fn exchange(line: &Line, pair: &Pair, [asking, asked]: [Side; 2]) {
    let (ours, go) = (End::ours(&line.left, &pair.left), End::go(&line.right, &pair.right));
    let namespace = |side| match side {
        Side::Ours => &line.left,
        Side::Go => &line.right,
    };
    let addresses = |side| match side {
        Side::Ours => &pair.left.inner,
        Side::Go => &pair.right.inner,
    };
    for inner in 0..2 {
        for (bytes, port) in [(100, 5001), (LARGE, 5002)] {
            for (from, to) in [(asking, asked), (asked, asking)] {
                let at = (addresses(to)[inner], port).into();
                assert_eq!(transfer(namespace(from), namespace(to), at, bytes).unwrap(), bytes);
            }
        }
    }
    wait_for("all that it sent to be here", || ours.transferred().0 == go.transferred().1);
    let (ours, go) = (ours.transferred(), go.transferred());
    // Its releases before 2023 read one datagram at a time, and a burst may overflow their socket.
    assert!((LARGE..=ours.1).contains(&go.0), "{ours:?} and {go:?}");
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Ours,
    Go,
}

/// Outer families, with and without a preshared key.
fn ways() -> impl Iterator<Item = ([IpAddr; 2], bool)> {
    [dual::V4, dual::V6].into_iter().flat_map(|outer| [(outer, false), (outer, true)])
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn wireguard_go_answers_us() {
    if !is_go_wanted() {
        return;
    }
    for ([left, right], psk) in ways() {
        let mut pair = Pair::between(left, right, psk).dual();
        // It does not know where we are: the first word is ours.
        pair.right.forget_endpoint();
        exchange(&dual::line(), &pair, [Side::Ours, Side::Go]);
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn we_answer_wireguard_go() {
    if !is_go_wanted() {
        return;
    }
    for ([left, right], psk) in ways() {
        let mut pair = Pair::between(left, right, psk).dual();
        pair.left.forget_endpoint();
        exchange(&dual::line(), &pair, [Side::Go, Side::Ours]);
    }
}
