//! Cookies at both ends (whitepaper 5.4.7): the loaded responder's secret, and what a peer holds.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use rand_core::CryptoRng;
use wgtrace_decrypt::key::PublicKey;
use wgtrace_decrypt::noise::cookie::{Cookie, CookieKey};
use wgtrace_decrypt::noise::mac::Maced;
use wgtrace_wire::wireguard::{CookieReply, Initiation, Response, SessionIndex};
use zeroize::Zeroizing;

use crate::drops::DropCause;
use crate::time::{COOKIE_LATENCY, COOKIE_LIFETIME};

/// A message that ends in both MACs and names its sender.
pub(crate) trait HandshakeMessage: Maced {
    fn sender(&self) -> SessionIndex;
    fn first_mac(&self) -> [u8; 16];
}

impl HandshakeMessage for Initiation {
    fn sender(&self) -> SessionIndex {
        SessionIndex(self.sender.get())
    }

    fn first_mac(&self) -> [u8; 16] {
        self.mac1
    }
}

impl HandshakeMessage for Response {
    fn sender(&self) -> SessionIndex {
        SessionIndex(self.sender.get())
    }

    fn first_mac(&self) -> [u8; 16] {
        self.mac1
    }
}

/// The random secret behind all cookies handed out, replaced every two minutes.
#[derive(Default)]
pub(crate) struct CookieSecret(Option<(Zeroizing<[u8; 32]>, Instant)>);

impl CookieSecret {
    /// The cookie for `source` now.
    pub(crate) fn cookie(&mut self, now: Instant, rng: &mut dyn CryptoRng, source: SocketAddr) -> Cookie {
        let fresh = |born: &Instant| now.saturating_duration_since(*born) < COOKIE_LIFETIME;
        let secret = match &mut self.0 {
            Some((secret, born)) if fresh(born) => secret,
            stale => {
                let mut secret = Zeroizing::new([0; 32]);
                rng.fill_bytes(secret.as_mut_slice());
                &mut stale.insert((secret, now)).0
            }
        };
        let [high, low] = source.port().to_be_bytes();
        match source.ip() {
            IpAddr::V4(addr) => {
                let [a, b, c, d] = addr.octets();
                Cookie::new(secret, &[a, b, c, d, high, low])
            }
            IpAddr::V6(addr) => {
                let mut bytes = [0; 18];
                for (byte, value) in bytes.iter_mut().zip(addr.octets().into_iter().chain([high, low])) {
                    *byte = value;
                }
                Cookie::new(secret, &bytes)
            }
        }
    }
}

/// The last cookie of one peer, and what is needed to recognise the next.
pub(crate) struct CookieJar {
    key: CookieKey,
    cookie: Option<(Cookie, Instant)>,
    awaited: Option<[u8; 16]>,
}

impl CookieJar {
    pub(crate) fn new(peer: &PublicKey) -> Self {
        Self { key: CookieKey::new(peer), cookie: None, awaited: None }
    }

    /// Writes mac2 if there is a cookie to make it with; `message` has its mac1 and goes out next.
    pub(crate) fn stamp<M: HandshakeMessage>(&mut self, now: Instant, message: &mut M) {
        self.awaited = Some(message.first_mac());
        let good_for = COOKIE_LIFETIME.saturating_sub(COOKIE_LATENCY);
        self.cookie = self.cookie.take().filter(|(_, got)| now.saturating_duration_since(*got) < good_for);
        if let Some((cookie, _)) = &self.cookie {
            cookie.seal(message);
        }
    }

    /// Takes a cookie in, from a reply to the last message sent; one reply for each message.
    pub(crate) fn receive(&mut self, now: Instant, reply: &CookieReply) -> Result<(), DropCause> {
        let mac1 = self.awaited.ok_or(DropCause::UnexpectedCookie)?;
        let cookie = self.key.open(reply, &mac1).map_err(|_| DropCause::CookieUndecryptable)?;
        self.cookie = Some((cookie, now));
        self.awaited = None;
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        (self.cookie, self.awaited) = (None, None);
    }
}
