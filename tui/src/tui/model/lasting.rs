//! How long a WireGuard session has still to go.

use wgtrace_api::v1::Session;

use crate::tui::units::SECOND;

/// What is left of a session; negative once it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PeerClock {
    /// Until its initiator asks for a new one when there is something to send. Whitepaper 6.1.
    pub(crate) rekey_in: i64,
    /// Until nothing is sent or taken under it. Whitepaper 6.1.
    pub(crate) reject_in: i64,
}

impl PeerClock {
    /// As told at one moment, seen from another.
    pub(crate) fn new(session: &Session, told: i64, now: i64) -> Self {
        let age = i64::try_from(session.age).unwrap_or(i64::MAX).saturating_add(now.saturating_sub(told));
        let left = |of: u64| i64::try_from(of).unwrap_or(i64::MAX).saturating_sub(age);
        Self { rekey_in: left(REKEY_AFTER_TIME), reject_in: left(REJECT_AFTER_TIME) }
    }
}

const REKEY_AFTER_TIME: u64 = 120 * SECOND;
const REJECT_AFTER_TIME: u64 = 180 * SECOND;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_goes_on_between_two_answers() {
        let session = Session { age: 100 * SECOND, ..Default::default() };
        let clock = PeerClock::new(&session, 1_000_000_000, 31_000_000_000);
        assert_eq!(clock, PeerClock { rekey_in: -10_000_000_000, reject_in: 50_000_000_000 });
    }
}
