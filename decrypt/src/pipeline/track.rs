//! What one direction's counters tell: lost, reordered and duplicated messages.

use wgtrace_wire::wireguard::Counter;

use crate::replay::{ReplayError, ReplayWindow};

/// Follows the counters of one direction of one session, in the order of the capture.
#[derive(Debug, Default)]
pub struct CounterTrack {
    window: Option<Box<ReplayWindow>>,
    /// Lowest and highest counter seen.
    bounds: Option<(u64, u64)>,
    fresh: u64,
    duplicated: u64,
    reordered: u64,
    late: u64,
}

impl CounterTrack {
    /// Takes note of a message that opened.
    pub fn note(&mut self, Counter(counter): Counter) {
        let (low, high) = self.bounds.unwrap_or((counter, counter));
        // A new window knows nothing of what came before it.
        let forgotten = self.window.is_none() && self.bounds.is_some() && counter <= high;
        let window = self.window.get_or_insert_with(Box::default);
        match window.accept(Counter(counter)) {
            Ok(()) if forgotten => self.late += 1,
            Ok(()) => {
                self.fresh += 1;
                self.reordered += u64::from(counter < high);
            }
            Err(ReplayError::Duplicate) => self.duplicated += 1,
            Err(ReplayError::TooOld) => self.late += 1,
        }
        self.bounds = Some((low.min(counter), high.max(counter)));
    }

    /// Whether memory is held for telling duplicates.
    pub fn is_active(&self) -> bool {
        self.window.is_some()
    }

    /// Messages missing between the lowest and the highest counter seen; late ones may be among them.
    pub fn lost(&self) -> u64 {
        let Some((low, high)) = self.bounds else { return 0 };
        (high - low).saturating_add(1).saturating_sub(self.fresh.saturating_add(self.late))
    }

    /// Messages that came after one with a higher counter.
    pub fn reordered(&self) -> u64 {
        self.reordered
    }

    /// Messages whose counter was seen before.
    pub fn duplicated(&self) -> u64 {
        self.duplicated
    }

    /// Messages so far behind that nobody can say whether they are duplicates.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Gives the window's memory back; a later message in its range then counts as late.
    pub fn rest(&mut self) {
        self.window = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(counters: &[u64]) -> CounterTrack {
        let mut track = CounterTrack::default();
        for &counter in counters {
            track.note(Counter(counter));
        }
        track
    }

    #[test]
    fn gaps_are_lost_and_filled_gaps_are_reordered() {
        let track = track(&[0, 1, 4, 3, 7]);
        assert_eq!((track.lost(), track.reordered(), track.duplicated(), track.late()), (3, 1, 0, 0));
    }

    #[test]
    fn repeats_are_duplicates() {
        let track = track(&[5, 5, 6, 5]);
        assert_eq!((track.lost(), track.reordered(), track.duplicated()), (0, 0, 2));
    }

    #[test]
    fn far_behind_is_late_and_the_numbers_stay_finite() {
        let track = track(&[0, 20_000, 1, u64::MAX - 1]);
        assert_eq!((track.late(), track.reordered()), (1, 0));
        assert_eq!(track.lost(), u64::MAX - 4);
    }
}
