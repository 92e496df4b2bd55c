use super::*;

/// Of TCP, told apart by its length.
fn packet(port: u16, len: u16) -> Vec<u8> {
    let mut packet = vec![0; len.into()];
    packet[0] = 0x45;
    packet[2..4].copy_from_slice(&len.to_be_bytes());
    packet[9] = 6;
    packet[20..22].copy_from_slice(&port.to_be_bytes());
    packet
}

fn lengths(mut staged: Staged) -> Vec<usize> {
    std::iter::from_fn(|| staged.pop()).map(|waiting| waiting.len).collect()
}

#[test]
fn the_oldest_go_when_there_are_too_many_or_they_are_too_long() {
    let mut staged = Staged::default();
    for n in 0..130_u8 {
        assert_eq!(staged.push(&[n; 20], 1420), u64::from(n >= 128));
    }
    assert_eq!(staged.pop().unwrap().buffer[16..], [2; 20]);
    let long = vec![0; MOST_BYTES - 10];
    assert_eq!(staged.push(&long, 1420), 127);
    assert_eq!(staged.push(&[1; 20], 1420), 1);
    // One packet is kept, whatever its length.
    assert_eq!(staged.push(&vec![0; MOST_BYTES + 1], 1420), 1);
    assert_eq!((staged.len(), staged.clear(), staged.len()), (1, 1, 0));
    assert!(staged.flows.is_empty());
}

#[test]
fn who_talks_much_pushes_out_only_what_is_its_own() {
    let mut staged = Staged::default();
    for n in 0..3 {
        staged.push(&packet(1, 60 + n), 1420);
    }
    let mut dropped = 0;
    for _ in 0..1000 {
        dropped += staged.push(&packet(2, 100), 1420);
    }
    assert_eq!(dropped, 1003 - 128);
    let lengths = lengths(staged);
    assert_eq!((&lengths[..3], lengths.len()), (&[60, 61, 62][..], 128));
}

#[test]
fn who_talks_long_pushes_out_only_what_is_its_own() {
    let mut staged = Staged::default();
    staged.push(&packet(1, 60), 1420);
    for _ in 0..100 {
        staged.push(&packet(2, 9000), 1420);
    }
    assert!(staged.bytes <= MOST_BYTES);
    assert_eq!(lengths(staged)[..2], [60, 9000]);
}

#[test]
fn of_many_flows_with_a_packet_each_the_newest_stay() {
    let mut staged = Staged::default();
    for port in 0..300 {
        staged.push(&packet(port, 100 + port), 1420);
    }
    assert_eq!(lengths(staged), (100 + 172..100 + 300).collect::<Vec<usize>>());
}

#[test]
fn what_remains_stays_in_order() {
    let mut staged = Staged::default();
    for n in 0..400_u16 {
        staged.push(&packet(n % 3, 100 + n), 1420);
    }
    let lengths = lengths(staged);
    assert!(lengths.is_sorted());
    assert_eq!((lengths.len(), lengths.last()), (128, Some(&499)));
}
