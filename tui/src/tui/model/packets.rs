//! The newest packets.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use wgtrace_api::filter::Filter;
use wgtrace_api::v1::Packet;

/// A packet and its number in the order in which it was heard.
#[derive(Debug)]
pub(crate) struct PacketRow {
    pub(crate) number: u64,
    pub(crate) packet: Packet,
    is_wanted: Cell<bool>,
}

/// The newest packets, and among them those that the filter wants.
#[derive(Debug, Clone, Default)]
pub(crate) struct Packets {
    kept: VecDeque<Rc<PacketRow>>,
    wanted: VecDeque<Rc<PacketRow>>,
    heard: u64,
}

impl Packets {
    /// Most that are kept.
    pub(crate) const KEPT: usize = 20_000;

    pub(crate) fn take(&mut self, packets: Vec<Packet>, filter: &Filter) {
        for packet in packets {
            let row = PacketRow { number: self.heard, is_wanted: Cell::new(filter.matches(&packet)), packet };
            self.heard += 1;
            if self.kept.len() >= Self::KEPT {
                self.drop_oldest();
            }
            let row = Rc::new(row);
            if row.is_wanted.get() {
                self.wanted.push_back(Rc::clone(&row));
            }
            self.kept.push_back(row);
        }
    }

    /// Finds out anew which of them are wanted.
    pub(crate) fn hold_against(&mut self, filter: &Filter) {
        self.wanted.clear();
        for row in &self.kept {
            row.is_wanted.set(filter.matches(&row.packet));
            if row.is_wanted.get() {
                self.wanted.push_back(Rc::clone(row));
            }
        }
    }

    /// Those that are wanted, the oldest first.
    pub(crate) fn wanted(&self) -> &VecDeque<Rc<PacketRow>> {
        &self.wanted
    }

    /// Where among the wanted this number is, or would be.
    pub(crate) fn place(&self, number: u64) -> usize {
        self.wanted.partition_point(|row| row.number < number)
    }

    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.kept.pop_front() else { return };
        if self.wanted.front().is_some_and(|wanted| wanted.number == oldest.number) {
            self.wanted.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(protocol: u32) -> Packet {
        Packet { protocol, ..Default::default() }
    }

    #[test]
    fn the_newest_are_kept_and_found_by_number() {
        let mut packets = Packets::default();
        let tcp: Filter = "tcp".parse().unwrap();
        let many = (0..Packets::KEPT * 2).map(|at| packet(if at % 2 == 0 { 6 } else { 17 })).collect();
        packets.take(many, &tcp);
        assert_eq!((packets.len(), packets.wanted().len()), (Packets::KEPT, Packets::KEPT / 2));
        assert_eq!(packets.heard, 40_000);
        assert_eq!(packets.wanted()[0].number, 20_000);
        assert_eq!(packets.place(20_001), 1);
        packets.hold_against(&Filter::default());
        assert_eq!(packets.wanted().len(), Packets::KEPT);
        packets.take(vec![packet(6)], &tcp);
        assert_eq!((packets.len(), packets.wanted().len()), (Packets::KEPT, Packets::KEPT));
    }
}
