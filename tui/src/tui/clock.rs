//! What time it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Nanoseconds since 1970, which go on evenly whatever happens to the system's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    began: Instant,
    at: i64,
}

impl Clock {
    /// The system's time, from now on.
    pub(crate) fn system() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::starting(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }

    /// A clock that shows this now.
    pub(crate) fn starting(at: i64) -> Self {
        Self { began: Instant::now(), at }
    }

    pub(crate) fn now(&self) -> i64 {
        self.at.saturating_add(i64::try_from(self.began.elapsed().as_nanos()).unwrap_or(i64::MAX))
    }

    /// The moment at which it will show this; now if it already did.
    pub(crate) fn moment(&self, at: i64) -> Instant {
        let ahead = u64::try_from(at.saturating_sub(self.now())).unwrap_or(0);
        Instant::now() + Duration::from_nanos(ahead).min(LONGEST)
    }
}

/// Nobody waits for longer.
const LONGEST: Duration = Duration::from_hours(1);
