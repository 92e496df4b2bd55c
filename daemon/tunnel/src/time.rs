//! Both clocks, and the protocol's constants (whitepaper 6.1; linux: drivers/net/wireguard/messages.h).

use std::time::{Duration, Instant};

/// What the caller's clocks show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The clock that every timer runs on.
    pub monotonic: Instant,
    /// Nanoseconds since 1970-01-01 UTC, for the timestamps in initiations.
    pub unix_nanos: i64,
}

/// Age at which an initiator replaces its session.
pub const REKEY_AFTER_TIME: Duration = Duration::from_mins(2);
/// Age at which a session neither sends nor receives any more.
pub const REJECT_AFTER_TIME: Duration = Duration::from_mins(3);
/// Time without a new session after which all key material of a peer is wiped.
pub const WIPE_AFTER_TIME: Duration = Duration::from_mins(9);
/// Time after which an unanswered initiation is sent anew; also the least time between two.
pub const REKEY_TIMEOUT: Duration = Duration::from_secs(5);
/// Initiations are repeated this long before the peer is given up.
pub const REKEY_ATTEMPT_TIME: Duration = Duration::from_secs(90);
/// Silence after received data that a keepalive ends.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// The least time between two accepted initiations of one peer: fifty a second.
pub const INITIATION_INTERVAL: Duration = Duration::from_millis(20);
/// How long a cookie is good, and the secret it is made from.
pub const COOKIE_LIFETIME: Duration = Duration::from_mins(2);
/// How much earlier the holder of a cookie stops using it: it took time to arrive.
pub const COOKIE_LATENCY: Duration = Duration::from_secs(5);
/// Largest random addition to the time between initiations, so that two ends do not stay in step.
pub const JITTER: Duration = Duration::from_millis(334);

/// Grain of the timestamps sent, so that they tell little about the clock: the largest power of two
/// of nanoseconds within [`INITIATION_INTERVAL`].
// linux: drivers/net/wireguard/noise.c, tai64n_now
pub(crate) const TIMESTAMP_GRAIN: i64 = 1 << 24;
