//! Packets as they come, or the last of a recording.

use std::collections::VecDeque;

use anyhow::Result;
use wgtrace_api::v1::Packet;

use super::printer::Printer;

/// Which packets are shown, and those that may be.
#[derive(Debug)]
pub(super) struct Packets {
    since: Option<i64>,
    last: Option<Last>,
}

/// The newest so far.
#[derive(Debug)]
struct Last {
    most: usize,
    packets: VecDeque<Packet>,
}

impl Packets {
    pub(super) fn new(last: Option<usize>, since: Option<i64>) -> Self {
        Self { since, last: last.map(|most| Last { most, packets: VecDeque::new() }) }
    }

    pub(super) fn take(&mut self, packet: &Packet, out: &mut Printer) -> Result<()> {
        if self.since.is_some_and(|since| packet.time < since) {
            return Ok(());
        }
        let Some(Last { most, packets }) = &mut self.last else { return out.packet(packet) };
        packets.push_back(packet.clone());
        if packets.len() > *most {
            packets.pop_front();
        }
        Ok(())
    }

    /// What is told at the end, where nothing was before.
    pub(super) fn finish(&self, out: &mut Printer) -> Result<()> {
        self.last.iter().flat_map(|last| &last.packets).try_for_each(|packet| out.packet(packet))
    }
}
