//! Packets for one subscriber.

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use wgtrace_abi::{Gate, Hook};
use wgtrace_api::filter::Filter;
use wgtrace_api::v1;

use super::Hooks;

/// What a subscriber wants of packets.
#[derive(Debug, Clone)]
pub struct PacketWants {
    /// Which of them.
    pub filter: Filter,
    /// Where they are seen.
    pub hooks: Hooks,
    /// Bytes of each, at most.
    pub snaplen: u16,
    /// Whether these bytes may be more than headers.
    pub payload: bool,
    /// Whether ciphertext comes with the packet inside, where all of it was captured.
    pub decrypted: bool,
}

impl PacketWants {
    /// Bytes of a packet that are captured anyhow.
    pub const HEADERS: u16 = Gate::DEFAULT_SNAPLEN;
}

/// What waits for one subscriber: whole replies, and one that is being filled.
pub(super) struct PacketQueue {
    pub(super) wants: PacketWants,
    replies: mpsc::Sender<v1::PacketsReply>,
    batch: Vec<v1::Packet>,
    /// Of the batch, roughly.
    bytes: usize,
    seen: u64,
    missed: u64,
    /// Of `missed`, as far as the reader knows.
    told: u64,
}

impl PacketQueue {
    pub(super) fn new(wants: PacketWants) -> (Self, mpsc::Receiver<v1::PacketsReply>) {
        let (replies, receiver) = mpsc::channel(MOST_REPLIES);
        let queue = Self { wants, replies, batch: Vec::new(), bytes: 0, seen: 0, missed: 0, told: 0 };
        (queue, receiver)
    }

    /// Whether a packet at this hook is to be looked at; from then on it counts.
    pub(super) fn looks_at(&mut self, hook: Hook) -> bool {
        let wanted = self.wants.hooks.has(hook);
        self.seen = self.seen.saturating_add(u64::from(wanted));
        wanted
    }

    /// Takes a packet that is wanted, if there is room for it.
    pub(super) fn offer(&mut self, make: impl FnOnce(&PacketWants) -> v1::Packet) {
        if self.is_full() {
            // whoever is gone is found out by the next flush
            let _ = self.flush();
        }
        if self.is_full() {
            self.missed = self.missed.saturating_add(1);
            return;
        }
        let packet = make(&self.wants);
        self.bytes = self.bytes.saturating_add(size_of::<v1::Packet>()).saturating_add(heap(&packet));
        self.batch.push(packet);
    }

    /// Sends what there is, if the reader has room for it; whether there still is a reader.
    pub(super) fn flush(&mut self) -> bool {
        if self.replies.is_closed() {
            return false;
        }
        if self.batch.is_empty() && self.missed == self.told {
            return true;
        }
        let permit = match self.replies.try_reserve() {
            Ok(permit) => permit,
            Err(TrySendError::Full(())) => return true,
            Err(TrySendError::Closed(())) => return false,
        };
        self.bytes = 0;
        self.told = self.missed;
        let packets = std::mem::take(&mut self.batch);
        permit.send(v1::PacketsReply { packets, missed: self.missed, seen: self.seen });
        true
    }

    fn is_full(&self) -> bool {
        self.batch.len() >= MOST_PACKETS || self.bytes >= MOST_BYTES
    }
}

/// Bytes of what varies in length.
fn heap(packet: &v1::Packet) -> usize {
    [packet.bytes.len(), packet.inner.len(), packet.summary.len(), TEXTS].into_iter().sum()
}

/// Whole replies that wait.
const MOST_REPLIES: usize = 16;
/// Packets of a reply.
const MOST_PACKETS: usize = 256;
/// Bytes of a reply, roughly.
const MOST_BYTES: usize = 256 << 10;
/// Names and addresses of a packet, roughly.
const TEXTS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn queue() -> (PacketQueue, mpsc::Receiver<v1::PacketsReply>) {
        PacketQueue::new(PacketWants {
            filter: Filter::default(),
            hooks: Hooks::ALL,
            snaplen: 128,
            payload: false,
            decrypted: false,
        })
    }

    fn packet(len: usize) -> v1::Packet {
        v1::Packet { bytes: vec![0; len], ..Default::default() }
    }

    #[test]
    fn what_does_not_fit_is_counted_and_told_when_there_is_room_again() {
        let (mut queue, mut replies) = queue();
        let room = (MOST_REPLIES + 1) * MOST_PACKETS;
        for _ in 0..room + 7 {
            assert!(queue.looks_at(Hook::TapOut));
            queue.offer(|_| packet(0));
        }
        assert!(queue.flush());
        let mut told = 0;
        while let Ok(reply) = replies.try_recv() {
            told += reply.packets.len();
            assert_eq!(reply.missed, 0);
        }
        assert_eq!(told, MOST_REPLIES * MOST_PACKETS);
        assert!(queue.flush());
        let last = replies.try_recv().unwrap();
        assert_eq!((last.packets.len(), last.missed, last.seen), (MOST_PACKETS, 7, (room + 7) as u64));
        assert!(queue.flush() && replies.try_recv().is_err(), "nothing is said twice");
    }

    #[test]
    fn a_queue_is_bounded_by_bytes_too() {
        let (mut queue, mut replies) = queue();
        for _ in 0..10_000 {
            queue.offer(|_| packet(65_000));
        }
        let mut held = queue.batch.len();
        while let Ok(reply) = replies.try_recv() {
            held += reply.packets.len();
        }
        assert!(held * 65_000 <= (MOST_REPLIES + 1) * (MOST_BYTES + 65_000), "{held}");
    }

    #[test]
    fn a_reader_that_is_gone_is_noticed() {
        let (mut queue, replies) = queue();
        drop(replies);
        assert!(!queue.flush());
    }
}
