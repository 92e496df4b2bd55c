//! The state machine with boringtun, an independent implementation, in both roles. Our clock is
//! virtual, boringtun's is the machine's.

use std::net::{IpAddr, Ipv4Addr};

use boringtun::noise::{Tunn, TunnResult};
use boringtun::x25519;
use rand_core::SeedableRng as _;
use wgtrace_decrypt::key::PresharedKey;
use wgtrace_decrypt::keypair::Role;
use wgtrace_tunnel::{Device, DeviceSettings, Handled, HandshakeLimits, Now, PeerId, PeerSettings, Prefix};

use crate::world::{A, B, EPOCH, inner, ms, outer, packet, private, public, secs};

/// Our device A, and boringtun in the place of B.
struct Pair {
    now: Now,
    rng: chacha20::ChaCha8Rng,
    device: Device,
    peer: PeerId,
    theirs: Tunn,
    /// Packets that came out at our end, and at theirs.
    got: [Vec<Vec<u8>>; 2],
}

impl Pair {
    fn new(psk: Option<[u8; 32]>, before_load: u32) -> Self {
        let monotonic = std::time::Instant::now();
        let now = Now { monotonic, unix_nanos: EPOCH };
        let limits = HandshakeLimits { before_load, ..HandshakeLimits::default() };
        let settings = DeviceSettings { limits, ..DeviceSettings::new(private(A)) };
        let mut device = Device::new(monotonic, settings).unwrap();
        let peer = PeerSettings {
            preshared_key: psk.map_or(PresharedKey::NONE, PresharedKey::from_bytes),
            endpoint: Some(outer(B)),
            allowed_ips: vec![Prefix::host(inner(B))],
            ..PeerSettings::new(public(B))
        };
        let peer = device.add_peer(now, peer).unwrap();
        let key = x25519::StaticSecret::from(*private(B).expose());
        let theirs = Tunn::new(key, x25519::PublicKey::from(*public(A).as_bytes()), psk, None, 7, None);
        let rng = chacha20::ChaCha8Rng::seed_from_u64(1);
        Self { now, rng, device, peer, theirs, got: [Vec::new(), Vec::new()] }
    }

    fn run(&mut self, span: std::time::Duration) {
        let end = self.now.monotonic + span;
        while let Some(at) = self.device.poll_timeout().filter(|at| *at <= end) {
            self.advance(at);
            self.device.handle_timeout(self.now, &mut self.rng);
            self.exchange();
        }
        self.advance(end);
    }

    fn advance(&mut self, to: std::time::Instant) {
        self.now.unix_nanos += to.saturating_duration_since(self.now.monotonic).as_nanos() as i64;
        self.now.monotonic = self.now.monotonic.max(to);
    }

    fn we_send(&mut self, tag: u32) {
        self.device.handle_packet(self.now, &mut self.rng, &packet(A, B, tag, 100)).unwrap();
        self.exchange();
    }

    fn they_send(&mut self, tag: u32) {
        let mut buffer = [0; 2048];
        if let TunnResult::WriteToNetwork(message) =
            self.theirs.encapsulate(&packet(B, A, tag, 100), &mut buffer)
        {
            let message = message.to_vec();
            self.deliver(message);
        }
        self.exchange();
    }

    fn they_initiate(&mut self) {
        let mut buffer = [0; 2048];
        let TunnResult::WriteToNetwork(message) = self.theirs.format_handshake_initiation(&mut buffer, true)
        else {
            panic!("no initiation")
        };
        let message = message.to_vec();
        self.deliver(message);
        self.exchange();
    }

    fn deliver(&mut self, mut message: Vec<u8>) {
        if let Ok(Handled::Packet { packet, .. }) =
            self.device.handle_datagram(self.now, &mut self.rng, outer(B), &mut message)
        {
            self.got[A].push(packet.to_vec());
        }
    }

