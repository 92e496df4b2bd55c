//! Whether a perf event still lives.
//!
//! One whose CPU went offline stays dead when the CPU comes back, and nothing says so: no poll, no error of a read. But
//! the time for which it was enabled stands still.

/// When that time was looked at, and what it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pulse {
    at: u64,
    enabled: u64,
}

impl Pulse {
    /// Of an event that was opened just now.
    pub(super) const fn new(now: u64) -> Self {
        Self { at: now, enabled: 0 }
    }

    /// Whether it stood still since the last look, all in nanoseconds. Looks that follow too soon tell nothing.
    pub(super) const fn has_stopped(&mut self, now: u64, enabled: u64) -> bool {
        if enabled != self.enabled {
            *self = Self { at: now, enabled };
            return false;
        }
        now.saturating_sub(self.at) >= LEAST
    }
}

/// Longer than the tick of any clock that the kernel counts with.
const LEAST: u64 = 20_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_stands_still_has_stopped() {
        let second = 1_000_000_000;
        let mut pulse = Pulse::new(5 * second);
        assert!(!pulse.has_stopped(6 * second, second));
        assert!(!pulse.has_stopped(6 * second + 1, second), "too soon to tell");
        assert!(!pulse.has_stopped(7 * second, second + 1));
        assert!(pulse.has_stopped(8 * second, second + 1));
    }

    #[test]
    fn one_that_died_before_the_first_look_has_stopped() {
        assert!(Pulse::new(0).has_stopped(LEAST, 0));
    }
}
