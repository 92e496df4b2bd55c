//! Handshakes and data with boringtun, an independent implementation, in both roles.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use boringtun::noise::rate_limiter::RateLimiter;
use boringtun::noise::{Tunn, TunnResult};
use boringtun::x25519;
use wgtrace_decrypt::key::{PresharedKey, PrivateKey, PublicKey};
use wgtrace_decrypt::keylog::NoKeyLog;
use wgtrace_decrypt::keypair::{Keypair, OpenError, message_len};
use wgtrace_decrypt::noise::cookie::{Cookie, CookieKey};
use wgtrace_decrypt::noise::mac::Mac1Key;
use wgtrace_decrypt::noise::{Initiator, Responder, Tai64n};
use wgtrace_decrypt::replay::ReplayError;
use wgtrace_wire::wireguard::{CookieReply, Initiation, Message, Response, SessionIndex};
use zerocopy::IntoBytes as _;

const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const MTU: usize = 1420;

#[test]
fn we_initiate_and_data_flows_both_ways() {
    for psk in [PresharedKey::NONE, preshared()] {
        let mut theirs = Theirs::new(&psk, None);
        let mut keypair = initiate(&mut theirs, &psk, 1);
        exchange(&mut keypair, &mut theirs);
    }
}

#[test]
fn they_initiate_and_data_flows_both_ways() {
    for psk in [PresharedKey::NONE, preshared()] {
        let mut theirs = Theirs::new(&psk, None);
        let mut keypair = respond(&mut theirs, &psk, 1);
        exchange(&mut keypair, &mut theirs);
    }
}

#[test]
fn rekey_in_either_direction_replaces_the_session() {
    let mut theirs = Theirs::new(&preshared(), None);
    let mut first = initiate(&mut theirs, &preshared(), 1);
    exchange(&mut first, &mut theirs);
    let mut second = initiate(&mut theirs, &preshared(), 2);
    exchange(&mut second, &mut theirs);
    let mut third = respond(&mut theirs, &preshared(), 3);
    exchange(&mut third, &mut theirs);
    // What was sent under the old keys and arrives late is still read.
    let late = sealed(&mut second, &packet(60));
    assert!(matches!(theirs.receive(&late), Received::Packet(_)));
}

#[test]
fn different_preshared_keys_do_not_meet() {
    let mut theirs = Theirs::new(&preshared(), None);
    let (pending, initiation) = start(&PresharedKey::NONE, 1);
    let Received::Network(answer) = theirs.receive(initiation.as_bytes()) else { panic!("no response") };
    assert!(pending.finish(&response(&answer), &NoKeyLog).is_err());
}

#[test]
fn replayed_initiation_is_refused_by_them_as_by_us() {
    let mut theirs = Theirs::new(&preshared(), None);
    let (_, initiation) = start(&preshared(), 1);
    assert!(matches!(theirs.receive(initiation.as_bytes()), Received::Network(_)));
    assert!(matches!(theirs.receive(initiation.as_bytes()), Received::Nothing));
}

#[test]
fn their_cookie_under_load_lets_our_next_initiation_pass() {
    let mut theirs = Theirs::new(&preshared(), Some(0));
    let (_, refused) = start(&preshared(), 1);
    let Received::Network(reply) = theirs.receive(refused.as_bytes()) else { panic!("no cookie") };
    let reply = cookie_reply(&reply);
    assert_eq!(reply.receiver, refused.sender);
    let cookie = CookieKey::new(&their_static().public()).open(&reply, &refused.mac1).unwrap();

    let (pending, mut initiation) = start(&preshared(), 2);
    cookie.seal(&mut initiation);
    let Received::Network(answer) = theirs.receive(initiation.as_bytes()) else { panic!("no response") };
    let mut keypair = pending.finish(&response(&answer), &NoKeyLog).unwrap();
    exchange(&mut keypair, &mut theirs);
}

#[test]
fn our_cookie_under_load_makes_them_prove_their_address() {
    let mut theirs = Theirs::new(&preshared(), None);
    let refused = theirs.initiate();
    let cookie = Cookie::new(&[7; 32], &[192, 0, 2, 2, 0xca, 0x6c]);
    assert!(Mac1Key::new(&our_static().public()).verify(&refused));
    assert!(!cookie.verify(&refused));
    let sender = SessionIndex(refused.sender.get());
    let reply =
        CookieKey::new(&our_static().public()).reply(&cookie, sender, &refused.mac1, [5; 24]).unwrap();
    assert!(matches!(theirs.receive(reply.as_bytes()), Received::Nothing));

    let initiation = theirs.initiate();
    assert!(cookie.verify(&initiation));
    let mut keypair = answer(&mut theirs, &initiation, &preshared(), 1);
    exchange(&mut keypair, &mut theirs);
}

/// boringtun's end.
struct Theirs(Tunn);

enum Received {
    Nothing,
    Network(Vec<u8>),
    Packet(Vec<u8>),
}

impl Theirs {
    /// `limit`: handshake messages a second before it counts as loaded.
    fn new(psk: &PresharedKey, limit: Option<u64>) -> Self {
        let private = x25519::StaticSecret::from(*their_static().expose());
        let public = x25519::PublicKey::from(&private);
        let peer = x25519::PublicKey::from(*our_static().public().as_bytes());
        let limiter = limit.map(|limit| Arc::new(RateLimiter::new(&public, limit)));
        let psk = (!psk.is_zero()).then(|| *psk.expose());
        Self(Tunn::new(private, peer, psk, None, 3, limiter))
    }

