//! The inner packet in a plaintext: where it ends and its padding begins.

use wgtrace_wire::ip::Ip;

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
        if plaintext.is_empty() {
            return Self::Keepalive;
        }
        match Ip::parse(plaintext).ok().and_then(|packet| packet.packet_len()) {
            Some(length) if length <= plaintext.len() => Self::Packet(length),
            _ => Self::Malformed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: [u8; 20] = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 1, 203, 10, 0, 2, 194];

    #[test]
    fn padding_is_told_from_the_packet_by_the_total_length() {
        let mut plaintext = PING.to_vec();
        plaintext.resize(32, 0);
        assert_eq!(Inner::of(&plaintext), Inner::Packet(20));
    }

    #[test]
    fn ipv6_counts_its_header_in() {
        let mut plaintext = vec![0x60, 0, 0, 0, 0, 3, 59, 64];
        plaintext.resize(48, 0);
        assert_eq!(Inner::of(&plaintext), Inner::Packet(43));
    }

    #[test]
    fn what_is_longer_than_the_plaintext_or_no_ip_is_malformed() {
        let mut long = PING;
        long[3] = 21;
        assert_eq!(Inner::of(&long), Inner::Malformed);
        assert_eq!(Inner::of(&[0; 32]), Inner::Malformed);
        assert_eq!(Inner::of(&PING[..12]), Inner::Malformed);
    }

    #[test]
    fn nothing_is_a_keepalive() {
        assert_eq!(Inner::of(&[]), Inner::Keepalive);
    }
}
