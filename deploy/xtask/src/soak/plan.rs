//! Who is killed, and when: all of it from a seed.

use std::time::Duration;

/// Kills to come. One daemon, the survivor, is never among them: what leaks slowly shows in one that lasts. The others
/// take turns by chance, one for each cycle, which is longer than a session may be used: whom the survivor shares a
/// cycle with, it has to share a rekey with.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    random: Random,
    survivor: usize,
}

/// One cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cycle {
    /// Who is killed in it.
    pub(super) victim: usize,
    /// Who is not, besides the survivor.
    pub(super) spared: usize,
}

/// A kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kill {
    /// From the start of the daemon before until its end.
    pub(super) after: Duration,
    /// From then until the next one is started.
    pub(super) pause: Duration,
}

/// `SplitMix64` (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Debug, Clone)]
struct Random(u64);

impl Plan {
    /// That of a seed, where the nodes from the second on have pods.
    pub(super) fn of(seed: u64) -> Self {
        let mut random = Random(seed);
        let survivor = if random.below(2) == 0 { 1 } else { 2 };
        Self { random, survivor }
    }

    /// Who is never killed.
    pub(super) fn survivor(&self) -> usize {
        self.survivor
    }

    /// The next cycle.
    pub(super) fn cycle(&mut self) -> Cycle {
        let other = if self.survivor == 1 { 2 } else { 1 };
        let [victim, spared] = if self.random.below(2) == 0 { [0, other] } else { [other, 0] };
        Cycle { victim, spared }
    }

    /// The next kill in it.
    pub(super) fn kill(&mut self) -> Kill {
        let between = |random: &mut Random, least: u64, most: u64| {
            Duration::from_millis(least.saturating_add(random.below(most.saturating_sub(least))))
        };
        Kill { after: between(&mut self.random, 2_000, 20_000), pause: between(&mut self.random, 0, 3_000) }
    }
}

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Nearly even for small bounds, and nothing hangs on it.
    fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or_default()
    }
}

/// A session is renewed after 120 s (whitepaper 6.2), by who sends; with its handshake, and on a busy machine.
pub(super) const CYCLE: Duration = Duration::from_secs(150);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_one_plan() {
        let told = |seed| {
            let mut plan = Plan::of(seed);
            (plan.survivor(), [(); 20].map(|()| (plan.cycle(), plan.kill())))
        };
        assert_eq!(told(7), told(7));
        assert_ne!(told(7).1, told(8).1);
        // the first of the generator's own test vector
        assert_eq!(Random(1_234_567).next(), 6_457_827_717_110_365_317);
    }

    #[test]
    fn the_survivor_has_pods_and_is_never_killed_and_both_others_are() {
        let mut survivors = [0, 0, 0];
        for seed in 0..100 {
            let mut plan = Plan::of(seed);
            survivors[plan.survivor()] += 1;
            let victims = [(); 40].map(|()| plan.cycle());
            for Cycle { victim, spared } in victims {
                let mut all = [victim, spared, plan.survivor()];
                all.sort_unstable();
                assert_eq!(all, [0, 1, 2]);
            }
            assert!(victims.iter().any(|cycle| cycle.victim == 0) && victims.iter().any(|c| c.victim != 0));
        }
        assert!(survivors[0] == 0 && survivors[1] > 20 && survivors[2] > 20, "{survivors:?}");
    }
}
