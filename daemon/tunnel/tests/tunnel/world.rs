//! The wire, the clock, and whoever is on them.

mod cast;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chacha20::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use wgtrace_decrypt::key::{PresharedKey, PrivateKey};
use wgtrace_tunnel::{
    Device, DeviceSettings, DropCause, DropCounts, Event, Handled, Now, Payload, PeerId, PeerSettings,
    PeerStatus,
};

pub(crate) use cast::{A, B, EPOCH, inner, ms, outer, packet, private, public, secs};

/// Two devices that are each other's only peer, and the wire between them.
pub(crate) struct World {
    pub start: Instant,
    pub now: Instant,
    /// Added to both ends' wall clock, in nanoseconds.
    pub wall_offset: i64,
    pub rng: ChaCha8Rng,
    pub nodes: Vec<Node>,
    pub link: Link,
    /// What every datagram sent looked like, and whether it was put on the wire.
    pub log: Vec<Logged>,
    /// Decides for each datagram whether it gets onto the wire.
    pub filter: Box<dyn FnMut(&Logged) -> bool>,
    wire: BTreeMap<(Instant, u64), InFlight>,
    sent: u64,
}

pub(crate) struct Node {
    pub device: Device,
    pub addr: SocketAddr,
    pub peer: PeerId,
    /// Packets that came out of the tunnel.
    pub got: Vec<Vec<u8>>,
    pub events: Vec<Event>,
}

/// What the wire does, in thousandths.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub loss: u32,
    pub duplicate: u32,
    pub delay: Duration,
    /// Random, on top.
    pub spread: Duration,
}

#[derive(Debug, Clone)]
pub(crate) struct Logged {
    pub at: Instant,
    pub from: usize,
    pub kind: Kind,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Initiation,
    Response,
    Cookie,
    Keepalive,
    Packet,
}

struct InFlight {
    from: SocketAddr,
    to: SocketAddr,
    bytes: Vec<u8>,
}

pub(crate) const GOOD: Link =
    Link { loss: 0, duplicate: 0, delay: Duration::from_millis(10), spread: Duration::ZERO };

impl World {
    pub(crate) fn new() -> Self {
        Self::with(0, &PresharedKey::NONE, DeviceSettings::new)
    }

    pub(crate) fn with(
        seed: u64,
        psk: &PresharedKey,
        settings: impl Fn(PrivateKey) -> DeviceSettings,
    ) -> Self {
        let now = Instant::now();
        let clock = Now { monotonic: now, unix_nanos: EPOCH };
        let nodes = [A, B].map(|n| {
            let mut device = Device::new(now, settings(private(n))).unwrap();
            let other = PeerSettings {
                preshared_key: psk.clone(),
                endpoint: Some(outer(1 - n)),
                allowed_ips: vec![wgtrace_tunnel::Prefix::host(inner(1 - n))],
                ..PeerSettings::new(public(1 - n))
            };
            let peer = device.add_peer(clock, other).unwrap();
            Node { device, addr: outer(n), peer, got: Vec::new(), events: Vec::new() }
        });
        Self {
            start: now,
            now,
            wall_offset: 0,
            rng: ChaCha8Rng::seed_from_u64(seed),
            nodes: nodes.into(),
            link: GOOD,
            log: Vec::new(),
            filter: Box::new(|_| true),
            wire: BTreeMap::new(),
            sent: 0,
        }
    }

    /// A world in which A asked B for a session and both have it.
    pub(crate) fn connected() -> Self {
        let mut world = Self::new();
        world.connect();
        world
    }

    pub(crate) fn connect(&mut self) {
        self.send(A, 0);
        self.run(ms(100));
        assert_eq!(self.nodes[B].got.len(), 1);
        self.nodes[B].got.clear();
        self.log.clear();
    }

    pub(crate) fn clock(&self) -> Now {
        let since = self.now.duration_since(self.start).as_nanos() as i64;
        Now { monotonic: self.now, unix_nanos: EPOCH + since + self.wall_offset }
    }

    /// A packet into the tunnel at `from`.
    pub(crate) fn send(&mut self, from: usize, tag: u32) {
        assert_eq!(self.try_send(from, tag), Ok(()));
    }

    pub(crate) fn try_send(&mut self, from: usize, tag: u32) -> Result<(), DropCause> {
        let clock = self.clock();
        let sent =
            self.nodes[from].device.handle_packet(clock, &mut self.rng, &packet(from, 1 - from, tag, 100));
        self.flush(from);
        sent.map(|_| ())
    }

