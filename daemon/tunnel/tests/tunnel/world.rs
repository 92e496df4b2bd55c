//! The wire, the clock, and whoever is on them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use chacha20::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use wgtrace_decrypt::key::{PresharedKey, PrivateKey, PublicKey};
use wgtrace_tunnel::{
    Device, DeviceSettings, DropCause, DropCounts, Event, Handled, Now, Payload, PeerId, PeerSettings,
    PeerStatus,
};

/// The two ends.
pub const A: usize = 0;
pub const B: usize = 1;

/// Two devices that are each other's only peer, and the wire between them.
pub struct World {
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

pub struct Node {
    pub device: Device,
    pub addr: SocketAddr,
    pub peer: PeerId,
    /// Packets that came out of the tunnel.
    pub got: Vec<Vec<u8>>,
    pub events: Vec<Event>,
}

/// What the wire does, in thousandths.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    pub loss: u32,
    pub duplicate: u32,
    pub delay: Duration,
    /// Random, on top.
    pub spread: Duration,
}

#[derive(Debug, Clone)]
pub struct Logged {
    pub at: Instant,
    pub from: usize,
    pub kind: Kind,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
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

pub const GOOD: Link =
    Link { loss: 0, duplicate: 0, delay: Duration::from_millis(10), spread: Duration::ZERO };

pub fn private(n: usize) -> PrivateKey {
    PrivateKey::from_bytes([0x10 + n as u8; 32])
}

pub fn public(n: usize) -> PublicKey {
    private(n).public()
}

pub fn inner(n: usize) -> IpAddr {
    [10, 0, 0, 1 + n as u8].into()
}

pub fn outer(n: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1 + n as u8], 51871))
}

/// An IPv4 packet of `len` bytes from one end to the other, told apart by `tag`.
pub fn packet(from: usize, to: usize, tag: u32, len: usize) -> Vec<u8> {
    let (IpAddr::V4(src), IpAddr::V4(dst)) = (inner(from), inner(to)) else { panic!("IPv4") };
    let mut packet = vec![0xab; len.max(24)];
    packet[0] = 0x45;
    let total = (packet.len() as u16).to_be_bytes();
    packet[2..4].copy_from_slice(&total);
    packet[12..16].copy_from_slice(&src.octets());
    packet[16..20].copy_from_slice(&dst.octets());
    packet[20..24].copy_from_slice(&tag.to_be_bytes());
    packet
}

pub fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

impl World {
    pub fn new() -> Self {
        Self::with(0, PresharedKey::NONE, DeviceSettings::new)
    }

    pub fn with(seed: u64, psk: PresharedKey, settings: impl Fn(PrivateKey) -> DeviceSettings) -> Self {
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
    pub fn connected() -> Self {
        let mut world = Self::new();
        world.connect();
        world
    }

    pub fn connect(&mut self) {
        self.send(A, 0);
        self.run(ms(100));
        assert_eq!(self.nodes[B].got.len(), 1);
        self.nodes[B].got.clear();
        self.log.clear();
    }

    pub fn clock(&self) -> Now {
        let since = self.now.duration_since(self.start).as_nanos() as i64;
        Now { monotonic: self.now, unix_nanos: EPOCH + since + self.wall_offset }
    }

    /// A packet into the tunnel at `from`.
    pub fn send(&mut self, from: usize, tag: u32) {
        assert_eq!(self.try_send(from, tag), Ok(()));
    }

    pub fn try_send(&mut self, from: usize, tag: u32) -> Result<(), DropCause> {
        let clock = self.clock();
        let sent =
            self.nodes[from].device.handle_packet(clock, &mut self.rng, &packet(from, 1 - from, tag, 100));
        self.flush(from);
        sent.map(|_| ())
    }

    /// Hands `bytes` to a device as if they came from `source`; what it answers goes on the wire.
    pub fn inject(&mut self, to: usize, source: SocketAddr, bytes: &[u8]) -> Result<(), DropCause> {
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
    pub fn run(&mut self, span: Duration) {
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
                self.flush(n);
            }
        }
        self.now = end;
    }

    /// Sends a packet every `interval` for `span`.
    pub fn chat(&mut self, from: usize, interval: Duration, span: Duration) {
        let end = self.now + span;
        while self.now < end {
            let _ = self.try_send(from, 0);
            self.run(interval);
        }
    }

    pub fn status(&self, n: usize) -> PeerStatus {
        self.nodes[n].device.status(self.now, self.nodes[n].peer).unwrap()
    }

    /// Drops at one end, the peer's and the device's together.
    pub fn dropped(&self, n: usize, cause: DropCause) -> u64 {
        let peers: u64 = self.status(n).drops.of(cause);
        peers + self.nodes[n].device.drops().of(cause)
    }

    pub fn drops(&self, n: usize) -> [DropCounts; 2] {
        [self.nodes[n].device.drops(), self.status(n).drops]
    }

    /// When one end sent messages of one kind, counted from the beginning.
    pub fn times(&self, from: usize, kind: Kind) -> Vec<Duration> {
        let of = self.log.iter().filter(|entry| entry.from == from && entry.kind == kind);
        of.map(|entry| entry.at.duration_since(self.start)).collect()
    }

    pub fn count(&self, from: usize, kind: Kind) -> usize {
        self.times(from, kind).len()
    }

    /// The last message of a kind that one end sent.
    pub fn last(&self, from: usize, kind: Kind) -> Vec<u8> {
        let mut of = self.log.iter().filter(|entry| entry.from == from && entry.kind == kind);
        of.next_back().unwrap_or_else(|| panic!("{from} sent no {kind:?}")).bytes.clone()
    }

    /// Drops every datagram for which `lose` says so.
    pub fn lose(&mut self, mut lose: impl FnMut(&Logged) -> bool + 'static) {
        self.filter = Box::new(move |entry| !lose(entry));
    }

    pub fn flush(&mut self, from: usize) {
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

/// 2023-11-14, in nanoseconds since 1970.
pub const EPOCH: i64 = 1_700_000_000_000_000_000;
