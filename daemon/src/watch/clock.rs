//! The kernel's clock, which events are stamped by, and the wall's.

use rustix::time::{ClockId, clock_gettime};
use wgtrace_flow::time::WallOffset;

use crate::trace::clock::Clock;

/// Both clocks.
pub(super) struct Clocks(Clock);

impl Clocks {
    pub(super) fn new() -> Self {
        Self(Clock::now())
    }

    /// Follows the wall clock when it was set.
    pub(super) fn adjust(&mut self) {
        self.0.adjust();
    }

    /// From events' times to the wall's.
    pub(super) fn offset(&self) -> WallOffset {
        self.0.offset()
    }

    /// The wall's time, in nanoseconds since 1970.
    pub(super) fn wall(&self) -> i64 {
        self.offset().wall(boot())
    }
}

/// Nanoseconds since boot.
pub(super) fn boot() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0))
}
