//! Devices, the wire between them, the clock; every call of a device is checked here.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chacha20::ChaCha8Rng;
use rand_core::{CryptoRng, SeedableRng as _};
use wgtrace_decrypt::key::PublicKey;
use wgtrace_tunnel::{Device, DropCause, Handled, HandshakeLimits, Now, Payload, PeerId};
use wgtrace_wire::Ip;

use super::balance::{Balance, Deed};
use super::book::{Book, Ends};
use super::cast::EPOCH;
use super::node::Node;
use super::stranger::{self, Stranger};

pub struct Net {
    start: Instant,
    pub now: Instant,
    pub rng: ChaCha8Rng,
    pub nodes: Vec<Node>,
    pub stranger: Stranger,
    /// Under way, the oldest first.
    pub wire: VecDeque<Datagram>,
    /// The last that were sent.
    pub past: VecDeque<Datagram>,
    pub book: Book,
    /// Packets made so far.
    pub numbers: u32,
    /// The furthest that any wall clock has been ahead, in nanoseconds.
    pub furthest: i64,
    /// What the run may still cost: handshake messages mostly.
    pub budget: u32,
}

#[derive(Debug, Clone)]
pub struct Datagram {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub bytes: Vec<u8>,
}

impl Net {
    pub fn new(count: usize, limits: HandshakeLimits) -> Self {
        let start = Instant::now();
        let nodes = (0..count).map(|n| Node::new(start, n, limits));
        Self {
            start,
            now: start,
            rng: ChaCha8Rng::seed_from_u64(7),
            nodes: nodes.collect(),
            stranger: Stranger::default(),
            wire: VecDeque::new(),
            past: VecDeque::new(),
            book: Book::default(),
            numbers: 0,
            furthest: 0,
            budget: BUDGET,
        }
    }

    pub fn clock(&self, n: usize) -> Now {
        let since = i64::try_from(self.now.duration_since(self.start).as_nanos()).expect("not that long");
        Now { monotonic: self.now, unix_nanos: EPOCH + since + self.nodes[n].ahead }
    }

    pub fn key(&self, n: usize) -> PublicKey {
        *self.nodes[n].device.public_key()
    }

    /// The key of one of a device's peers.
    pub fn key_of(&self, n: usize, peer: PeerId) -> PublicKey {
        self.nodes[n].device.status(self.now, peer).expect("a peer").public_key
    }

    /// One call of a device, with everything around it.
    pub fn call<T>(
        &mut self,
        n: usize,
        taken: u64,
        act: impl FnOnce(&mut Device, Now, &mut dyn CryptoRng) -> Result<T, DropCause>,
    ) -> Result<T, DropCause> {
        self.around(n, taken, |net| {
            let clock = net.clock(n);
            act(&mut net.nodes[n].device, clock, &mut net.rng)
        })
    }

    /// Does something with a device, takes out what it has to say, and checks that nothing is lost
    /// uncounted. `taken`: inner packets that go in, if it succeeds.
    pub fn around<T>(
        &mut self,
        n: usize,
        taken: u64,
        act: impl FnOnce(&mut Self) -> Result<T, DropCause>,
    ) -> Result<T, DropCause> {
        let before = Balance::of(&self.nodes[n].device, self.now);
        let result = act(self);
        let sent = self.flush(n);
        let after = Balance::of(&self.nodes[n].device, self.now);
        let refused = result.as_ref().err().copied();
        let taken = if refused.is_none() { taken } else { 0 };
        before.check(&after, &Deed { refused, taken, sent });
        assert!(
            after.staged() == 0 || self.nodes[n].device.poll_timeout().is_some(),
            "nobody will send them"
        );
        result
    }

    /// A packet from the inside; returns its place in the book if it was taken.
    pub fn enter(&mut self, n: usize, packet: &[u8]) -> Result<usize, DropCause> {
        let destination = Ip::parse(packet).ok().map(|ip| ip.dst());
        let owner = destination.and_then(|addr| self.nodes[n].routes.owner(addr));
        let Some(owner) = owner else {
            let cause = if destination.is_some() { DropCause::NoRoute } else { DropCause::NotIp };
            let refused = self.call(n, 1, |device, now, rng| device.handle_packet(now, rng, packet));
            assert_eq!(refused, Err(cause));
            return Err(cause);
        };
        let ends = Ends { from: self.key(n), to: self.key_of(n, owner) };
        let place = self.book.enters(ends, packet);
        if self.keeps(n, owner) {
            self.book.kept(place);
        }
        match self.call(n, 1, |device, now, rng| device.handle_packet(now, rng, packet)) {
            Ok(peer) => {
                assert_eq!(peer, owner);
                Ok(place)
            }
            Err(cause) => {
                self.book.refused(place);
                Err(cause)
            }
        }
    }

    /// Whether a device keeps copies of what it sends to a peer, which is said to be gone.
    pub fn keeps(&self, n: usize, peer: PeerId) -> bool {
        self.nodes[n].device.status(self.now, peer).is_ok_and(|status| status.copies.is_some())
    }

