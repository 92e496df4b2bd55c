use std::collections::VecDeque;

use wgtrace_decrypt::keypair::message_len;
use wgtrace_wire::wireguard::TransportHeader;

/// Packets that wait for a session; the oldest go when newer ones need the room.
#[derive(Debug, Default)]
pub(crate) struct Staged {
    packets: VecDeque<Waiting>,
    bytes: usize,
}

/// A packet in a buffer in which it can be sealed: 16 bytes free before it.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) buffer: Vec<u8>,
    pub(crate) len: usize,
}

impl Waiting {
    pub(crate) fn new(packet: &[u8], mtu: usize) -> Self {
        let mut buffer = Vec::with_capacity(message_len(packet.len(), mtu));
        buffer.resize(TransportHeader::LEN, 0);
        buffer.extend_from_slice(packet);
        Self { buffer, len: packet.len() }
    }
}

impl Staged {
    /// Keeps a copy of `packet`; returns how many older ones had to go.
    pub(crate) fn push(&mut self, packet: &[u8], mtu: usize) -> u64 {
        self.bytes = self.bytes.saturating_add(packet.len());
        self.packets.push_back(Waiting::new(packet, mtu));
        let mut dropped = 0;
        while self.packets.len() > MOST_PACKETS || (self.bytes > MOST_BYTES && self.packets.len() > 1) {
            self.pop();
            dropped += 1;
        }
        dropped
    }

    pub(crate) fn pop(&mut self) -> Option<Waiting> {
        let waiting = self.packets.pop_front()?;
        self.bytes = self.bytes.saturating_sub(waiting.len);
        Some(waiting)
    }

    /// Forgets all; returns how many.
    pub(crate) fn clear(&mut self) -> u64 {
        self.bytes = 0;
        let dropped = self.packets.len() as u64;
        self.packets = VecDeque::new();
        dropped
    }

    pub(crate) fn len(&self) -> usize {
        self.packets.len()
    }
}

// linux: drivers/net/wireguard/messages.h, MAX_STAGED_PACKETS
pub(crate) const MOST_PACKETS: usize = 128;
pub(crate) const MOST_BYTES: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_they_are_too_long() {
        let mut staged = Staged::default();
        for n in 0..130_u8 {
            assert_eq!(staged.push(&[n; 20], 1420), u64::from(n >= 128));
        }
        assert_eq!(staged.pop().unwrap().buffer[16..], [2; 20]);
        let long = vec![0; MOST_BYTES - 10];
        assert_eq!(staged.push(&long, 1420), 127);
        assert_eq!(staged.push(&[1; 20], 1420), 1);
        // One packet is kept, whatever its length.
        assert_eq!(staged.push(&vec![0; MOST_BYTES + 1], 1420), 1);
        assert_eq!((staged.len(), staged.clear(), staged.len()), (1, 1, 0));
    }
}
