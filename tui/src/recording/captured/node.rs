//! What a node of a capture saw.

use wgtrace_abi::PacketEvent;
use wgtrace_api::show::{self, Names as _};
use wgtrace_api::v1::{self, EncryptionState};
use wgtrace_decrypt::capture::Remarks;
use wgtrace_flow::table::Generation;
use wgtrace_flow::time::WallOffset;
use wgtrace_flow::{FlowTable, Limits, Packet, decode};

use super::comment::Comment;
use super::inside::Inner;
use super::names::Around;
use super::place::Place;
use super::record::{event, put};

/// A frame, and what the file says of it.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) time: i64,
    /// From the ethernet or IP header on; `None` where there is none.
    pub(super) bytes: Option<&'a [u8]>,
    pub(super) is_ethernet: bool,
    /// Length on the wire, of what `bytes` begins.
    pub(super) len: u32,
    pub(super) remarks: Remarks<'a>,
    pub(super) inside: Vec<Inner>,
}

/// A node: the interfaces, packets and flows of it.
#[derive(Debug)]
pub(super) struct Node {
    around: Around,
    interfaces: Vec<v1::Interface>,
    packets: Vec<v1::Packet>,
    seen: u64,
    flows: FlowTable,
    told: Option<Generation>,
    record: Vec<u8>,
}

impl Node {
    pub(super) fn new(name: String) -> Self {
        let limits = Limits { flows: MOST_FLOWS, ..Limits::default() };
        Self {
            around: Around::of(name),
            interfaces: Vec::new(),
            packets: Vec::new(),
            seen: 0,
            // nobody chooses addresses by what a table here looks like
            flows: FlowTable::new(limits, SEED),
            told: None,
            record: Vec::new(),
        }
    }

    pub(super) fn name(&self) -> &str {
        self.around.node()
    }

    pub(super) fn hello(&self) -> v1::StatusReply {
        v1::StatusReply {
            node: self.name().to_owned(),
            contract: wgtrace_api::CONTRACT,
            ..Default::default()
        }
    }

    pub(super) fn meet(&mut self, place: &Place) {
        self.around.name(place.index, &place.name);
        self.interfaces.push(place.told());
    }

    pub(super) fn interfaces(&self) -> v1::InterfacesReply {
        v1::InterfacesReply { interfaces: self.interfaces.clone() }
    }

    /// Takes a frame in; whether anything could be read of it.
    pub(super) fn see(&mut self, place: &mut Place, seen: &Seen<'_>) -> bool {
        self.seen = self.seen.saturating_add(1);
        let text = seen.remarks.comment.clone().unwrap_or_default();
        let comment = Comment::of(&text);
        let hook = place.hook(seen.remarks.direction);
        let mut record = std::mem::take(&mut self.record);
        let event = event(place, seen, &comment, hook, self.seen);
        let bytes = seen.bytes.unwrap_or_default();
        put(event, bytes, &mut record);
        let packet = decode(&record).ok().filter(|_| seen.bytes.is_some());
        if let Some(packet) = &packet {
            self.take(place, packet, seen, &comment);
        } else {
            self.packets.push(v1::Packet {
                node: self.name().to_owned(),
                time: seen.time,
                interface: place.name.clone(),
                length: seen.len,
                summary: format!("a link layer that is not read here, length {}", seen.len),
                ..v1::Packet::default()
            });
        }
        let is_read = packet.is_some();
        self.record = record;
        is_read
    }

