//! Which counters of a session have been seen (whitepaper 5.4.6, RFC 6479).

use thiserror::Error;
use wgtrace_wire::wireguard::Counter;

/// A bitmap over the newest counters: a ring of 64-bit blocks.
///
/// One block of the ring is always partly of the future and clears as the window moves on, so that
/// shifting costs whole blocks only; hence [`ReplayWindow::SIZE`] is 64 less than the bitmap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayWindow {
    blocks: [u64; BLOCKS],
    /// One above the highest counter seen; zero before the first.
    next: u64,
}

impl ReplayWindow {
    /// How far behind the highest counter a message may be, in counters.
    // linux: drivers/net/wireguard/messages.h, COUNTER_WINDOW_SIZE
    pub const SIZE: u64 = (BLOCKS as u64 - 1) * 64;

    /// A window that has seen nothing.
    pub const fn new() -> Self {
        Self { blocks: [0; BLOCKS], next: 0 }
    }

    /// One above the highest counter seen; zero before the first.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Whether `counter` would be accepted; changes nothing.
    ///
    /// For the time before a message has been authenticated.
    pub fn check(&self, counter: Counter) -> Result<(), ReplayError> {
        let Counter(counter) = counter;
        if counter == u64::MAX || counter.saturating_add(Self::SIZE) < self.next {
            return Err(ReplayError::TooOld);
        }
        let (block, bit) = place(counter);
        if counter < self.next && self.blocks.get(block).is_some_and(|seen| seen & bit != 0) {
            return Err(ReplayError::Duplicate);
        }
        Ok(())
    }

    /// Marks `counter` as seen, unless [`ReplayWindow::check`] refuses it.
    ///
    /// Only for a message that has been authenticated: a forged counter would move the window.
    pub fn accept(&mut self, counter: Counter) -> Result<(), ReplayError> {
        self.check(counter)?;
        let Counter(counter) = counter;
        if counter >= self.next {
            self.advance(counter);
        }
        let (block, bit) = place(counter);
        if let Some(seen) = self.blocks.get_mut(block) {
            *seen |= bit;
        }
        Ok(())
    }

    /// Clears the blocks entered on the way to `counter`, the new highest.
    fn advance(&mut self, counter: u64) {
        // Before the first message block zero is entered already, and clear.
        let current = self.next.saturating_sub(1) / 64;
        let entered = (counter / 64).saturating_sub(current).min(BLOCKS as u64);
        for step in 1..=entered {
            let (block, _) = place(current.wrapping_add(step).wrapping_mul(64));
            if let Some(seen) = self.blocks.get_mut(block) {
                *seen = 0;
            }
        }
        self.next = counter.saturating_add(1);
    }
}

impl Default for ReplayWindow {
    fn default() -> Self {
        Self::new()
    }
}

/// Why a counter is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// Seen before.
    #[error("counter seen before")]
    Duplicate,
    /// Behind the window, so that nobody knows; or 2^64-1, which no session reaches.
    #[error("counter outside the window")]
    TooOld,
}

/// 8192 bits.
const BLOCKS: usize = 128;

/// The block of a counter, and its bit there.
fn place(counter: u64) -> (usize, u64) {
    let block = usize::try_from(counter / 64 % BLOCKS as u64).unwrap_or(0);
    (block, 1 << (counter % 64))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Remembers everything.
    #[derive(Default)]
    struct Naive {
        seen: BTreeSet<u64>,
    }

    impl Naive {
        fn accept(&mut self, counter: u64) -> Result<(), ReplayError> {
            let highest = self.seen.last().copied();
            if highest.is_some_and(|highest| highest - highest.min(counter) >= ReplayWindow::SIZE) {
                return Err(ReplayError::TooOld);
            }
            self.seen.insert(counter).then_some(()).ok_or(ReplayError::Duplicate)
        }
    }

    fn counters() -> impl Strategy<Value = Vec<u64>> {
        let step = prop_oneof![
            6 => -3_i64..6,
            2 => -9000_i64..9000,
            1 => Just(i64::from(i32::MAX)),
        ];
        (0_u64..20_000, prop::collection::vec(step, 1..400)).prop_map(|(start, steps)| {
            let mut at = start;
            steps
                .into_iter()
                .map(|step| {
                    at = at.saturating_add_signed(step);
                    at
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn agrees_with_a_set_of_everything(counters in counters()) {
            let (mut window, mut naive) = (ReplayWindow::new(), Naive::default());
            for counter in counters {
                let expected = naive.accept(counter);
                prop_assert_eq!(window.check(Counter(counter)), expected, "{}", counter);
                prop_assert_eq!(window.accept(Counter(counter)), expected, "{}", counter);
            }
        }

        #[test]
        fn any_counters_are_survived(counters: Vec<u64>) {
            let mut window = ReplayWindow::new();
            for counter in counters {
                let _ = window.accept(Counter(counter));
                prop_assert!(window.check(Counter(counter)).is_err());
            }
        }
    }

    #[test]
    fn the_far_edge_of_the_window_is_accepted_and_the_next_is_not() {
        let mut window = ReplayWindow::new();
        let top = 100_000;
        window.accept(Counter(top)).unwrap();
        assert_eq!(window.accept(Counter(top - ReplayWindow::SIZE + 1)), Ok(()));
        assert_eq!(window.accept(Counter(top - ReplayWindow::SIZE + 1)), Err(ReplayError::Duplicate));
        assert_eq!(window.accept(Counter(top - ReplayWindow::SIZE)), Err(ReplayError::TooOld));
    }
}
