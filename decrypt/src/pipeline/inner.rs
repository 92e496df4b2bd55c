//! The inner packet in a plaintext: where it ends and its padding begins.

use wgtrace_wire::ipv4::Ipv4;
use wgtrace_wire::ipv6::Ipv6;

/// What a transport message's plaintext holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inner {
    /// Nothing: the message keeps the session alive.
    Keepalive,
    /// An IP packet of this many bytes; the rest is padding (whitepaper 5.4.6).
    Packet(usize),
    /// Something else, or a packet longer than the plaintext.
    Malformed,
}

impl Inner {
    pub(super) fn of(plaintext: &[u8]) -> Self {
        let length = match plaintext.first().map(|byte| byte >> 4) {
            None => return Self::Keepalive,
            Some(4) => Ipv4::parse(plaintext).ok().and_then(|packet| packet.claimed_len()),
            Some(6) => Ipv6::parse(plaintext).ok().and_then(|packet| packet.claimed_len()),
            Some(_) => None,
        };
        match length {
            Some(length) if length <= plaintext.len() => Self::Packet(length),
            _ => Self::Malformed,
        }
    }
}
