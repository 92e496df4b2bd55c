use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;

fn part(id: u32, offset: u16, more: bool, claimed: usize) -> Part {
    let (src, dst) = (Ipv4Addr::new(192, 0, 2, 1).into(), Ipv4Addr::new(192, 0, 2, 2).into());
    Part {
        key: Key { ends: Ends { src, dst }, protocol: Protocol::UDP, id },
        offset,
        more,
        data: 0..0,
        claimed,
    }
}

/// One fragment of datagram `id`, all of it captured.
fn insert(
    into: &mut (Reassembly, FragmentCounts),
    id: u32,
    offset: u16,
    more: bool,
    data: &[u8],
) -> Inserted {
    into.0.tick(&mut into.1);
    into.0.insert(&part(id, offset, more, data.len()), data, &mut into.1)
}

fn bytes_of(inserted: &Inserted) -> Option<Vec<u8>> {
    let Inserted::Complete(whole) = inserted else { return None };
    let mut bytes = Vec::new();
    whole.append_to(&mut bytes);
    Some(bytes)
}

#[test]
fn the_last_fragment_may_come_first() {
    let mut table = Default::default();
    assert!(matches!(insert(&mut table, 1, 16, false, b"tail"), Inserted::Kept));
    assert!(matches!(insert(&mut table, 1, 0, true, b"eight by"), Inserted::Kept));
    let whole = insert(&mut table, 1, 8, true, b"te pairs");
    assert_eq!(bytes_of(&whole).unwrap(), b"eight byte pairstail");
    let counts = FragmentCounts { held: 2, completed: 1, ..Default::default() };
    assert_eq!(table.1, counts);
    assert_eq!((table.0.bytes, table.0.by_key.len()), (0, 0));
}

#[test]
fn datagrams_with_other_ids_do_not_mix() {
    let mut table = Default::default();
    insert(&mut table, 1, 0, true, &[1; 8]);
    insert(&mut table, 2, 8, false, &[2; 8]);
    assert_eq!(table.1.waiting, 2);
    let whole = insert(&mut table, 1, 8, false, &[3; 8]);
    assert_eq!(bytes_of(&whole).unwrap(), [[1; 8], [3; 8]].concat());
}

#[test]
fn an_overlap_drops_the_datagram_and_what_follows() {
    let mut table = Default::default();
    insert(&mut table, 1, 0, true, &[1; 16]);
    insert(&mut table, 1, 8, true, &[2; 16]);
    insert(&mut table, 1, 24, false, &[3; 8]);
    insert(&mut table, 1, 0, true, &[1; 16]);
    let counts = FragmentCounts { held: 1, overlapping: 3, conflicting: 1, ..Default::default() };
    assert_eq!(table.1, counts);
}

#[test]
fn the_same_place_with_other_bytes_is_an_overlap() {
    let mut table = Default::default();
    insert(&mut table, 1, 0, true, &[1; 8]);
    insert(&mut table, 1, 0, true, &[1; 8]);
    assert_eq!((table.1.duplicate, table.1.conflicting), (1, 0));
    insert(&mut table, 1, 0, true, &[2; 8]);
    assert_eq!((table.1.duplicate, table.1.conflicting), (1, 1));
}

#[test]
fn contradicting_ends_drop_the_datagram() {
    for (offset, more) in [(24, false), (24, true), (0, false), (8, false)] {
        let mut table = Default::default();
        insert(&mut table, 1, 16, false, &[1; 8]);
        insert(&mut table, 1, offset, more, &[2; 8]);
        assert_eq!((table.1.conflicting, table.1.waiting), (1, 0), "{offset} {more}");
    }
    let mut table = Default::default();
    insert(&mut table, 1, 16, true, &[1; 8]);
    insert(&mut table, 1, 8, false, &[2; 8]);
    assert_eq!(table.1.conflicting, 1);
}

#[test]
fn impossible_fragments_are_malformed() {
    let mut table = Default::default();
    for (offset, more, len) in [(0, true, 0), (0, true, 12), (65528, false, 8), (8, false, 0)] {
        assert!(matches!(insert(&mut table, 1, offset, more, &vec![0; len]), Inserted::Malformed));
    }
    assert_eq!(table.1, FragmentCounts::default());
}

#[test]
fn a_cut_fragment_ends_the_bytes_but_not_the_length() {
    let (mut table, mut counts) = (Reassembly::default(), FragmentCounts::default());
    table.insert(&part(1, 16, false, 8), &[3; 8], &mut counts);
    table.insert(&part(1, 8, true, 8), &[2; 5], &mut counts);
    let whole = table.insert(&part(1, 0, true, 8), &[1; 8], &mut counts);
    assert_eq!(bytes_of(&whole).unwrap(), [&[1; 8][..], &[2; 5]].concat());
    let Inserted::Complete(whole) = whole else { panic!("{whole:?}") };
    assert_eq!((whole.len(), counts.completed, counts.completed_cut), (24, 1, 1));
}