    fn take(&mut self, place: &Place, packet: &Packet<'_>, seen: &Seen<'_>, comment: &Comment<'_>) {
        let (mut records, share) =
            (Vec::new(), packet.event.len / u32::try_from(seen.inside.len().max(1)).unwrap_or(1));
        for inner in &seen.inside {
            let mut event = packet.event;
            (event.flags, event.gso_size, event.gso_segs) = (PacketEvent::L3, 0, 0);
            event.len = u32::try_from(inner.bytes.len()).unwrap_or(u32::MAX);
            let mut record = Vec::new();
            put(event, &inner.bytes, &mut record);
            records.push(record);
        }
        let inner: Vec<Packet<'_>> = records.iter().filter_map(|record| decode(record).ok()).collect();
        self.around.learn(packet, inner.first(), comment);
        let encryption = if comment.is_leak { EncryptionState::Leak } else { show::encryption(packet) };
        match encryption {
            EncryptionState::Leak => self.flows.update_leaked(packet),
            EncryptionState::None | EncryptionState::Encrypted | EncryptionState::Clear => {
                self.flows.update(packet)
            }
        };
        let mut outer = *packet;
        outer.event.len = share;
        for inner in inner.iter().filter(|_| encryption == EncryptionState::Encrypted) {
            self.flows.update_sealed(inner, &outer);
        }
        let mut shown = show::packet(packet, &self.around, WallOffset::default());
        if let Some(inner) = inner.first() {
            show::inside(&mut shown, inner, &self.around);
        }
        if let Some(message) = &mut shown.wireguard {
            let key = seen.inside.first().map(|inner| inner.peer.as_str()).unwrap_or_default();
            let (node, key) = comment.peer.unwrap_or(("", key));
            (message.peer, message.peer_node) = (key.to_owned(), node.to_owned());
        }
        if place.is_unsure {
            shown.hook.clear();
        }
        self.packets.push(v1::Packet {
            time: seen.time,
            encryption: encryption.into(),
            identity: show::identity(packet, inner.first()),
            bytes: packet.bytes.to_vec(),
            inner: seen.inside.first().map(|inner| inner.bytes.clone()).unwrap_or_default(),
            ..shown
        });
    }

    /// Whether its packets have to be told before there are more.
    pub(super) fn is_full(&self) -> bool {
        self.packets.len() >= MOST_PACKETS
    }

    /// Packets that were not told yet.
    pub(super) fn packets(&mut self) -> Option<v1::PacketsReply> {
        let packets = std::mem::take(&mut self.packets);
        (!packets.is_empty()).then_some(v1::PacketsReply { packets, missed: 0, seen: self.seen })
    }

    /// Flows that changed, in replies that are not too long.
    pub(super) fn flows(&mut self, time: i64, places: &[Place]) -> Vec<v1::FlowsReply> {
        let mark = self.flows.mark();
        let before = self.told.replace(mark);
        let gone: Option<Vec<u64>> = before.and_then(|before| {
            Some(self.flows.removed_since(before)?.map(|gone| gone.id.number()).collect())
        });
        let snapshot = gone.is_none();
        let since = before.filter(|_| !snapshot).unwrap_or_default();
        let shown: Vec<v1::Flow> =
            self.flows.changed_since(since).map(|flow| self.shown(&flow, places)).collect();
        let mut removed: Vec<u64> = gone.unwrap_or_default();
        if shown.is_empty() && removed.is_empty() {
            return Vec::new();
        }
        let (known, evicted) =
            (u64::try_from(self.flows.len()).unwrap_or(u64::MAX), self.flows.counts().evicted);
        let mut replies: Vec<v1::FlowsReply> = shown
            .chunks(MOST_AT_ONCE)
            .map(|flows| v1::FlowsReply {
                flows: flows.to_vec(),
                time,
                known,
                evicted,
                more: true,
                ..Default::default()
            })
            .collect();
        if replies.is_empty() {
            replies.push(v1::FlowsReply { time, known, evicted, ..Default::default() });
        }
        if let Some(first) = replies.first_mut() {
            (first.snapshot, first.removed) = (snapshot, std::mem::take(&mut removed));
        }
        if let Some(last) = replies.last_mut() {
            last.more = false;
        }
        replies
    }

    fn shown(&self, flow: &wgtrace_flow::Flow<'_>, places: &[Place]) -> v1::Flow {
        let mut shown = show::flow(flow, &self.around, WallOffset::default());
        let is_unsure =
            |hop: &v1::Hop| places.iter().any(|place| place.index == hop.ifindex && place.is_unsure);
        // a hook that nobody told says nothing of a way: what came first does
        if shown.hops.iter().any(is_unsure) {
            shown.hops.sort_by_key(|hop| hop.first);
        }
        shown.hops.iter_mut().filter(|hop| is_unsure(hop)).for_each(|hop| hop.hook.clear());
        shown
    }
}

/// Flows of a node.
const MOST_FLOWS: u32 = 1 << 17;
/// Packets of a reply.
const MOST_PACKETS: usize = 256;
/// Flows of a reply.
const MOST_AT_ONCE: usize = 1024;
const SEED: u64 = 0x7767_7472_6163_6521;
