//! The newest packets, as they came: one is decoded when it is looked at.

use std::collections::VecDeque;

use prost::Message as _;
use prost::bytes::{Bytes, BytesMut};
use wgtrace_api::filter::Filter;
use wgtrace_api::v1::Packet;

/// The newest packets, and which of them the filter wants.
#[derive(Debug, Clone, Default)]
pub(crate) struct Packets {
    kept: VecDeque<Bytes>,
    /// Numbers of those that are wanted; nothing while all are.
    wanted: Option<VecDeque<u64>>,
    heard: u64,
}

impl Packets {
    /// Most that are kept.
    pub(crate) const KEPT: usize = 20_000;

    /// Takes copies, in room of their own: as they came, each keeps all of what the connection was read into.
    pub(crate) fn take(&mut self, packets: &[Bytes], filter: &Filter) {
        if filter.is_empty() {
            self.wanted = None;
        } else if self.wanted.is_none() {
            self.hold_against(filter);
        }
        let mut room = BytesMut::with_capacity(packets.iter().map(Bytes::len).sum());
        for packet in packets {
            if self.kept.len() >= Self::KEPT {
                self.kept.pop_front();
            }
            if let Some(wanted) = &mut self.wanted
                && is_wanted(packet, filter)
            {
                wanted.push_back(self.heard);
            }
            room.extend_from_slice(packet);
            self.kept.push_back(room.split().freeze());
            self.heard += 1;
        }
        let oldest = self.oldest();
        if let Some(wanted) = &mut self.wanted {
            let gone = wanted.partition_point(|number| *number < oldest);
            wanted.drain(..gone);
        }
    }

    /// Finds out anew which of them are wanted.
    pub(crate) fn hold_against(&mut self, filter: &Filter) {
        let oldest = self.oldest();
        self.wanted = (!filter.is_empty()).then(|| {
            let numbered = (oldest..).zip(&self.kept);
            numbered.filter(|(_, packet)| is_wanted(packet, filter)).map(|(number, _)| number).collect()
        });
    }

    /// How many are wanted.
    pub(crate) fn rows(&self) -> usize {
        self.wanted.as_ref().map_or(self.kept.len(), VecDeque::len)
    }

    /// The number, in the order in which packets were heard, of one of the wanted; the oldest of them is row 0.
    pub(crate) fn number(&self, row: usize) -> Option<u64> {
        match &self.wanted {
            Some(wanted) => wanted.get(row).copied(),
            None if row < self.kept.len() => self.oldest().checked_add(u64::try_from(row).ok()?),
            None => None,
        }
    }

    /// One of the wanted.
    pub(crate) fn packet(&self, row: usize) -> Option<Packet> {
        let at = self.number(row)?.checked_sub(self.oldest())?;
        let packet = self.kept.get(usize::try_from(at).ok()?)?;
        Some(Packet::decode(packet.clone()).unwrap_or_else(|error| not_understood(&error)))
    }

    /// Where among the wanted this number is, or would be.
    pub(crate) fn place(&self, number: u64) -> usize {
        match &self.wanted {
            Some(wanted) => wanted.partition_point(|of| *of < number),
            None => usize::try_from(number.saturating_sub(self.oldest())).unwrap_or(0).min(self.kept.len()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// The number of the oldest that is kept.
    fn oldest(&self) -> u64 {
        self.heard.saturating_sub(u64::try_from(self.kept.len()).unwrap_or(0))
    }
}

fn is_wanted(packet: &Bytes, filter: &Filter) -> bool {
    Packet::decode(packet.clone()).is_ok_and(|packet| filter.matches(&packet))
}

/// The rest of the stream may be.
fn not_understood(error: &prost::DecodeError) -> Packet {
    Packet { summary: format!("the daemon told a packet that is none: {error}"), ..Packet::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(protocol: u32) -> Bytes {
        Packet { protocol, ..Default::default() }.encode_to_vec().into()
    }

    #[test]
    fn the_newest_are_kept_and_found_by_number() {
        let mut packets = Packets::default();
        let tcp: Filter = "tcp".parse().unwrap();
        let many: Vec<_> =
            (0..Packets::KEPT * 2).map(|at| packet(if at % 2 == 0 { 6 } else { 17 })).collect();
        packets.take(&many, &tcp);
        assert_eq!((packets.len(), packets.rows()), (Packets::KEPT, Packets::KEPT / 2));
        assert_eq!(packets.heard, 40_000);
        assert_eq!((packets.number(0), packets.packet(0).unwrap().protocol), (Some(20_000), 6));
        assert_eq!((packets.place(20_001), packets.place(0), packets.number(10_000)), (1, 0, None));
        packets.hold_against(&Filter::default());
        assert_eq!(packets.rows(), Packets::KEPT);
        assert_eq!((packets.number(1), packets.packet(1).unwrap().protocol), (Some(20_001), 17));
        assert_eq!((packets.place(20_001), packets.place(0), packets.place(90_000)), (1, 0, 20_000));
        packets.hold_against(&tcp);
        packets.take(&[packet(6)], &tcp);
        assert_eq!((packets.len(), packets.rows()), (Packets::KEPT, Packets::KEPT / 2));
    }

    #[test]
    fn a_packet_that_is_kept_keeps_nothing_else() {
        let read = Bytes::from(vec![0; 8192]);
        let mut packets = Packets::default();
        packets.take(&[read.slice(..100), read.slice(100..300)], &Filter::default());
        assert!(read.is_unique(), "it is free for what is read next");
        assert_eq!(packets.kept.iter().map(Bytes::len).collect::<Vec<_>>(), [100, 200]);
    }

    #[test]
    fn one_that_is_no_packet_is_said_to_be_none() {
        let mut packets = Packets::default();
        packets.take(&[Bytes::from_static(b"\xff\xff"), packet(6)], &Filter::default());
        assert!(packets.packet(0).unwrap().summary.contains("a packet that is none"));
        assert_eq!(packets.packet(1).unwrap().protocol, 6);
        packets.hold_against(&"tcp".parse().unwrap());
        assert_eq!(packets.number(0), Some(1));
    }
}
