//! What a handshake message must pass before anything is computed for it (whitepaper 5.3, 5.4.7).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand_core::CryptoRng;
use wgtrace_decrypt::key::PublicKey;
use wgtrace_decrypt::noise::cookie::CookieKey;
use wgtrace_decrypt::noise::mac::Mac1Key;
use wgtrace_wire::wireguard::CookieReply;

use crate::cookies::{CookieSecret, HandshakeMessage};
use crate::drops::DropCause;
use crate::limit::{Bucket, Load, Rate, Sources};

/// How many handshake messages a second are worked on; a handshake takes some tenths of a
/// millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandshakeLimits {
    /// Above this the device is under load: it asks for cookies and limits each source. 0: always.
    pub before_load: u32,
    /// Above this it drops even what comes with a cookie; bounds the time spent.
    pub at_most: u32,
}

impl Default for HandshakeLimits {
    fn default() -> Self {
        Self { before_load: 100, at_most: 1000 }
    }
}

/// Why a message did not pass.
pub(crate) enum Refusal {
    Drop(DropCause),
    Answer(CookieReply),
}

/// The checks before the first Diffie-Hellman, cheapest first.
pub(crate) struct Gate {
    mac1: Mac1Key,
    cookie_key: CookieKey,
    secret: CookieSecret,
    load: Load,
    sources: Sources,
    budget: Bucket,
    rates: [Rate; 2],
}

impl Gate {
    pub(crate) fn new(public: &PublicKey, limits: HandshakeLimits, now: Instant) -> Self {
        let rates @ [before_load, at_most] = [limits.before_load, limits.at_most].map(per_second);
        Self {
            mac1: Mac1Key::new(public),
            cookie_key: CookieKey::new(public),
            secret: CookieSecret::default(),
            load: Load::new(before_load, now),
            sources: Sources::new(now),
            budget: Bucket::full(at_most, now),
            rates,
        }
    }

    /// Replaces the device's key.
    pub(crate) fn rekey(&mut self, public: &PublicKey) {
        (self.mac1, self.cookie_key) = (Mac1Key::new(public), CookieKey::new(public));
    }

    /// Whether `message` is worth its computation.
    pub(crate) fn admit<M: HandshakeMessage>(
        &mut self,
        now: Instant,
        rng: &mut dyn CryptoRng,
        source: SocketAddr,
        message: &M,
    ) -> Result<(), Refusal> {
        let [before_load, at_most] = self.rates;
        if !self.mac1.verify(message) {
            return Err(Refusal::Drop(DropCause::InvalidMac1));
        }
        if !self.load.weigh(before_load, now) {
            return Ok(());
        }
        let cookie = self.secret.cookie(now, rng, source);
        if !cookie.verify(message) {
            let mut nonce = [0; 24];
            rng.fill_bytes(&mut nonce);
            let reply = self.cookie_key.reply(&cookie, message.sender(), &message.first_mac(), nonce);
            return Err(reply.map_or(Refusal::Drop(DropCause::AnsweredWithCookie), Refusal::Answer));
        }
        // The source is proven now, so that nobody is limited for what others say in its name.
        if !self.sources.allow(source.ip(), now) {
            return Err(Refusal::Drop(DropCause::SourceRateLimited));
        }
        if !self.budget.take(at_most, now) {
            return Err(Refusal::Drop(DropCause::DeviceRateLimited));
        }
        Ok(())
    }

    pub(crate) fn is_under_load(&self, now: Instant) -> bool {
        self.load.is_under(now)
    }

    /// Source addresses remembered.
    pub(crate) fn sources(&self) -> usize {
        self.sources.len()
    }
}

fn per_second(count: u32) -> Rate {
    Rate { interval: Duration::from_secs(1).checked_div(count).unwrap_or(Duration::MAX), burst: count }
}
