use proptest::prelude::*;

use super::*;

fn arbitrary_line() -> impl Strategy<Value = TransportLine> {
    let direction = prop_oneof![Just(Direction::Send), Just(Direction::Receive)];
    (
        any::<u32>(),
        any::<[u8; 32]>().prop_filter("zero is refused", |key| *key != [0; 32]),
        proptest::option::of(direction),
        proptest::option::of(any::<i64>()),
        proptest::option::of(any::<[u8; 32]>()),
    )
        .prop_map(|(receiver, key, direction, time, peer)| TransportLine {
            receiver: SessionIndex(receiver),
            key: TransportKey::from_bytes(key),
            direction,
            time: time.map(Timestamp),
            peer: peer.map(PublicKey::from_bytes),
        })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(given in proptest::collection::vec(arbitrary_line(), 0..8)) {
        let mut text = String::new();
        for line in &given {
            line.write(&mut text).unwrap();
        }
        let read: Vec<_> = text.lines().map(|line| TransportLine::parse(line).unwrap()).collect();
        prop_assert_eq!(&read, &given);
    }

    #[test]
    fn any_text_is_a_line_or_a_fault(text in "(0x[0-9a-f]{0,9})?[ \ta-zA-Z0-9+/=.-]{0,80}") {
        _ = TransportLine::parse(&text);
    }
}

fn key() -> String {
    TransportKey::from_bytes([7; 32]).expose_base64().to_string()
}

fn fault(text: &str) -> Fault {
    TransportLine::parse(&text.replace("KEY", &key())).unwrap_err()
}

#[test]
fn the_classic_two_fields_suffice() {
    let line = TransportLine::parse(&format!("0xA1\t{}", key())).unwrap();
    assert_eq!(line.receiver, SessionIndex(0xa1));
    assert_eq!(line.key, TransportKey::from_bytes([7; 32]));
    assert_eq!((line.direction, line.time, line.peer), (None, None, None));
}

#[test]
fn fields_behind_the_key_come_in_any_order() {
    let peer = PublicKey::from_bytes([9; 32]);
    let line = TransportLine::parse(&format!("0x1 {} peer={peer} t=1700000000.5 recv", key())).unwrap();
    assert_eq!(line.direction, Some(Direction::Receive));
    assert_eq!(line.time, Some(Timestamp(1_700_000_000_500_000_000)));
    assert_eq!(line.peer, Some(peer));
}

#[test]
fn a_hexadecimal_key_is_the_same_key() {
    let line = TransportLine::parse(&format!("0x1 {}", "07".repeat(32))).unwrap();
    assert_eq!(line.key, TransportKey::from_bytes([7; 32]));
}

#[test]
fn an_erased_key_is_refused() {
    assert_eq!(fault(&format!("0x1 {}", "00".repeat(32))), Fault::ZeroKey);
}

#[test]
fn indices_have_one_to_eight_digits() {
    for text in ["0x KEY", "0x123456789 KEY", "0x+1 KEY", "0xgg KEY", "17 KEY", ""] {
        assert_eq!(fault(text), Fault::BadIndex, "{text}");
    }
}

#[test]
fn fields_that_are_missing_unknown_or_repeated_are_named() {
    assert_eq!(fault("0x1"), Fault::MissingKey);
    assert_eq!(fault("0x1 KEY sent"), Fault::UnknownField { number: 3 });
    assert_eq!(fault("0x1 KEY send recv"), Fault::RepeatedField { number: 4 });
    assert_eq!(fault("0x1 KEY t=1 send t=1"), Fault::RepeatedField { number: 5 });
    assert_eq!(fault("0x1 KEY peer=abc"), Fault::WrongLength { name: "peer", have: 3 });
    assert_eq!(fault("0x1 abc"), Fault::WrongLength { name: "transport key", have: 3 });
}

#[test]
fn times_are_decimal_and_fit_63_bits() {
    for time in ["", ".", "1.", ".5", "1.0123456789", "1e9", "+1", "--1", "9223372037", "1.-5"] {
        assert_eq!(fault(&format!("0x1 KEY t={time}")), Fault::BadTime, "{time}");
    }
}