    /// Hands `bytes` to a device as if they came from `source`; what it answers goes on the wire.
    pub(crate) fn inject(&mut self, to: usize, source: SocketAddr, bytes: &[u8]) -> Result<(), DropCause> {
        let clock = self.clock();
        let (mut bytes, node) = (bytes.to_vec(), &mut self.nodes[to]);
        let result = match node.device.handle_datagram(clock, &mut self.rng, source, &mut bytes) {
            Ok(Handled::Packet { packet, .. }) => {
                node.got.push(packet.to_vec());
                Ok(())
            }
            Ok(Handled::Consumed) => Ok(()),
            Err(cause) => Err(cause),
        };
        self.flush(to);
        result
    }

    /// Lets `span` pass.
    pub(crate) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let timers = self.nodes.iter().filter_map(|node| node.device.poll_timeout());
            let arrival = self.wire.keys().next().map(|(at, _)| *at);
            let Some(next) = timers.chain(arrival).min().filter(|at| *at <= end) else { break };
            self.now = self.now.max(next);
            if let Some(entry) = self.wire.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let InFlight { from, to, bytes } = entry.remove();
                if let Some(to) = self.nodes.iter().position(|node| node.addr == to) {
                    let _ = self.inject(to, from, &bytes);
                }
            }
            for n in 0..self.nodes.len() {
                let clock = self.clock();
                self.nodes[n].device.handle_timeout(clock, &mut self.rng);
                let next = self.nodes[n].device.poll_timeout();
                assert!(next.is_none_or(|at| at > self.now), "a device that is never satisfied");
                self.flush(n);
            }
        }
        self.now = end;
    }

    /// Sends a packet every `interval` for `span`.
    pub(crate) fn chat(&mut self, from: usize, interval: Duration, span: Duration) {
        let end = self.now + span;
        while self.now < end {
            let _ = self.try_send(from, 0);
            self.run(interval);
        }
    }

    pub(crate) fn status(&self, n: usize) -> PeerStatus {
        self.nodes[n].device.status(self.now, self.nodes[n].peer).unwrap()
    }

    /// Drops at one end, the peer's and the device's together.
    pub(crate) fn dropped(&self, n: usize, cause: DropCause) -> u64 {
        let peers: u64 = self.status(n).drops.of(cause);
        peers + self.nodes[n].device.drops().of(cause)
    }

    pub(crate) fn drops(&self, n: usize) -> [DropCounts; 2] {
        [self.nodes[n].device.drops(), self.status(n).drops]
    }

    /// When one end sent messages of one kind, counted from the beginning.
    pub(crate) fn times(&self, from: usize, kind: Kind) -> Vec<Duration> {
        let of = self.log.iter().filter(|entry| entry.from == from && entry.kind == kind);
        of.map(|entry| entry.at.duration_since(self.start)).collect()
    }

    pub(crate) fn count(&self, from: usize, kind: Kind) -> usize {
        self.times(from, kind).len()
    }

    /// The last message of a kind that one end sent.
    pub(crate) fn last(&self, from: usize, kind: Kind) -> Vec<u8> {
        let mut of = self.log.iter().filter(|entry| entry.from == from && entry.kind == kind);
        of.next_back().unwrap_or_else(|| panic!("{from} sent no {kind:?}")).bytes.clone()
    }

    /// Drops every datagram for which `lose` says so.
    pub(crate) fn lose(&mut self, mut lose: impl FnMut(&Logged) -> bool + 'static) {
        self.filter = Box::new(move |entry| !lose(entry));
    }

    pub(crate) fn flush(&mut self, from: usize) {
        while let Some(transmit) = self.nodes[from].device.poll_transmit() {
            let kind = match transmit.payload {
                Payload::Initiation(_) => Kind::Initiation,
                Payload::Response(_) => Kind::Response,
                Payload::CookieReply(_) => Kind::Cookie,
                Payload::Keepalive(_) => Kind::Keepalive,
                Payload::Packet(_) => Kind::Packet,
            };
            let bytes = transmit.payload.as_ref().to_vec();
            let entry = Logged { at: self.now, from, kind, bytes: bytes.clone() };
            let passes = (self.filter)(&entry);
            self.log.push(entry);
            if !passes {
                continue;
            }
            let copies = 1 + u32::from(self.chance(self.link.duplicate));
            for _ in 0..copies {
                if !self.chance(self.link.loss) {
                    let spread = self.link.spread.as_nanos().max(1) as u64;
                    let delay = self.link.delay + Duration::from_nanos(self.rng.next_u64() % spread);
                    self.sent += 1;
                    let flight = InFlight {
                        from: self.nodes[from].addr,
                        to: transmit.destination,
                        bytes: bytes.clone(),
                    };
                    self.wire.insert((self.now + delay, self.sent), flight);
                }
            }
        }
        while let Some(event) = self.nodes[from].device.poll_event() {
            self.nodes[from].events.push(event);
        }
    }

    fn chance(&mut self, thousandths: u32) -> bool {
        thousandths > 0 && self.rng.next_u32() % 1000 < thousandths
    }
}
