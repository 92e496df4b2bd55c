//! What becomes of a packet at an open gate, and how it is counted.

use wgtrace_abi::{Gate, HookCounters, PacketEvent};

/// Who listens at a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// Nobody: there is nothing to do, nor to count.
    Nobody,
    /// Somebody, but not on this CPU.
    Elsewhere,
    /// Somebody.
    Here,
}

/// Who listens.
#[inline(always)]
pub const fn listener(gate: Gate) -> Listener {
    match gate.state {
        Gate::OPEN => Listener::Here,
        Gate::DEAF => Listener::Elsewhere,
        _ => Listener::Nobody,
    }
}

/// Counts a packet that comes through an open gate; the sequence number of its event, if it gets one.
///
/// Of the matching packets the first gets an event, and then one of `gate.sampling`.
#[inline(always)]
pub fn admit(gate: Gate, matches: bool, counters: &mut HookCounters) -> Option<u64> {
    if !matches {
        counters.filtered = counters.filtered.wrapping_add(1);
        return None;
    }
    let sequence = counters.produced;
    if gate.sampling > 1 {
        let place = sequence.wrapping_add(counters.sampled_out);
        if !place.is_multiple_of(u64::from(gate.sampling)) {
            counters.sampled_out = counters.sampled_out.wrapping_add(1);
            return None;
        }
    }
    counters.produced = sequence.wrapping_add(1);
    Some(sequence)
}

/// Counts a packet that nobody hears of.
#[inline(always)]
pub fn unheard(counters: &mut HookCounters) {
    counters.unheard = counters.unheard.wrapping_add(1);
}

/// Packet bytes in an event of a packet of `len` bytes.
#[inline(always)]
pub fn captured(gate: Gate, len: u32) -> u16 {
    let most = gate.snaplen.min(PacketEvent::MAX_CAPTURED);
    u16::try_from(len).map_or(most, |len| len.min(most))
}

/// Counts what became of an admitted packet's event, by what the helper returned; whether this CPU can be heard.
#[inline(always)]
#[must_use = "a CPU that cannot be heard has to make its gate deaf"]
pub fn settle(result: i64, counters: &mut HookCounters) -> bool {
    if result >= 0 {
        return true;
    }
    let error = result.unsigned_abs();
    match error {
        ENOENT => {
            counters.produced = counters.produced.wrapping_sub(1);
            unheard(counters);
            return false;
        }
        ENOSPC => counters.lost_full = counters.lost_full.wrapping_add(1),
        EBUSY => counters.lost_busy = counters.lost_busy.wrapping_add(1),
        _ => {
            counters.lost_other = counters.lost_other.wrapping_add(1);
            counters.last_error = error;
        }
    }
    true
}

/// There is no ring.
const ENOENT: u64 = 2;
/// The ring is in use by what the program interrupted.
const EBUSY: u64 = 16;
/// The ring is full.
const ENOSPC: u64 = 28;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_packet_is_counted_once_and_every_event_is_delivered_or_lost(
            sampling in 0..5_u32,
            packets in prop::collection::vec((any::<bool>(), prop::sample::select(&RESULTS[..])), 0..60),
        ) {
            let gate = Gate { state: Gate::OPEN, sampling, ..Gate::default() };
            let mut counters = HookCounters::default();
            let mut delivered = 0;
            for &(matches, result) in &packets {
                let before = counters.produced;
                if let Some(sequence) = admit(gate, matches, &mut counters) {
                    prop_assert_eq!(sequence, before);
                    prop_assert_eq!(settle(result, &mut counters), result != -2);
                    delivered += u64::from(result >= 0);
                }
            }
            prop_assert_eq!(counters.runs(), packets.len() as u64);
            prop_assert_eq!(counters.produced, delivered + counters.lost());
        }

        #[test]
        fn the_first_of_every_n_matching_packets_is_sampled(sampling in 1..9_u32, packets in 0..100_u64) {
            let gate = Gate { state: Gate::OPEN, sampling, ..Gate::default() };
            let mut counters = HookCounters::default();
            for _ in 0..packets {
                admit(gate, true, &mut counters);
            }
            prop_assert_eq!(counters.produced, packets.div_ceil(sampling.into()));
            prop_assert_eq!(counters.runs(), packets);
        }
    }

    const RESULTS: [i64; 5] = [0, -2, -16, -28, -14];

    #[test]
    fn an_event_has_no_more_than_the_packet_the_gate_and_a_record_allow() {
        let gate = |snaplen| Gate { snaplen, ..Gate::default() };
        assert_eq!(captured(gate(128), 60), 60);
        assert_eq!(captured(gate(128), 70_000), 128);
        assert_eq!(captured(gate(u16::MAX), 70_000), PacketEvent::MAX_CAPTURED);
        assert_eq!(captured(gate(0), 60), 0);
    }

    #[test]
    fn an_unknown_error_is_kept() {
        let mut counters = HookCounters::default();
        assert!(settle(-14, &mut counters));
        assert_eq!((counters.lost_other, counters.last_error), (1, 14));
    }

    #[test]
    fn a_state_of_another_version_is_a_closed_gate() {
        assert_eq!(listener(Gate { state: 3, ..Gate::default() }), Listener::Nobody);
        assert_eq!(listener(Gate { state: Gate::DEAF, ..Gate::default() }), Listener::Elsewhere);
    }
}
