//! What is to hold of what left the nodes.

use wgtrace_lab::Lab;
use wgtrace_lab::leak::{self, Cause, Sort};

use crate::canary::Canary;

/// A watch over all nodes.
pub(crate) struct Watch(leak::Watch);

/// What was seen.
pub(crate) struct Seen(leak::Seen);

impl Watch {
    /// Starts it: nothing that leaves from now on is missed.
    pub(crate) fn start(lab: &Lab, canary: &Canary) -> Self {
        Self(leak::Watch::start(lab, &canary.needles()).unwrap())
    }

    /// Ends it; what was seen.
    pub(crate) fn stop(self) -> Seen {
        Seen(self.0.stop().unwrap())
    }
}

impl Seen {
    /// Nothing has leaked, and the watch was not blind: both workers sent WireGuard's packets, and both ends of each cable
    /// tell the same of it.
    pub(crate) fn assert_clean(&self, scenario: &str) {
        let Self(seen) = self;
        eprintln!("{scenario}: {seen}");
        assert!(
            seen.first.is_empty(),
            "{scenario}: plaintext left a node:\n{}\n{seen}",
            seen.first.join("\n")
        );
        for (name, tally) in seen.tallies.iter().filter(|(name, _)| name.contains("worker")) {
            assert!(tally.get(&Sort::WireGuard).is_some_and(|frames| *frames > 0), "{name}: {seen}");
        }
    }

    /// The positive control: the watch sees what leaves in plaintext, of each kind and at each point of the workers'.
    pub(crate) fn assert_plaintext_is_seen(&self) {
        let Self(seen) = self;
        eprintln!("without encryption: {seen}");
        assert!(seen.tallies.values().all(|tally| !tally.contains_key(&Sort::WireGuard)), "{seen}");
        for (name, tally) in seen.tallies.iter().filter(|(name, _)| name.contains("worker")) {
            for cause in [Cause::Address, Cause::Payload] {
                assert!(
                    tally.get(&Sort::Leak(cause)).is_some_and(|frames| *frames > 0),
                    "{name}: {cause}: {seen}"
                );
            }
        }
        assert!(!seen.first.is_empty());
    }
}
