//! Tunnels that tcpdump watches, inside and outside.

use std::net::{IpAddr, UdpSocket};
use std::path::PathBuf;
use std::process::Command;

use wgtrace_testbed::{Line, Namespace, Sink};

use crate::capture::{Capture, Captured};
use crate::dual;
use crate::end::End;
use crate::settings::Pair;
use crate::trickle::{Asker, Trickle};

/// A tunnel between ours on the left, which exports its keys, and another end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) right: Right,
    /// The end that knows where the other is.
    pub(crate) initiator: Asker,
    /// What `--key-level` says.
    pub(crate) keys: &'static str,
    /// Whether the handshake is seen.
    pub(crate) from: Begin,
    /// Whether messages leave one by one.
    pub(crate) cut: bool,
}

/// What is at the right end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    Ours,
    Go,
}

/// Where the outer capture begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    Handshake,
    MidSession,
}

/// The tunnel while it is up.
pub(crate) struct Tunnel<'n> {
    pub(crate) line: &'n Line,
    pub(crate) pair: &'n Pair,
    pub(crate) left: End<'n>,
    pub(crate) right: End<'n>,
    pub(crate) trickle: Trickle,
}

/// What was seen of it.
pub(crate) struct Seen {
    pub(crate) outer: Captured,
    /// What passed the interface at the left.
    pub(crate) inner: Captured,
    /// The addresses in the tunnel.
    pub(crate) addresses: Vec<IpAddr>,
    /// Gone with `_pair`.
    pub(crate) keys: PathBuf,
    _pair: Pair,
}

/// Watches `talk`.
pub(crate) fn watch(plan: Plan, talk: impl FnOnce(&mut Tunnel<'_>)) -> Seen {
    let line = dual::line();
    let mut pair = Pair::new(true).dual();
    match plan.initiator {
        Asker::Left => pair.right.forget_endpoint(),
        Asker::Right => pair.left.forget_endpoint(),
    }
    if plan.cut {
        cut_super_frames(&line.left);
        cut_super_frames(&line.right);
    }
    let keys = pair.left.path("keys.log");
    let outer_now = || Capture::start(&line.left, "eth0", "udp");
    let outer = (plan.from == Begin::Handshake).then(outer_now);
    // Who is asked is there first.
    let right_now = || match plan.right {
        Right::Ours => End::ours(&line.right, &pair.right),
        Right::Go => End::go(&line.right, &pair.right),
    };
    let waiting = (plan.initiator == Asker::Left).then(right_now);
    let log = ["--key-log", keys.to_str().unwrap(), "--key-level", plan.keys];
    let left = End::ours_with(&line.left, &pair.left, &log);
    let right = waiting.unwrap_or_else(right_now);
    let mut trickle = Trickle::new(&line, &pair);
    if plan.from == Begin::MidSession {
        trickle.ask(plan.initiator);
    }
    let outer = outer.unwrap_or_else(outer_now);
    let inner = Capture::start(&line.left, left.name(), "net 10.9.0.0/24 or net fd09::/64");
    // Before it, the other end has nowhere to send to.
    trickle.ask(plan.initiator);
    let mut tunnel = Tunnel { line: &line, pair: &pair, left, right, trickle };
    talk(&mut tunnel);
    tunnel.trickle.ask(Asker::Left);
    let inner = inner.stop_behind(&tunnel.trickle.last_answer());
    let outer = outer.stop_behind(&beside(&line));
    drop(tunnel);
    let addresses = pair.left.inner.iter().chain(&pair.right.inner).copied().collect();
    Seen { outer, inner, addresses, keys, _pair: pair }
}

/// Has super-frames cut before they reach a capture.
fn cut_super_frames(namespace: &Namespace) {
    let args = ["link", "set", "eth0", "gso_max_segs", "1"];
    let status = namespace.run(|| Command::new("ip").args(args).status()).unwrap();
    assert!(status.expect("ip is not installed (Debian: iproute2)").success());
}

/// Sends these bytes to the right beside the tunnel.
fn beside(line: &Line) -> [u8; 64] {
    let bytes = [0x5a; 64];
    let _sink = line.right.run(|| Sink::bind(Line::right_port(9))).unwrap().unwrap();
    let socket = line.left.run(|| UdpSocket::bind(Line::left_port(0))).unwrap().unwrap();
    socket.send_to(&bytes, Line::right_port(9)).unwrap();
    bytes
}
