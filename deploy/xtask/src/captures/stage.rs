//! Nodes that talk WireGuard with the project's own initiator and responder, while a capture runs.

mod talk;

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context as _, Result};
use ring::digest::{SHA256, digest};
use wgtrace_decrypt::key::{PrivateKey, PublicKey};
use wgtrace_wire::wireguard::SessionIndex;

use super::link::Link;
use super::log::Log;
use super::packet::{self, Header, UDP};

/// A node by its place on the stage; the first one keeps `keys.log`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node(pub(super) usize);

pub(super) const A: Node = Node(0);
pub(super) const B: Node = Node(1);
pub(super) const C: Node = Node(2);

/// Everything in one capture.
pub(super) struct Stage {
    name: &'static str,
    /// Capture time of the next frame in nanoseconds since 1970.
    pub(super) clock: i64,
    pub(super) link: Link,
    pub(super) actors: Vec<Actor>,
    pub(super) frames: Vec<Frame>,
    /// Put into the reserved bytes of every message, as Cloudflare WARP does.
    pub(super) reserved: [u8; 3],
    /// Frames are cut to this length as they are captured.
    pub(super) snaplen: usize,
    sessions: usize,
    drawn: u32,
    id: u16,
}

pub(super) struct Actor {
    pub(super) key: PrivateKey,
    pub(super) at: SocketAddr,
    pub(super) log: Log,
}

/// A frame of the capture with what it carries.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) time: i64,
    pub(super) link: Link,
    pub(super) bytes: Vec<u8>,
    pub(super) original: usize,
    pub(super) kind: Kind,
    pub(super) messages: Vec<Sent>,
}

/// What a frame is to somebody who knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// With the number of the session, if one comes of it.
    Initiation(Option<usize>),
    Response(usize),
    CookieReply,
    Transport,
    /// Part of a datagram that is not complete with it.
    Piece,
    /// UDP, but not WireGuard's.
    Foreign,
    /// Not UDP.
    Alien,
}

/// A transport message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) by: Node,
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) receiver: SessionIndex,
    pub(super) counter: u64,
    /// Session and inner packet; `None` for what only looks like a message.
    pub(super) content: Option<(usize, Vec<u8>)>,
    pub(super) bytes: Vec<u8>,
}

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000_000_000;

impl Stage {
    /// Nodes at `addresses`; all that should be random is drawn from `name`.
    pub(super) fn new(name: &'static str, addresses: &[SocketAddr]) -> Self {
        let mut stage = Self {
            name,
            clock: START,
            link: Link::Ethernet,
            actors: Vec::new(),
            frames: Vec::new(),
            reserved: [0; 3],
            snaplen: usize::MAX,
            sessions: 0,
            drawn: 0,
            id: 0,
        };
        for &at in addresses {
            let key = PrivateKey::from_bytes(stage.draw());
            stage.actors.push(Actor { key, at, log: Log::default() });
        }
        stage
    }

    /// Two nodes in the documentation's network.
    pub(super) fn pair(name: &'static str) -> Self {
        Self::new(name, &[([192, 0, 2, 3], 51_820).into(), ([192, 0, 2, 4], 51_820).into()])
    }

    /// The next 32 bytes that look random and are the same every time.
    pub(super) fn draw(&mut self) -> [u8; 32] {
        self.drawn += 1;
        let seed = format!("wgtrace captures {} {}", self.name, self.drawn);
        let mut out = [0; 32];
        out.iter_mut().zip(digest(&SHA256, seed.as_bytes()).as_ref()).for_each(|(to, from)| *to = *from);
        out
    }

    pub(super) fn draw_index(&mut self) -> SessionIndex {
        let [a, b, c, d, ..] = self.draw();
        SessionIndex(u32::from_le_bytes([a, b, c, d]))
    }

    pub(super) fn actor(&self, node: Node) -> Result<&Actor> {
        self.actors.get(node.0).context("no such node")
    }

    pub(super) fn public(&self, node: Node) -> Result<PublicKey> {
        Ok(self.actor(node)?.key.public())
    }

    /// The node moves.
    pub(super) fn roam(&mut self, node: Node, at: SocketAddr) -> Result<()> {
        self.actors.get_mut(node.0).context("no such node")?.at = at;
        Ok(())
    }

    /// Captures messages in one datagram: one, or a super-frame of several.
    pub(super) fn transmit(&mut self, messages: Vec<Sent>) {
        let Some(first) = messages.first() else { return };
        let (from, to) = (first.from, first.to);
        let payload: Vec<u8> = messages.iter().flat_map(|sent| self.marked(&sent.bytes)).collect();
        self.datagram(from, to, &payload, Kind::Transport, messages);
    }

    /// Captures a message in fragments, whose order `order` gives.
    pub(super) fn transmit_in_fragments(&mut self, sent: Sent, room: usize, order: &[usize]) {
        self.id += 1;
        let (from, to) = (sent.from, sent.to);
        let header = Header { id: self.id, ..Header::of(UDP) };
        let datagram = packet::udp(from, to, &self.marked(&sent.bytes));
        let parts = packet::fragments(from.ip(), to.ip(), header, &datagram, room);
        let complete = order.len() == parts.len();
        let mut sent = Some(sent);
        for (position, part) in order.iter().filter_map(|&number| parts.get(number)).enumerate() {
            let is_last = complete && position + 1 == parts.len();
            let messages = if is_last { sent.take().into_iter().collect() } else { Vec::new() };
            let kind = if is_last { Kind::Transport } else { Kind::Piece };
            self.packet(from.ip(), to.ip(), part, kind, messages);
        }
    }

    /// Captures a datagram.
    pub(super) fn datagram(
        &mut self,
        from: SocketAddr,
        to: SocketAddr,
        payload: &[u8],
        kind: Kind,
        messages: Vec<Sent>,
    ) {
        self.id += 1;
        let is_handshake = matches!(kind, Kind::Initiation(_) | Kind::Response(_) | Kind::CookieReply);
        let payload = if is_handshake { self.marked(payload) } else { payload.to_vec() };
        // linux: drivers/net/wireguard/messages.h, HANDSHAKE_DSCP
        let class = if is_handshake { 0x88 } else { 0 };
        let header = Header { id: self.id, class, ..Header::of(UDP) };
        let packet = packet::ip(from.ip(), to.ip(), header, &packet::udp(from, to, &payload));
        self.packet(from.ip(), to.ip(), &packet, kind, messages);
    }

    /// Captures an IP packet.
    pub(super) fn packet(
        &mut self,
        src: IpAddr,
        dst: IpAddr,
        packet: &[u8],
        kind: Kind,
        messages: Vec<Sent>,
    ) {
        let mut bytes = self.link.wrap(src, dst, packet);
        let original = bytes.len();
        bytes.truncate(self.snaplen);
        self.frames.push(Frame { time: self.clock, link: self.link, bytes, original, kind, messages });
        self.clock += 1_000_217;
    }

    fn marked(&self, message: &[u8]) -> Vec<u8> {
        let mut message = message.to_vec();
        if let [_, one, two, three, ..] = message.as_mut_slice()
            && self.reserved != [0; 3]
        {
            [*one, *two, *three] = self.reserved;
        }
        message
    }
}
