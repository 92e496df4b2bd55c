use proptest::prelude::*;

use super::*;
use crate::probe::ring::tests::{Item, Ring, item};

fn read_all(reader: &mut Reader<Ring>) -> Vec<Vec<u8>> {
    let (mut scratch, mut seen) = (Vec::new(), Vec::new());
    reader.load();
    while reader.peek().is_some() {
        reader.take(&mut scratch, |raw| seen.push(raw.to_vec()));
    }
    reader.commit();
    seen
}

proptest! {
    /// The ring is small, so that records wrap, headers end at its end and the producer waits for space.
    #[test]
    fn what_is_written_is_read_across_wraps(items in prop::collection::vec(item(), 0..200), start in 0u64..64) {
        let mut ring = Ring::new(512);
        ring.start_at(start * 8);
        let mut reader = Reader::new(ring);
        let (mut seen, mut expected, mut model) = (Vec::new(), Vec::new(), RingCounters::default());
        for item in &items {
            if !reader.memory.write(item) {
                seen.append(&mut read_all(&mut reader));
                prop_assert!(reader.memory.write(item), "a ring that was read has room");
            }
            match item {
                Item::Sample(raw) => {
                    model.records += 1;
                    model.bytes += item.record().len() as u64;
                    expected.push(raw.clone());
                }
                Item::Lost(count) => model.lost += count,
                Item::Other(_) => model.unknown += 1,
            }
        }
        seen.append(&mut read_all(&mut reader));
        prop_assert_eq!(seen.len(), expected.len());
        for (seen, expected) in seen.iter().zip(&expected) {
            prop_assert!(seen.starts_with(expected), "{:?} is not {:?} and padding", seen, expected);
        }
        prop_assert_eq!(reader.counters(), model);
    }

    #[test]
    fn reading_ends_whatever_is_in_the_ring(
        bytes in prop::collection::vec(any::<u8>(), 256), tail in 0u64..1024, filled in 0u64..=300,
    ) {
        let mut reader = Reader::new(Ring::raw(bytes, tail, tail + filled));
        read_all(&mut reader);
        prop_assert_eq!(reader.memory.tail, tail + filled, "everything was given back");
        let counters = reader.counters();
        prop_assert!(counters.skipped_bytes + counters.bytes <= filled);
        prop_assert!(read_all(&mut reader).is_empty());
    }

    #[test]
    fn an_impossible_size_costs_what_is_in_the_ring_and_no_more(
        before in prop::collection::vec(item(), 0..3), size in any::<u16>(), after in prop::collection::vec(item(), 0..3),
    ) {
        let mut ring = Ring::new(1024);
        prop_assert!(before.iter().all(|item| ring.write(item)));
        prop_assume!(size < 8 || size % 8 != 0 || size > 512);
        let mut header = [9, 0, 0, 0, 0, 0, 0, 0];
        header[6..].copy_from_slice(&size.to_ne_bytes());
        prop_assert!(ring.write_bytes(&header));
        let mut reader = Reader::new(ring);
        let samples = |items: &[Item]| items.iter().filter(|item| matches!(item, Item::Sample(_))).count();
        prop_assert_eq!(read_all(&mut reader).len(), samples(&before));
        prop_assert_eq!((reader.counters().resyncs, reader.counters().skipped_bytes), (1, 8));
        prop_assert!(after.iter().all(|item| reader.memory.write(item)));
        prop_assert_eq!(read_all(&mut reader).len(), samples(&after));
    }
}

#[test]
fn a_sample_longer_than_its_record_is_skipped_alone() {
    let mut ring = Ring::new(1024);
    let mut record = Item::Sample(vec![1; 20]).record();
    record[8..12].copy_from_slice(&21u32.to_ne_bytes());
    assert!(ring.write_bytes(&record) && ring.write(&Item::Sample(vec![2; 20])));
    // a sample without room for its length, a LOST without its count
    assert!(ring.write_bytes(&[9, 0, 0, 0, 0, 0, 8, 0]) && ring.write_bytes(&[2, 0, 0, 0, 0, 0, 8, 0]));
    let mut reader = Reader::new(ring);
    assert_eq!(read_all(&mut reader), [vec![2; 20]]);
    assert_eq!((reader.counters().malformed, reader.counters().resyncs), (3, 0));
}

#[test]
fn a_producer_beyond_the_ring_is_caught_up_with() {
    let mut reader = Reader::new(Ring::raw(vec![0; 64], 8, 8 + 65));
    assert_eq!(reader.load(), 0);
    assert_eq!(reader.peek(), None);
    assert_eq!((reader.memory.tail, reader.counters().resyncs), (73, 1));
}

#[test]
fn space_is_given_back_before_a_full_ring_is_read() {
    let mut ring = Ring::new(1024);
    while ring.write(&Item::Sample(vec![0; 52])) {}
    let mut reader = Reader::new(ring);
    reader.load();
    let mut scratch = Vec::new();
    for _ in 0..2 {
        reader.peek();
        reader.take(&mut scratch, |_| {});
    }
    assert_eq!(reader.memory.tail, 128);
}
