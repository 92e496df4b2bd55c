//! What the fuzz target does with its input: devices and a stranger on a wire, through anything; in the
//! end those who know each other still meet.
//!
//! `run` takes any bytes and panics only when something it states about the code under test does not
//! hold. `daemon/tunnel/tests/corpora.rs` includes this file and runs the committed corpus through it.

mod balance;
mod book;
mod calm;
mod cast;
mod damage;
mod net;
mod node;
mod packets;
mod routes;
mod script;
mod settings;
mod stranger;
mod workers;

use std::time::Duration;

use wgtrace_decrypt::key::PresharedKey;
use wgtrace_tunnel::HandshakeLimits;
use wgtrace_wire::wireguard::SessionIndex;

use cast::{STRANGER, inner, outer, public, secs};
use net::Net;
use packets::{packet, spoil};
use script::Script;
use workers::Workers;

/// Plays `data` as a script: who is there, then one step after the other.
pub fn run(data: &[u8]) {
    let mut script = Script::new(data);
    let options = script.byte();
    let limits = HandshakeLimits {
        before_load: [100, 1, 0, 100][usize::from(options >> 1 & 3)],
        // Enough for the handshakes of all peers at once.
        at_most: [1000, 8][usize::from(options >> 3 & 1)],
    };
    let mut net = Net::new(2 + usize::from(options & 1), limits);
    let psk = PresharedKey::from_bytes([options >> 4 & 1; 32]);
    settings::introduce(&mut net, &psk, options >> 5 & 1 == 1);
    let mut workers = Workers::default();
    while !script.is_over() && net.budget > 0 {
        step(&mut net, &mut workers, &mut script);
    }
    calm::come(net, &mut script);
}

fn step(net: &mut Net, workers: &mut Workers, script: &mut Script<'_>) {
    match script.below(32) {
        0..=2 => send(net, script),
        3 | 4 => deliver(net, script),
        5 => net.settle(),
        6 => come_back(net, script),
        7 => net.pass(Duration::from_millis(4 * u64::from(script.byte())), true),
        8 => net.pass(secs(script.byte().into()), true),
        9 => net.pass(secs(script.byte().into()), false),
        10 => net.pass(secs(5 * u64::from(script.byte())), true),
        // Everybody sleeps, and wakes late.
        11 => net.now += secs(script.byte().into()),
        12 => {
            let n = script.below(net.nodes.len());
            net.wake(n);
        }
        13 | 14 => damage::again(net, script),
        15 => damage::anything(net, script),
        16 => ask(net, script),
        17 => tell(net, script),
        18..=22 => settings::change(net, script),
        23 | 24 => workers.send(net, script),
        25 => workers.send_late(net, script),
        26 | 27 => workers.receive(net, script),
        28 => workers.accept_late(net, script),
        29 => workers.report(net, script),
        30 => workers.jump(net, script),
        _ => travel(net, script),
    }
}

/// A packet from the inside, perhaps none that should be.
fn send(net: &mut Net, script: &mut Script<'_>) {
    let (n, shape) = (script.below(net.nodes.len()), script.byte());
    let mut bytes = any_packet(net, script, n, shape & 1 == 1);
    if shape >> 1 & 3 == 3 {
        spoil(script, &mut bytes);
    }
    for _ in 0..=shape >> 3 & 7 {
        let _ = net.enter(n, &bytes);
        // Many packets fill what waits; alike they may be.
        if shape >> 6 == 3 {
            for _ in 0..20 {
                let _ = net.enter(n, &bytes);
            }
        }
    }
}

/// A good packet to anybody.
fn any_packet(net: &mut Net, script: &mut Script<'_>, from: usize, v6: bool) -> Vec<u8> {
    let places = [0, 1, 2, STRANGER, 30];
    let to = places[script.below(places.len())];
    let len = 4 * usize::from(script.byte());
    net.numbers += 1;
    packet(inner(from, v6), inner(to, v6), net.numbers, len)
}

/// One datagram of those under way: delivered, lost, doubled, late, or to somebody else.
fn deliver(net: &mut Net, script: &mut Script<'_>) {
    let (fate, at) = (script.byte(), script.below(net.wire.len().max(1)));
    let Some(mut datagram) = net.wire.remove(at) else { return };
    match fate % 8 {
        0..=2 => net.deliver(&datagram),
        3 => {}
        4 => {
            net.wire.push_back(datagram.clone());
            net.deliver(&datagram);
        }
        5 => net.wire.push_back(datagram),
        6 => {
            datagram.from = outer(script.below(40));
            net.deliver(&datagram);
        }
        _ => {
            let n = script.below(net.nodes.len());
            let _ = net.arrive(n, datagram.from, &datagram.bytes);
        }
    }
}

/// One datagram of those under way comes back; or somebody says that one has.
fn come_back(net: &mut Net, script: &mut Script<'_>) {
    let (is_true, which, at) = (script.flag(), script.byte(), script.below(net.wire.len().max(1)));
    let returned = if is_true { net.wire.remove(at) } else { None };
    let sender = returned.as_ref().and_then(|it| net.nodes.iter().position(|node| node.addr == it.from));
    let n = sender.unwrap_or(usize::from(which) % net.nodes.len());
    let destination = returned.map_or_else(|| outer(usize::from(which >> 4)), |it| it.to);
    net.come_back(n, destination);
}

/// The stranger asks for a session.
fn ask(net: &mut Net, script: &mut Script<'_>) {
    let n = script.below(net.nodes.len());
    let (addr, key) = (net.nodes[n].addr, net.key(n));
    let far = i64::from(script.byte()) - 64;
    let nanos = net.clock(n).unix_nanos.saturating_add(far.pow(3).saturating_mul(1_000_000_000_000));
    // Twice the same, at times.
    let index = SessionIndex(script.byte().into());
    let asked = net.stranger.ask(&mut net.rng, (addr, &key), nanos, index);
    if let Some(datagram) = asked {
        net.put(datagram);
    }
}

/// The stranger sends data under a session that he has.
fn tell(net: &mut Net, script: &mut Script<'_>) {
    let (which, shape) = (script.below(4), script.byte());
    let mut bytes = any_packet(net, script, [STRANGER, 0, 1, 2][usize::from(shape >> 1 & 3)], shape & 1 == 1);
    if shape >> 3 & 3 == 3 {
        spoil(script, &mut bytes);
    }
    let far = [0, 1 << 32, (1 << 60) - 8, u64::MAX - (1 << 13) - 8][usize::from(shape >> 5 & 3)];
    let counter = far + u64::from(script.byte());
    let Some((to, datagram)) = net.stranger.seal(which, counter, &bytes) else { return };
    if bytes.len() >= 20 {
        let from = public(STRANGER);
        let place = net.book.enters(book::Ends { from, to }, &bytes);
        net.book.sealed(place);
    }
    net.put(datagram);
}

/// Another address, or another time on the wall.
fn travel(net: &mut Net, script: &mut Script<'_>) {
    let n = script.below(net.nodes.len());
    if script.flag() {
        net.nodes[n].addr = outer(n + 10 * script.below(4));
    } else {
        let seconds = i64::from(script.byte()) - 100;
        net.nodes[n].ahead += seconds.pow(3) * 1_000_000_000;
        net.furthest = net.furthest.max(net.nodes[n].ahead);
    }
}