    fn initiate(&mut self) -> Initiation {
        let mut buffer = [0; 2048];
        let TunnResult::WriteToNetwork(message) = self.0.format_handshake_initiation(&mut buffer, true)
        else {
            panic!("no initiation")
        };
        let Ok(Message::Initiation(message)) = Message::parse(message) else { panic!("no initiation") };
        *message
    }

    fn send(&mut self, packet: &[u8]) -> Vec<u8> {
        let mut buffer = [0; 2048];
        let TunnResult::WriteToNetwork(message) = self.0.encapsulate(packet, &mut buffer) else {
            panic!("nothing to send")
        };
        message.to_vec()
    }

    fn receive(&mut self, datagram: &[u8]) -> Received {
        let mut buffer = [0; 2048];
        match self.0.decapsulate(Some(SOURCE), datagram, &mut buffer) {
            TunnResult::Done | TunnResult::Err(_) => Received::Nothing,
            TunnResult::WriteToNetwork(message) => Received::Network(message.to_vec()),
            TunnResult::WriteToTunnelV4(packet, _) | TunnResult::WriteToTunnelV6(packet, _) => {
                Received::Packet(packet.to_vec())
            }
        }
    }
}

fn preshared() -> PresharedKey {
    PresharedKey::from_bytes([0x42; 32])
}

fn our_static() -> PrivateKey {
    PrivateKey::from_bytes([0x11; 32])
}

fn their_static() -> PrivateKey {
    PrivateKey::from_bytes([0x22; 32])
}

/// An initiation of ours; everything that must be used only once comes from `n`.
fn start(psk: &PresharedKey, n: u8) -> (Initiator, Initiation) {
    let (index, ephemeral) = (SessionIndex(1000 + u32::from(n)), PrivateKey::from_bytes([n; 32]));
    let time = Tai64n::from_unix_nanos(1_700_000_000_000_000_000 + i64::from(n));
    let remote: PublicKey = their_static().public();
    Initiator::start(&our_static(), &remote, psk, index, ephemeral, time, &NoKeyLog).unwrap()
}

fn initiate(theirs: &mut Theirs, psk: &PresharedKey, n: u8) -> Keypair {
    let (pending, initiation) = start(psk, n);
    let Received::Network(answer) = theirs.receive(initiation.as_bytes()) else { panic!("no response") };
    let response = response(&answer);
    assert!(Mac1Key::new(&our_static().public()).verify(&response));
    pending.finish(&response, &NoKeyLog).unwrap()
}

fn respond(theirs: &mut Theirs, psk: &PresharedKey, n: u8) -> Keypair {
    let initiation = theirs.initiate();
    assert!(Mac1Key::new(&our_static().public()).verify(&initiation));
    answer(theirs, &initiation, psk, n)
}

fn answer(theirs: &mut Theirs, initiation: &Initiation, psk: &PresharedKey, n: u8) -> Keypair {
    let (local, ephemeral) = (our_static(), PrivateKey::from_bytes([0x80 | n; 32]));
    let received = Responder::receive(&local, initiation).unwrap();
    assert_eq!(*received.initiator(), their_static().public());
    assert!(received.timestamp().to_unix_nanos().is_some());
    let (response, mut keypair) =
        received.respond(psk, SessionIndex(2000 + u32::from(n)), &ephemeral, &NoKeyLog).unwrap();
    assert!(!keypair.is_confirmed());
    let Received::Network(mut keepalive) = theirs.receive(response.as_bytes()) else {
        panic!("no keepalive")
    };
    assert_eq!(keypair.open(&mut keepalive).unwrap(), b"");
    assert!(keypair.is_confirmed());
    keypair
}

/// Packets of awkward lengths and a keepalive, each way, and each once.
fn exchange(ours: &mut Keypair, theirs: &mut Theirs) {
    for len in [20, 31, 32, 33, 84, 1419, 1420] {
        let packet = packet(len);
        let message = sealed(ours, &packet);
        let Received::Packet(read) = theirs.receive(&message) else { panic!("{len} bytes not read") };
        assert_eq!(read, packet);
        assert!(matches!(theirs.receive(&message), Received::Nothing));

        let mut message = theirs.send(&packet);
        let mut again = message.clone();
        assert!(ours.open(&mut message).unwrap().starts_with(&packet));
        assert_eq!(ours.open(&mut again), Err(OpenError::Replayed(ReplayError::Duplicate)));
    }
    let keepalive = sealed(ours, b"");
    assert_eq!(keepalive.len(), 32);
    assert!(matches!(theirs.receive(&keepalive), Received::Nothing));
    assert_eq!(ours.open(&mut theirs.send(b"")).unwrap(), b"");
}

fn sealed(keypair: &mut Keypair, packet: &[u8]) -> Vec<u8> {
    let mut buffer = vec![0xee; message_len(packet.len(), MTU)];
    buffer[16..16 + packet.len()].copy_from_slice(packet);
    keypair.seal(&mut buffer, packet.len(), MTU).unwrap().to_vec()
}

/// An IPv4 packet as far as boringtun looks: version, length, addresses.
fn packet(len: u16) -> Vec<u8> {
    let mut packet: Vec<u8> = (0..len).map(|n| n.to_le_bytes()[0]).collect();
    packet[0] = 0x45;
    packet[2..4].copy_from_slice(&len.to_be_bytes());
    packet
}

fn response(message: &[u8]) -> Response {
    let Ok(Message::Response(response)) = Message::parse(message) else { panic!("no response") };
    *response
}

fn cookie_reply(message: &[u8]) -> CookieReply {
    let Ok(Message::CookieReply(reply)) = Message::parse(message) else { panic!("no cookie reply") };
    *reply
}
