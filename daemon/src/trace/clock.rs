//! Event times as people and programs read them.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, Timespec, clock_gettime};
use wgtrace_flow::put::Put;
use wgtrace_flow::time::WallOffset;

/// The wall clock's time of events, which the kernel stamps by its own clock.
#[derive(Debug)]
pub(crate) struct Clock {
    offset: WallOffset,
    /// The second that `date` is of.
    second: u64,
    /// `2026-11-23T09:12:24`, in UTC.
    date: String,
}

impl Clock {
    /// As both clocks are now.
    pub(crate) fn now() -> Self {
        Self::with(Self::offset_now())
    }

    /// With a known difference of the clocks.
    pub(super) fn with(offset: WallOffset) -> Self {
        Self { offset, second: u64::MAX, date: String::new() }
    }

    /// Follows the wall clock when it was set.
    pub(crate) fn adjust(&mut self) {
        let now = Self::offset_now();
        // what two readings of the clocks differ by is no change
        if now.0.abs_diff(self.offset.0) > TOLERANCE {
            self.offset = now;
        }
    }

    fn offset_now() -> WallOffset {
        let boot = nanoseconds(clock_gettime(ClockId::Boottime));
        let wall = nanoseconds(clock_gettime(ClockId::Realtime));
        WallOffset::new(boot.try_into().unwrap_or_default(), wall)
    }

    /// The difference of the clocks.
    pub(crate) fn offset(&self) -> WallOffset {
        self.offset
    }

    /// `09:12:24.280618`, in UTC.
    pub(super) fn time_of_day(&mut self, boot: u64, out: &mut Vec<u8>) {
        let nanoseconds = self.advance(boot);
        out.text(self.date.get(11..).unwrap_or_default());
        fraction(u64::from(nanoseconds / 1000), 100_000, out);
    }

    /// `2026-11-23T09:12:24.280618123Z`.
    pub(super) fn rfc3339(&mut self, boot: u64, out: &mut Vec<u8>) {
        let nanoseconds = self.advance(boot);
        out.text(&self.date);
        fraction(u64::from(nanoseconds), 100_000_000, out);
        out.push(b'Z');
    }

    /// Makes `date` that of an event; the rest of its second in nanoseconds.
    fn advance(&mut self, boot: u64) -> u32 {
        let wall = Duration::from_nanos(u64::try_from(self.offset.wall(boot)).unwrap_or_default());
        if wall.as_secs() != self.second {
            self.second = wall.as_secs();
            self.date.clear();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(self.second);
            let _ = write!(self.date, "{}", humantime::format_rfc3339_seconds(time));
            self.date.pop();
        }
        wall.subsec_nanos()
    }
}

/// A point and decimals, the first worth `scale`.
fn fraction(mut rest: u64, mut scale: u64, out: &mut Vec<u8>) {
    out.push(b'.');
    while scale != 0 {
        out.number(rest / scale);
        rest %= scale;
        scale /= 10;
    }
}

fn nanoseconds(time: Timespec) -> i64 {
    time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec)
}

/// In nanoseconds.
const TOLERANCE: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_to_the_last_digit() {
        let mut clock = Clock::with(WallOffset(1_700_000_000_000_000_000));
        let mut out = Vec::new();
        clock.time_of_day(1_000_280_618, &mut out);
        out.push(b' ');
        clock.rfc3339(1_000_000_007, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "22:13:21.000280 2023-11-14T22:13:21.000000007Z");
    }

    #[test]
    fn the_clocks_differ_by_a_constant() {
        let mut clock = Clock::now();
        let before = clock.offset();
        clock.adjust();
        assert_eq!(clock.offset(), before);
    }
}
