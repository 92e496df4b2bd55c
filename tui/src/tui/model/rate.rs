//! What happens in a second, over a short window.

/// Counts and when they were read; the rate between the last two readings that are a window apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Meter {
    /// When the window began, and the counts then.
    mark: Option<(i64, Rate)>,
    per_second: Rate,
}

/// Packets and bytes: a count of them, or in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rate {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
}

impl Meter {
    /// Takes the counts as they are now.
    pub(crate) fn read(&mut self, now: i64, counts: Rate) {
        let Some((since, before)) = self.mark else {
            self.mark = Some((now, counts));
            return;
        };
        // counts of one flow never go back; another life of it begins anew
        if counts.packets < before.packets || now < since {
            *self = Self { mark: Some((now, counts)), ..Self::default() };
            return;
        }
        let nanos = now.saturating_sub(since);
        if nanos >= WINDOW {
            let rate = |before: u64, after: u64| per_second(after.saturating_sub(before), nanos);
            self.per_second = Rate {
                packets: rate(before.packets, counts.packets),
                bytes: rate(before.bytes, counts.bytes),
            };
            self.mark = Some((now, counts));
        }
    }

    /// The rate falls to nothing when nothing was read for long. Whether it did.
    pub(crate) fn rest(&mut self, now: i64) -> bool {
        let is_late = self.mark.is_some_and(|(since, _)| now.saturating_sub(since) > 4 * WINDOW);
        if is_late && self.is_moving() {
            self.per_second = Rate::default();
            return true;
        }
        false
    }

    /// Whether the rate is not nothing.
    pub(crate) fn is_moving(&self) -> bool {
        self.per_second != Rate::default()
    }

    /// In a second, by the last window.
    pub(crate) fn per_second(&self) -> Rate {
        self.per_second
    }
}

fn per_second(count: u64, nanos: i64) -> u64 {
    let nanos = u128::from(nanos.unsigned_abs().max(1));
    u64::try_from(u128::from(count) * 1_000_000_000 / nanos).unwrap_or(u64::MAX)
}

/// Half a second.
const WINDOW: i64 = 500_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(packets: u64) -> Rate {
        Rate { packets, bytes: packets * 84 }
    }

    #[test]
    fn the_rate_is_that_of_the_last_window_and_falls_to_nothing() {
        let mut meter = Meter::default();
        meter.read(0, counts(10));
        meter.read(WINDOW / 2, counts(15));
        assert_eq!(meter.per_second(), Rate::default());
        meter.read(WINDOW, counts(20));
        assert_eq!(meter.per_second(), Rate { packets: 20, bytes: 1680 });
        assert!(!meter.rest(WINDOW + 1));
        assert!(meter.rest(6 * WINDOW) && !meter.rest(7 * WINDOW));
        assert_eq!(meter.per_second(), Rate::default());
    }

    #[test]
    fn counts_that_begin_anew_are_no_rate() {
        let mut meter = Meter::default();
        meter.read(0, counts(1000));
        meter.read(WINDOW, counts(3));
        assert_eq!(meter.per_second(), Rate::default());
        meter.read(2 * WINDOW, counts(4));
        assert_eq!(meter.per_second().packets, 2);
    }
}
