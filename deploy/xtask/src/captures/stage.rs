//! Nodes that talk WireGuard with the project's own initiator and responder, while a capture runs.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context as _, Result};
use ring::digest::{SHA256, digest};
use wgtrace_decrypt::key::{PresharedKey, PrivateKey, PublicKey};
use wgtrace_decrypt::keypair::{Keypair, message_len};
use wgtrace_decrypt::noise::cookie::{Cookie, CookieKey};
use wgtrace_decrypt::noise::mac::Mac1Key;
use wgtrace_decrypt::noise::{Initiator, Responder, Tai64n};
use wgtrace_wire::wireguard::{Initiation, SessionIndex, TransportHeader};
use zerocopy::IntoBytes as _;

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

/// An initiation that was not answered yet.
pub(super) struct Asked {
    initiator: Initiator,
    message: Initiation,
    by: Node,
    to: Node,
    psk: PresharedKey,
    frame: usize,
}

/// Both ends of a session.
pub(super) struct Session {
    number: usize,
    ends: [(Node, Keypair); 2],
}

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000_000_000;
pub(super) const MTU: usize = 1420;

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

    /// Initiation and response, both captured.
    pub(super) fn handshake(&mut self, by: Node, to: Node, psk: &PresharedKey) -> Result<Session> {
        let asked = self.initiate(by, to, psk, None)?;
        let index = self.draw_index();
        self.respond(&asked, index)
    }

    /// Sends an initiation, with a mac2 when a cookie is at hand.
    pub(super) fn initiate(
        &mut self,
        by: Node,
        to: Node,
        psk: &PresharedKey,
        cookie: Option<&Cookie>,
    ) -> Result<Asked> {
        let (index, ephemeral) = (self.draw_index(), PrivateKey::from_bytes(self.draw()));
        let (time, remote) = (Tai64n::from_unix_nanos(self.clock), self.public(to)?);
        let actor = self.actor(by)?;
        let (initiator, mut message) =
            Initiator::start(&actor.key, &remote, psk, index, ephemeral, time, &actor.log)?;
        if let Some(cookie) = cookie {
            cookie.seal(&mut message);
        }
        let (from, at) = (actor.at, self.actor(to)?.at);
        let frame = self.frames.len();
        self.datagram(from, at, message.as_bytes(), Kind::Initiation(None), Vec::new());
        Ok(Asked { initiator, message, by, to, psk: psk.clone(), frame })
    }

    /// Sends a cookie reply instead of a response.
    pub(super) fn refuse(&mut self, asked: &Asked) -> Result<Cookie> {
        let (secret, nonce) = (self.draw(), self.draw());
        let source = self.actor(asked.by)?.at;
        let cookie = Cookie::new(&secret, source.to_string().as_bytes());
        let [nonce @ .., _, _, _, _, _, _, _, _] = nonce;
        let key = CookieKey::new(&self.public(asked.to)?);
        let reply = key.reply(&cookie, asked.initiator.index(), &asked.message.mac1, nonce)?;
        // The initiator opens it, as it would.
        let cookie = key.open(&reply, &asked.message.mac1)?;
        let from = self.actor(asked.to)?.at;
        self.datagram(from, source, reply.as_bytes(), Kind::CookieReply, Vec::new());
        Ok(cookie)
    }

    /// Sends the response, whose sender is `index`.
    pub(super) fn respond(&mut self, asked: &Asked, index: SessionIndex) -> Result<Session> {
        let ephemeral = PrivateKey::from_bytes(self.draw());
        let (initiator, responder) = (self.actor(asked.by)?, self.actor(asked.to)?);
        initiator.log.set_time(self.clock);
        responder.log.set_time(self.clock);
        anyhow::ensure!(Mac1Key::new(&responder.key.public()).verify(&asked.message), "mac1 does not verify");
        let received = Responder::receive(&responder.key, &asked.message)?;
        let (response, theirs) = received.respond(&asked.psk, index, &ephemeral, &responder.log)?;
        let mine = asked.initiator.finish(&response, &initiator.log)?;
        let (from, to) = (responder.at, initiator.at);
        let number = self.sessions;
        self.sessions += 1;
        if let Some(frame) = self.frames.get_mut(asked.frame) {
            frame.kind = Kind::Initiation(Some(number));
        }
        self.datagram(from, to, response.as_bytes(), Kind::Response(number), Vec::new());
        Ok(Session { number, ends: [(asked.by, mine), (asked.to, theirs)] })
    }

    /// Sends an inner packet, or a keepalive when it is empty.
    pub(super) fn send(&mut self, session: &mut Session, by: Node, inner: &[u8]) -> Result<()> {
        let sent = self.seal(session, by, inner)?;
        self.transmit(vec![sent]);
        Ok(())
    }

    /// A message that is not sent yet: its counter is used up.
    pub(super) fn seal(&self, session: &mut Session, by: Node, inner: &[u8]) -> Result<Sent> {
        let [one, two] = &mut session.ends;
        let ((_, pair), other) = if one.0 == by { (one, two.0) } else { (two, one.0) };
        let counter = pair.sent();
        let mut buffer = vec![0; message_len(inner.len(), MTU)];
        buffer
            .get_mut(TransportHeader::LEN..TransportHeader::LEN + inner.len())
            .context("no room")?
            .copy_from_slice(inner);
        let bytes = pair.seal(&mut buffer, inner.len(), MTU)?.to_vec();
        Ok(Sent {
            by,
            from: self.actor(by)?.at,
            to: self.actor(other)?.at,
            receiver: pair.remote(),
            counter,
            content: Some((session.number, inner.to_vec())),
            bytes,
        })
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
