//! How much of a flood is worked on.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// A token bucket's size and pace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// Time that one token takes to come back.
    pub(crate) interval: Duration,
    /// Tokens in a full bucket.
    pub(crate) burst: u32,
}

/// A token bucket; begins full.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    credit: Duration,
    seen: Instant,
}

impl Bucket {
    pub(crate) fn full(rate: Rate, now: Instant) -> Self {
        Self { credit: rate.interval.saturating_mul(rate.burst), seen: now }
    }

    /// Takes a token if there is one.
    pub(crate) fn take(&mut self, rate: Rate, now: Instant) -> bool {
        let earned = now.saturating_duration_since(self.seen);
        self.credit = self.credit.saturating_add(earned).min(rate.interval.saturating_mul(rate.burst));
        self.seen = self.seen.max(now);
        let left = self.credit.checked_sub(rate.interval);
        self.credit = left.unwrap_or(self.credit);
        left.is_some()
    }
}

/// A bucket for each source address, or each /64 of IPv6; bounded.
#[derive(Debug)]
pub(crate) struct Sources {
    buckets: BTreeMap<IpAddr, Bucket>,
    swept: Instant,
}

impl Sources {
    pub(crate) fn new(now: Instant) -> Self {
        Self { buckets: BTreeMap::new(), swept: now }
    }

    /// Whether one more message of `source` is fair; never when the table is full of others.
    pub(crate) fn allow(&mut self, source: IpAddr, now: Instant) -> bool {
        let source = network(source);
        if let Some(bucket) = self.buckets.get_mut(&source) {
            return bucket.take(PER_SOURCE, now);
        }
        if self.buckets.len() >= MOST_SOURCES && !self.sweep(now) {
            return false;
        }
        let mut bucket = Bucket::full(PER_SOURCE, now);
        let allowed = bucket.take(PER_SOURCE, now);
        self.buckets.insert(source, bucket);
        allowed
    }

    pub(crate) fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Forgets sources that have been silent for long enough to have a full bucket again; at most
    /// once in that time. Whether there is room now.
    fn sweep(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.swept) >= SILENCE {
            self.swept = now;
            self.buckets.retain(|_, bucket| now.saturating_duration_since(bucket.seen) < SILENCE);
        }
        self.buckets.len() < MOST_SOURCES
    }
}

/// Whether the device is under load: more handshake messages a second than it likes to work on.
#[derive(Debug)]
pub(crate) struct Load {
    bucket: Bucket,
    until: Option<Instant>,
}

impl Load {
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        Self { bucket: Bucket::full(rate, now), until: None }
    }

    /// Counts one handshake message and judges.
    pub(crate) fn weigh(&mut self, rate: Rate, now: Instant) -> bool {
        if !self.bucket.take(rate, now) {
            self.until = Some(now + LINGER);
        }
        self.is_under(now)
    }

    pub(crate) fn is_under(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}

/// Twenty a second, five at once.
// linux: drivers/net/wireguard/ratelimiter.c
const PER_SOURCE: Rate = Rate { interval: Duration::from_millis(50), burst: 5 };
const SILENCE: Duration = Duration::from_secs(1);
const MOST_SOURCES: usize = 8192;
/// Under load lasts this long after the last sign of it.
// linux: drivers/net/wireguard/receive.c, wg_receive_handshake_packet
const LINGER: Duration = Duration::from_secs(1);

/// Whoever has an IPv6 address has a /64 of them.
fn network(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(addr) => Ipv6Addr::from(u128::from(addr) >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests;
