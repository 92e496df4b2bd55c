//! The kernel's clock and the wall's.

/// How far the wall clock is ahead of `CLOCK_BOOTTIME`, in nanoseconds.
///
/// Whoever reads both clocks makes one, and makes another when the wall clock was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WallOffset(pub i64);

impl WallOffset {
    /// From both clocks, read at one moment: nanoseconds since boot, and since 1970.
    pub fn new(boot: u64, wall: i64) -> Self {
        Self(wall.saturating_sub_unsigned(boot))
    }

    /// Nanoseconds since 1970-01-01 00:00:00 UTC of an event's time.
    pub fn wall(self, boot: u64) -> i64 {
        self.0.saturating_add_unsigned(boot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_times_become_wall_clock() {
        let offset = WallOffset::new(1_000, 1_700_000_000_000_001_000);
        assert_eq!(offset.wall(1_500), 1_700_000_000_000_001_500);
        assert_eq!(offset.wall(0), 1_700_000_000_000_000_000);
        assert_eq!(WallOffset(i64::MAX).wall(u64::MAX), i64::MAX);
    }
}
