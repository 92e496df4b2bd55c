use proptest::prelude::*;

use super::*;
use crate::probe::ring::tests::{Item, Ring};

/// An event with this time, and nothing else in it.
fn event(time: u64) -> Item {
    let mut raw = vec![0; 68];
    raw[16..24].copy_from_slice(&time.to_ne_bytes());
    Item::Sample(raw)
}

fn rings(times: &[Vec<u64>]) -> Vec<(u32, Reader<Ring>)> {
    let ring = |times: &Vec<u64>| {
        let mut ring = Ring::new(8192);
        assert!(times.iter().all(|time| ring.write(&event(*time))));
        let mut reader = Reader::new(ring);
        reader.load();
        reader
    };
    (0..).zip(times.iter().map(ring)).collect()
}

fn run(merge: &mut Merge, rings: &mut [(u32, Reader<Ring>)], horizon: Horizon) -> (Vec<(u32, u64)>, Drained) {
    let mut seen = Vec::new();
    let drained = merge.run(rings, horizon, &mut |cpu, raw| {
        seen.push((cpu, u64::from_ne_bytes(*raw[16..].first_chunk().unwrap())));
    });
    (seen, drained)
}

proptest! {
    #[test]
    fn rings_in_order_come_out_as_one_stream_in_order(
        mut times in prop::collection::vec(prop::collection::vec(0u64..1000, 0..60), 0..6), now in 0u64..1000,
    ) {
        for times in &mut times {
            times.sort_unstable();
        }
        let mut all: Vec<u64> = times.concat();
        all.sort_unstable();
        let mut rings = rings(&times);
        let mut merge = Merge::new();
        let horizon = Horizon { held_from: now, latest: 5000 };
        let (first, drained) = run(&mut merge, &mut rings, horizon);
        let due = all.iter().filter(|time| **time <= now).count();
        prop_assert_eq!(first.iter().map(|(_, time)| *time).collect::<Vec<_>>(), &all[..due]);
        prop_assert_eq!((drained.pending, drained.out_of_order), (due < all.len(), 0));
        for (_, reader) in &mut rings {
            reader.load();
        }
        let (rest, drained) = run(&mut merge, &mut rings, Horizon::none(5000));
        prop_assert_eq!(rest.iter().map(|(_, time)| *time).collect::<Vec<_>>(), &all[due..]);
        prop_assert_eq!((drained.pending, drained.out_of_order), (false, 0));
    }

    #[test]
    fn a_cpu_keeps_its_own_order_and_disorder_is_counted(
        times in prop::collection::vec(prop::collection::vec(0u64..100, 0..30), 1..4),
    ) {
        let mut rings = rings(&times);
        let (seen, drained) = run(&mut Merge::new(), &mut rings, Horizon::none(1000));
        for (cpu, times) in (0..).zip(&times) {
            let own: Vec<u64> = seen.iter().filter(|(other, _)| *other == cpu).map(|(_, time)| *time).collect();
            prop_assert_eq!(&own, times);
        }
        let (mut newest, mut late) = (0, 0);
        for (_, time) in seen {
            late += u64::from(time < newest);
            newest = newest.max(time);
        }
        prop_assert_eq!(drained.out_of_order, late);
    }

    #[test]
    fn less_is_held_back_the_fuller_the_ring(waiting in 0u64..=65_536, more in 0u64..=65_536) {
        let now = 1 << 40;
        let held = |waiting: u64| Horizon::at(now, waiting, 65_536).held_from;
        prop_assert!(held(waiting.min(more)) <= held(waiting.max(more)));
        prop_assert!(held(waiting) >= now - MARGIN);
    }
}

#[test]
fn a_time_that_cannot_be_right_holds_nothing_up() {
    let mut rings = rings(&[vec![5, u64::MAX, 6]]);
    let (seen, drained) = run(&mut Merge::new(), &mut rings, Horizon { held_from: 10, latest: 20 });
    assert_eq!(seen.len(), 3);
    assert!(!drained.pending);
    assert_eq!(drained.out_of_order, 0);
}

#[test]
fn a_ring_about_to_overflow_holds_nothing_back() {
    assert_eq!(Horizon::at(1 << 40, 60_000, 65_536), Horizon::none(1 << 40));
    assert_eq!(Horizon::at(1 << 40, 0, 65_536).held_from, (1 << 40) - MARGIN);
    assert_eq!(Horizon::at(1 << 40, 20_000, 65_536).held_from, (1 << 40) - LEAST_MARGIN);
}

#[test]
fn losses_without_samples_are_given_back_to_the_producer() {
    let mut ring = Ring::new(1024);
    assert!(ring.write(&Item::Lost(7)));
    let mut reader = Reader::new(ring);
    reader.load();
    let mut rings = [(0, reader)];
    let (seen, _) = run(&mut Merge::new(), &mut rings, Horizon::none(0));
    assert!(seen.is_empty());
    assert_eq!(rings[0].1.counters().lost, 7);
    assert_eq!(rings[0].1.load(), 0);
}
