mod flow;

use std::collections::{BTreeMap, VecDeque};

use wgtrace_decrypt::keypair::message_len;
use wgtrace_wire::wireguard::TransportHeader;

use self::flow::Flow;

/// Packets that wait for a session. When newer ones need the room, the oldest of the flow that has most go: who talks
/// much does not push out another's one retransmission, without which that one stays silent for as long again.
#[derive(Debug, Default)]
pub(crate) struct Staged {
    packets: VecDeque<(Flow, Waiting)>,
    flows: BTreeMap<Flow, Share>,
    bytes: usize,
}

/// What one flow has of the room.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    packets: usize,
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
        let flow = Flow::of(packet);
        self.bytes = self.bytes.saturating_add(packet.len());
        let share = self.flows.entry(flow).or_default();
        share.packets = share.packets.saturating_add(1);
        share.bytes = share.bytes.saturating_add(packet.len());
        self.packets.push_back((flow, Waiting::new(packet, mtu)));
        let mut dropped = 0;
        while self.packets.len() > 1 {
            let most = if self.packets.len() > MOST_PACKETS {
                self.flows.iter().max_by_key(|(_, share)| share.packets)
            } else if self.bytes > MOST_BYTES {
                self.flows.iter().max_by_key(|(_, share)| share.bytes)
            } else {
                break;
            };
            let Some(at) = most.and_then(|(most, _)| self.oldest_to_go(*most)) else { break };
            self.remove(at);
            dropped += 1;
        }
        dropped
    }

    pub(crate) fn pop(&mut self) -> Option<Waiting> {
        self.remove(0)
    }

    /// Forgets all; returns how many.
    pub(crate) fn clear(&mut self) -> u64 {
        let dropped = self.packets.len() as u64;
        *self = Self::default();
        dropped
    }

    pub(crate) fn len(&self) -> usize {
        self.packets.len()
    }

    /// The place of the oldest packet of a flow; of all, if each has one: and never of the newest.
    fn oldest_to_go(&self, most: Flow) -> Option<usize> {
        let older = self.packets.len().checked_sub(1)?;
        let is_alone = self.flows.get(&most).is_none_or(|share| share.packets <= 1);
        let of_most = self.packets.iter().take(older).position(|(flow, _)| *flow == most);
        of_most.filter(|_| !is_alone).or((older > 0).then_some(0))
    }

    fn remove(&mut self, at: usize) -> Option<Waiting> {
        let (flow, waiting) = self.packets.remove(at)?;
        self.bytes = self.bytes.saturating_sub(waiting.len);
        if let Some(share) = self.flows.get_mut(&flow) {
            share.packets = share.packets.saturating_sub(1);
            share.bytes = share.bytes.saturating_sub(waiting.len);
            if share.packets == 0 {
                self.flows.remove(&flow);
            }
        }
        Some(waiting)
    }
}

// linux: drivers/net/wireguard/messages.h, MAX_STAGED_PACKETS
pub(crate) const MOST_PACKETS: usize = 128;
pub(crate) const MOST_BYTES: usize = 256 << 10;

#[cfg(test)]
mod tests;
