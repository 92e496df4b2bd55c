//! Somebody with a key of his own and no manners: whoever has him for a peer is told anything.

use std::net::SocketAddr;

use chacha20::ChaCha8Rng;
use rand_core::Rng as _;
use wgtrace_decrypt::key::{PresharedKey, PrivateKey, PublicKey};
use wgtrace_decrypt::keylog::NoKeyLog;
use wgtrace_decrypt::keypair::{Keypair, SendHalf, message_len};
use wgtrace_decrypt::noise::cookie::{Cookie, CookieKey};
use wgtrace_decrypt::noise::{Initiator, Responder, Tai64n};
use wgtrace_wire::wireguard::{Counter, Message, SessionIndex};
use zerocopy::IntoBytes as _;

use super::cast::{STRANGER, private};
use super::net::Datagram;

/// Where he is.
pub const ADDR: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 9)), 9);

#[derive(Default)]
pub struct Stranger {
    asked: Vec<Asked>,
    sessions: Vec<Session>,
    cookie: Option<Cookie>,
}

struct Asked {
    initiator: Initiator,
    mac1: [u8; 16],
    addr: SocketAddr,
}

struct Session {
    half: SendHalf,
    /// Whom it is with.
    peer: PublicKey,
    addr: SocketAddr,
}

impl Stranger {
    /// Asks a device for a session.
    pub fn ask(
        &mut self,
        rng: &mut ChaCha8Rng,
        (addr, key): (SocketAddr, &PublicKey),
        nanos: i64,
        index: SessionIndex,
    ) -> Option<Datagram> {
        let (local, psk, time) = (private(STRANGER), PresharedKey::NONE, Tai64n::from_unix_nanos(nanos));
        let started = Initiator::start(&local, key, &psk, index, ephemeral(rng), time, &NoKeyLog);
        let (initiator, mut message) = started.ok()?;
        if let Some(cookie) = &self.cookie {
            cookie.seal(&mut message);
        }
        if self.asked.len() >= MOST {
            self.asked.remove(0);
        }
        self.asked.push(Asked { initiator, mac1: message.mac1, addr });
        Some(Datagram { from: ADDR, to: addr, bytes: message.as_bytes().to_vec() })
    }

    /// Reads what came, and answers it as a peer would.
    pub fn hear(&mut self, rng: &mut ChaCha8Rng, datagram: &Datagram) -> Option<Datagram> {
        match Message::parse(&datagram.bytes).ok()? {
            Message::Initiation(message) => {
                let local = private(STRANGER);
                let responder = Responder::receive(&local, message).ok()?;
                let peer = *responder.initiator();
                let index = SessionIndex(rng.next_u32());
                let answered = responder.respond(&PresharedKey::NONE, index, &ephemeral(rng), &NoKeyLog);
                let (mut answer, keypair) = answered.ok()?;
                if let Some(cookie) = &self.cookie {
                    cookie.seal(&mut answer);
                }
                self.keep(keypair, peer, datagram.from);
                Some(Datagram { from: ADDR, to: datagram.from, bytes: answer.as_bytes().to_vec() })
            }
            Message::Response(message) => {
                let finish = |asked: &Asked| {
                    let peer = *asked.initiator.remote();
                    asked.initiator.finish(message, &NoKeyLog).ok().map(|keypair| (keypair, peer, asked.addr))
                };
                let (keypair, peer, addr) = self.asked.iter().find_map(finish)?;
                self.keep(keypair, peer, addr);
                None
            }
            Message::CookieReply(reply) => {
                let open =
                    |asked: &Asked| CookieKey::new(asked.initiator.remote()).open(reply, &asked.mac1).ok();
                self.cookie = Some(self.asked.iter().find_map(open)?);
                None
            }
            Message::TransportData(_) => None,
        }
    }

    /// Seals `packet` under one of his sessions and any counter; says whom it is for.
    pub fn seal(&self, which: usize, counter: u64, packet: &[u8]) -> Option<(PublicKey, Datagram)> {
        let session = self.sessions.get(which % self.sessions.len().max(1))?;
        let mut bytes = vec![0; message_len(packet.len(), MTU)];
        bytes[16..16 + packet.len()].copy_from_slice(packet);
        session.half.seal(Counter(counter), &mut bytes, packet.len(), MTU).ok()?;
        Some((session.peer, Datagram { from: ADDR, to: session.addr, bytes }))
    }

    fn keep(&mut self, keypair: Keypair, peer: PublicKey, addr: SocketAddr) {
        if self.sessions.len() >= MOST {
            self.sessions.remove(0);
        }
        let (_, half, _) = keypair.into_halves();
        self.sessions.push(Session { half, peer, addr });
    }
}

fn ephemeral(rng: &mut ChaCha8Rng) -> PrivateKey {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    PrivateKey::from_bytes(bytes)
}

const MOST: usize = 4;
const MTU: usize = 1420;