    /// Until nobody has anything to say.
    fn exchange(&mut self) {
        while let Some(transmit) = self.device.poll_transmit() {
            let mut input = transmit.payload.as_ref().to_vec();
            loop {
                let mut buffer = [0; 2048];
                let source = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
                let answer = match self.theirs.decapsulate(source, &input, &mut buffer) {
                    TunnResult::WriteToNetwork(message) => message.to_vec(),
                    TunnResult::WriteToTunnelV4(packet, _) | TunnResult::WriteToTunnelV6(packet, _) => {
                        self.got[B].push(packet.to_vec());
                        break;
                    }
                    TunnResult::Done | TunnResult::Err(_) => break,
                };
                self.deliver(answer);
                // boringtun hands out what waited one by one, for empty input.
                input.clear();
            }
        }
    }

    fn role(&self) -> Role {
        self.device.status(self.now.monotonic, self.peer).unwrap().session.unwrap().role
    }

    /// Packets both ways, all of which arrive.
    fn talk(&mut self) {
        for tag in 0..5 {
            self.we_send(tag);
            self.they_send(tag);
        }
        for (n, got) in self.got.iter_mut().enumerate() {
            let need: Vec<_> = (0..5).map(|tag| packet(1 - n, n, tag, 100)).collect();
            assert_eq!(std::mem::take(got), need);
        }
    }
}

#[test]
fn we_initiate() {
    for psk in [None, Some([0x42; 32])] {
        let mut pair = Pair::new(psk, 100);
        pair.talk();
        assert_eq!(pair.role(), Role::Initiator);
    }
}

#[test]
fn they_initiate() {
    for psk in [None, Some([0x42; 32])] {
        let mut pair = Pair::new(psk, 100);
        pair.they_send(9);
        assert_eq!(pair.got[A], [packet(B, A, 9, 100)]);
        assert_eq!(pair.role(), Role::Responder);
        pair.got[A].clear();
        pair.talk();
    }
}

#[test]
fn different_preshared_keys_do_not_meet() {
    let mut pair = Pair::new(Some([1; 32]), 100);
    let peer = pair.peer;
    pair.device.set_preshared_key(peer, PresharedKey::from_bytes([2; 32])).unwrap();
    pair.we_send(1);
    pair.they_send(1);
    assert_eq!(pair.got, [Vec::<Vec<u8>>::new(), Vec::new()]);
}

#[test]
fn our_rekey_after_two_minutes_is_answered() {
    let mut pair = Pair::new(None, 100);
    pair.talk();
    for _ in 0..6 {
        let before = pair.device.status(pair.now.monotonic, pair.peer).unwrap();
        pair.run(secs(121));
        pair.talk();
        let after = pair.device.status(pair.now.monotonic, pair.peer).unwrap();
        assert_eq!(after.tally.handshakes, before.tally.handshakes + 1);
        assert_eq!(after.drops.total(), 0);
    }
}

#[test]
fn their_rekey_is_answered() {
    let mut pair = Pair::new(None, 100);
    pair.talk();
    for _ in 0..6 {
        pair.run(ms(30));
        pair.they_initiate();
        pair.talk();
        assert_eq!(pair.role(), Role::Responder);
    }
}

#[test]
fn they_obtain_our_cookie_under_load() {
    let mut pair = Pair::new(None, 0);
    pair.they_initiate();
    assert!(pair.device.status(pair.now.monotonic, pair.peer).unwrap().session.is_none());
    pair.run(ms(30));
    pair.they_initiate();
    pair.talk();
}

#[test]
fn our_keepalives_are_understood() {
    let mut pair = Pair::new(None, 100);
    pair.talk();
    pair.they_send(7);
    pair.run(secs(11));
    let status = pair.device.status(pair.now.monotonic, pair.peer).unwrap();
    assert_eq!(status.tally.keepalives, 1);
    pair.got[A].clear();
    pair.talk();
}

#[test]
fn our_restart_is_answered() {
    let mut pair = Pair::new(None, 100);
    pair.talk();
    let later = pair.now.unix_nanos + 1_000_000_000;
    let fresh = Pair::new(None, 100);
    (pair.device, pair.peer) = (fresh.device, fresh.peer);
    pair.now.unix_nanos = later;
    pair.talk();
}
