//! Every scenario, in the order of the README.

mod keys;
mod links;
mod order;
mod sessions;
mod shapes;

use std::net::SocketAddr;

use anyhow::Result;

use super::packet;
use super::scenario::Scenario;

pub(super) fn all() -> Result<Vec<Scenario>> {
    [
        sessions::walkthrough,
        sessions::ipv4,
        sessions::ipv6,
        sessions::psk,
        sessions::rekey,
        sessions::roaming,
        sessions::cookie,
        sessions::retry,
        sessions::keepalive,
        sessions::one_index,
        order::loss,
        order::mid_session,
        order::late_handshake,
        links::vlan,
        links::qinq,
        links::sll2,
        links::link_types,
        links::vxlan,
        links::big_endian,
        shapes::truncated,
        shapes::fragments,
        shapes::fragments_ipv6,
        shapes::gso,
        shapes::reserved,
        shapes::not_wireguard,
        shapes::nested,
        keys::insufficient,
        keys::wrong_transport,
    ]
    .into_iter()
    .map(|scenario| scenario())
    .collect()
}

/// Pods behind node a and node b.
fn pods() -> [SocketAddr; 2] {
    [([10, 0, 1, 203], 40_000).into(), ([10, 0, 2, 194], 8080).into()]
}

/// Echo request `seq` from node a's pod.
fn ping(seq: u16) -> Vec<u8> {
    let [a, b] = pods();
    packet::echo(a.ip(), b.ip(), 62, false, 84, seq, &[0x61; 56])
}

/// Its reply.
fn pong(seq: u16) -> Vec<u8> {
    let [a, b] = pods();
    packet::echo(b.ip(), a.ip(), 62, true, 84, seq, &[0x61; 56])
}