#[test]
fn the_oldest_goes_when_there_are_too_many() {
    let mut table = Default::default();
    let limit = u32::try_from(MAX_PARTIALS).unwrap();
    for id in 0..=limit {
        insert(&mut table, id, 0, true, &[0; 8]);
    }
    assert_eq!((table.1.evicted, table.1.waiting), (1, u64::from(limit)));
    assert!(matches!(insert(&mut table, 0, 8, false, &[0; 8]), Inserted::Kept));
    assert!(matches!(insert(&mut table, limit, 8, false, &[0; 8]), Inserted::Complete(_)));
}

#[test]
fn held_bytes_are_bounded() {
    let mut table: (Reassembly, FragmentCounts) = Default::default();
    for id in 0..400 {
        insert(&mut table, id, 0, true, &vec![0; 64 * 1024 - 8]);
        assert!(table.0.bytes <= MAX_BYTES);
    }
    assert_eq!(table.1.evicted + table.1.waiting, 400);
    assert!(table.1.waiting > 100);
}

#[test]
fn what_stays_incomplete_expires_by_frames() {
    let mut table: (Reassembly, FragmentCounts) = Default::default();
    insert(&mut table, 1, 0, true, &[0; 8]);
    for _ in 0..MAX_AGE {
        table.0.tick(&mut table.1);
    }
    assert_eq!((table.1.expired, table.1.waiting), (0, 1));
    table.0.tick(&mut table.1);
    assert_eq!((table.1.expired, table.1.waiting, table.0.bytes), (1, 0, 0));
}

type NaivePart = (usize, bool, Vec<u8>);

/// All fragments of each datagram in a list, compared pair by pair.
#[derive(Default)]
struct Naive {
    /// Identification, parts as offset, more and bytes, whether they conflict.
    datagrams: Vec<(u32, Vec<NaivePart>, bool)>,
}

impl Naive {
    fn insert(&mut self, id: u32, offset: u16, more: bool, data: &[u8]) -> Option<Vec<u8>> {
        let new = (usize::from(offset), more, data.to_vec());
        let known = self.datagrams.iter().position(|(other, ..)| *other == id).unwrap_or_else(|| {
            self.datagrams.push((id, Vec::new(), false));
            self.datagrams.len() - 1
        });
        let (_, parts, conflicting) = &mut self.datagrams[known];
        if *conflicting || parts.contains(&new) {
            return None;
        }
        parts.push(new);
        parts.sort();
        let disjoint = parts.is_sorted_by(|a, b| a.0 + a.2.len() <= b.0);
        let ends_last = parts.iter().rev().skip(1).all(|(_, more, _)| *more);
        *conflicting = !disjoint || !ends_last;
        let whole = parts.iter().flat_map(|(.., data)| data.clone()).collect::<Vec<_>>();
        let (last_offset, more, last) = parts.last().unwrap();
        (!*conflicting && !more && last_offset + last.len() == whole.len()).then(|| {
            self.datagrams.remove(known);
            whole
        })
    }
}

proptest! {
    #[test]
    fn agrees_with_the_naive_model(
        fragments in proptest::collection::vec((0..3_u32, 0..6_u16, 1..4_usize, 0..4_u8, 0..9_u8), 0..60),
    ) {
        let mut table = Default::default();
        let mut naive = Naive::default();
        for (id, offset, len, last, fill) in fragments {
            // Seldom other bytes for the same place.
            let data = vec![u8::from(fill == 0); len * 8];
            let inserted = insert(&mut table, id, offset * 8, last != 0, &data);
            prop_assert_eq!(bytes_of(&inserted), naive.insert(id, offset * 8, last != 0, &data));
        }
        let conflicting = naive.datagrams.iter().filter(|(.., conflicting)| *conflicting).count();
        prop_assert_eq!(table.1.conflicting, u64::try_from(conflicting).unwrap());
        prop_assert_eq!(table.1.waiting, u64::try_from(naive.datagrams.len() - conflicting).unwrap());
    }

    #[test]
    fn shuffled_and_repeated_fragments_give_the_datagram_back(
        data in proptest::collection::vec(any::<u8>(), 9..400),
        cuts in proptest::collection::btree_set(1..50_usize, 1..6),
        order in any::<[prop::sample::Index; 20]>(),
    ) {
        let mut edges = vec![0];
        edges.extend(cuts.iter().map(|cut| cut * 8).filter(|&cut| cut < data.len()));
        edges.push(data.len());
        let parts = edges.windows(2).map(|edge| (edge[0], edge[1])).collect::<Vec<_>>();
        // Any order with repetitions, then those still missing.
        let mut sequence = order.iter().map(|index| *index.get(&parts)).collect::<Vec<_>>();
        sequence.extend(parts.iter().rev());
        let mut table = Default::default();
        let mut seen = std::collections::BTreeSet::new();
        for (from, to) in sequence {
            seen.insert(from);
            let more = to != data.len();
            let inserted = insert(&mut table, 7, u16::try_from(from).unwrap(), more, &data[from..to]);
            prop_assert_eq!(table.1.conflicting, 0);
            if seen.len() == parts.len() {
                prop_assert_eq!(bytes_of(&inserted), Some(data));
                return Ok(());
            }
            prop_assert!(matches!(inserted, Inserted::Kept));
        }
        prop_assert!(false, "never completed");
    }
}