    /// The network says to a device that nobody is there.
    pub fn come_back(&mut self, n: usize, destination: SocketAddr) {
        let told = self.call(n, 0, |device, now, rng| {
            device.handle_unreachable(now, rng, destination);
            Ok(())
        });
        assert_eq!(told, Ok(()));
    }

    /// A datagram arrives at a device, whoever it was for.
    pub fn arrive(&mut self, n: usize, source: SocketAddr, bytes: &[u8]) -> Result<(), DropCause> {
        let mut bytes = bytes.to_vec();
        self.pay(&bytes);
        let out = self.call(n, 0, |device, now, rng| {
            device.handle_datagram(now, rng, source, &mut bytes).map(|handled| match handled {
                Handled::Packet { peer, packet } => Some((peer, packet.to_vec())),
                Handled::Consumed => None,
            })
        })?;
        if let Some((peer, packet)) = out {
            let own = self.key(n);
            self.comes_out(n, own, peer, &packet);
        }
        Ok(())
    }

    /// A packet comes out of the tunnel, for the holder of the key `own`.
    pub fn comes_out(&mut self, n: usize, own: PublicKey, peer: PeerId, packet: &[u8]) {
        let source = Ip::parse(packet).expect("an IP packet").src();
        assert_eq!(self.nodes[n].routes.owner(source), Some(peer), "{source} is not this peer's");
        let ends = Ends { from: self.key_of(n, peer), to: own };
        self.book.arrives(ends, packet);
    }

    /// Takes a datagram off the wire to where it is addressed.
    pub fn deliver(&mut self, datagram: &Datagram) {
        if datagram.to == stranger::ADDR {
            self.pay(&datagram.bytes);
            let answer = self.stranger.hear(&mut self.rng, datagram);
            self.wire.extend(answer);
        } else if let Some(n) = self.nodes.iter().position(|node| node.addr == datagram.to) {
            let _ = self.arrive(n, datagram.from, &datagram.bytes);
        }
    }

    /// Delivers everything, and what is said to it, until nobody says any more.
    pub fn settle(&mut self) {
        let mut delivered = 0;
        while let Some(datagram) = self.wire.pop_front() {
            self.deliver(&datagram);
            delivered += 1;
            assert!(delivered < 8 * MOST_WAITING, "answers to answers without end");
        }
    }

    /// Lets time pass, on a wire that delivers at once, or not at all.
    pub fn pass(&mut self, span: Duration, delivers: bool) {
        let (end, mut wakes) = (self.now + span, 0);
        loop {
            if delivers {
                self.settle();
            }
            let next = self.nodes.iter().filter_map(|node| node.device.poll_timeout()).min();
            let Some(next) = next.filter(|at| *at <= end && self.budget > 0) else { break };
            self.now = self.now.max(next);
            for n in 0..self.nodes.len() {
                self.wake(n);
            }
            wakes += 1;
            assert!(wakes < 200 + 50 * span.as_secs(), "woken {wakes} times in {span:?}");
        }
        // Where the budget ended, everybody sleeps on.
        self.now = end;
    }

    pub fn wake(&mut self, n: usize) {
        let woken = self.call(n, 0, |device, now, rng| {
            device.handle_timeout(now, rng);
            Ok(())
        });
        assert_eq!(woken, Ok(()));
        let next = self.nodes[n].device.poll_timeout();
        assert!(next.is_none_or(|at| at > self.now), "a device that is never satisfied");
    }

    /// Puts something on the wire, which forgets its oldest when it is full.
    pub fn put(&mut self, datagram: Datagram) {
        if self.wire.len() >= MOST_WAITING {
            self.wire.pop_front();
        }
        if self.past.len() >= MOST_REMEMBERED {
            self.past.pop_front();
        }
        self.past.push_back(datagram.clone());
        self.wire.push_back(datagram);
    }

    /// Learns the keys that a device showed since.
    pub fn learn(&mut self, n: usize) {
        self.book.learn(n, self.nodes[n].shown());
    }

    fn flush(&mut self, n: usize) -> u64 {
        let mut packets = 0;
        self.learn(n);
        while let Some(transmit) = self.nodes[n].device.poll_transmit() {
            let bytes = transmit.payload.as_ref().to_vec();
            match transmit.payload {
                Payload::Packet(_) => {
                    packets += 1;
                    self.book.sent(n, &bytes);
                }
                Payload::Keepalive(_) => self.book.sent(n, &bytes),
                Payload::Initiation(_) | Payload::Response(_) | Payload::CookieReply(_) => self.pay(&bytes),
            }
            self.put(Datagram { from: self.nodes[n].addr, to: transmit.destination, bytes });
        }
        self.nodes[n].follow();
        packets
    }

    fn pay(&mut self, bytes: &[u8]) {
        let cost = if bytes.first().is_some_and(|kind| *kind < 4) { 8 } else { 1 };
        self.budget = self.budget.saturating_sub(cost);
    }
}

const BUDGET: u32 = 1600;
const MOST_WAITING: usize = 512;
const MOST_REMEMBERED: usize = 64;
