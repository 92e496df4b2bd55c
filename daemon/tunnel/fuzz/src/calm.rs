//! After the storm: the wire is good, both ends know each other, and traffic gets across again.

use wgtrace_decrypt::key::PresharedKey;
use wgtrace_tunnel::{PeerId, PeerSettings};

use super::cast::{hosts, inner, secs};
use super::net::Net;
use super::packets::packet;
use super::script::Script;
use super::settings;

/// Sets right what people set right, and waits for packets to arrive.
pub fn come(mut net: Net, script: &mut Script<'_>) {
    net.wire.clear();
    net.budget = u32::MAX;
    for n in 0..net.nodes.len() {
        // Clocks that were set back, by a device that forgot its peer, are no time of the protocol's.
        net.nodes[n].ahead = net.furthest;
        if (0..n).any(|m| net.key(m) == net.key(n)) {
            settings::become_another(&mut net, n, n + 30);
        }
    }
    let pairs: Vec<_> = (0..net.nodes.len()).flat_map(|n| (0..n).map(move |m| (m, n))).collect();
    for &(one, other) in &pairs {
        acquaint(&mut net, script, one, other);
    }
    let ways: Vec<_> = pairs.iter().flat_map(|&(one, other)| [(one, other), (other, one)]).collect();
    for seconds in 0.. {
        let places: Vec<_> = ways.iter().map(|&(from, to)| enter(&mut net, from, to)).collect();
        net.pass(secs(1), true);
        let arrived = |place: &Option<usize>| place.is_some_and(|place| net.book.has_arrived(place));
        if places.iter().all(arrived) {
            break;
        }
        assert!(seconds < PATIENCE, "after {seconds} s not all goes {ways:?}: {places:?}");
    }
    sleep(&mut net);
}

/// Both have each other for a peer, with the same secret, and one can find the other.
fn acquaint(net: &mut Net, script: &mut Script<'_>, one: usize, other: usize) {
    let psk = PresharedKey::from_bytes([script.byte() & 1; 32]);
    let mut found = false;
    let peers = [(one, other), (other, one)].map(|(n, m)| {
        let key = net.key(m);
        let peer = net.nodes[n].device.peer_id(&key);
        let peer = peer.unwrap_or_else(|| settings::add(net, n, PeerSettings::new(key)).expect("a new peer"));
        net.nodes[n].device.set_preshared_key(peer, psk.clone()).expect("a peer");
        settings::replace(net, n, peer, &hosts(m)).expect("a peer");
        let status = net.nodes[n].device.status(net.now, peer).expect("a peer");
        found |= status.endpoint == Some(net.nodes[m].addr);
        peer
    });
    let [peer, _] = peers;
    if !found || script.flag() {
        let addr = net.nodes[other].addr;
        net.nodes[one].device.set_endpoint(peer, addr).expect("a peer");
    }
}

fn enter(net: &mut Net, from: usize, to: usize) -> Option<usize> {
    net.numbers += 1;
    net.enter(from, &packet(inner(from, false), inner(to, false), net.numbers, 64)).ok()
}

/// Without traffic every key is gone in the end.
fn sleep(net: &mut Net) {
    for n in 0..net.nodes.len() {
        let peers: Vec<PeerId> = net.nodes[n].device.peers().collect();
        for peer in peers {
            let now = net.clock(n);
            net.nodes[n].device.set_persistent_keepalive(now, peer, None).expect("a peer");
        }
    }
    net.pass(secs(900), true);
    for n in 0..net.nodes.len() {
        let (indices, _) = net.nodes[n].device.footprint();
        assert_eq!(indices, 0, "keys that stay");
    }
}

/// The longest life of a session that only one end has, and some attempts at another.
const PATIENCE: u32 = 240;
