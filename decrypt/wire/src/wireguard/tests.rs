use std::string::ToString;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

/// `len` bytes that count up, with `kind` and clear reserved bytes in front.
fn message(kind: u8, len: usize) -> Vec<u8> {
    let mut bytes = (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect::<Vec<_>>();
    bytes[..4].copy_from_slice(&[kind, 0, 0, 0]);
    bytes
}

#[test]
fn an_initiation_is_148_bytes_in_the_whitepaper_order() {
    let bytes = message(1, 148);
    let Ok(Message::Initiation(initiation)) = Message::parse(&bytes) else { panic!() };
    assert_eq!(initiation.sender.get(), 0x0706_0504);
    assert_eq!(initiation.ephemeral, bytes[8..40]);
    assert_eq!(initiation.encrypted_static, bytes[40..88]);
    assert_eq!(initiation.encrypted_timestamp, bytes[88..116]);
    assert_eq!(initiation.mac1, bytes[116..132]);
    assert_eq!(initiation.mac2, bytes[132..148]);
    assert_eq!(initiation.as_bytes(), bytes);
}

#[test]
fn a_response_is_92_bytes_in_the_whitepaper_order() {
    let bytes = message(2, 92);
    let Ok(Message::Response(response)) = Message::parse(&bytes) else { panic!() };
    assert_eq!((response.sender.get(), response.receiver.get()), (0x0706_0504, 0x0b0a_0908));
    assert_eq!(response.ephemeral, bytes[12..44]);
    assert_eq!(response.encrypted_nothing, bytes[44..60]);
    assert_eq!(response.mac1, bytes[60..76]);
    assert_eq!(response.mac2, bytes[76..92]);
}

#[test]
fn a_cookie_reply_is_64_bytes_in_the_whitepaper_order() {
    let bytes = message(3, 64);
    let Ok(Message::CookieReply(reply)) = Message::parse(&bytes) else { panic!() };
    assert_eq!(reply.receiver.get(), 0x0706_0504);
    assert_eq!(reply.nonce, bytes[8..32]);
    assert_eq!(reply.encrypted_cookie, bytes[32..64]);
}

#[test]
fn transport_data_is_a_header_and_at_least_a_tag() {
    let bytes = message(4, 32);
    let Ok(Message::TransportData(data)) = Message::parse(&bytes) else { panic!() };
    assert_eq!(data.header.receiver.get(), 0x0706_0504);
    assert_eq!(data.header.counter.get(), 0x0f0e_0d0c_0b0a_0908);
    assert_eq!(data.sealed, &bytes[16..]);
    assert_eq!(Message::parse(&bytes[..31]), Err(Error::WrongLength { need: 32, have: 31 }));
    assert!(Message::parse(&message(4, 65507)).is_ok());
}

#[test]
fn fixed_messages_have_no_other_length() {
    for (kind, len) in [(1, 148), (2, 92), (3, 64)] {
        for have in [4, len - 1, len + 1, 1500] {
            let parsed = Message::parse(&message(kind, have)).map(|_| ());
            assert_eq!(parsed, Err(Error::WrongLength { need: len, have }));
        }
    }
}

#[test]
fn other_types_and_no_bytes_are_not_wireguard() {
    for kind in [0, 5, 0x45, 0xff] {
        assert_eq!(Message::parse(&message(kind, 148)), Err(Error::NotWireGuard));
    }
    assert_eq!(Message::parse(&[]), Err(Error::NotWireGuard));
}

#[test]
fn reserved_bytes_are_told_but_not_demanded() {
    let mut bytes = message(4, 32);
    assert!(reserved_is_zero(&bytes));
    bytes[1..4].copy_from_slice(&[0xca, 0xfe, 1]);
    assert!(!reserved_is_zero(&bytes));
    assert!(!reserved_is_zero(&bytes[..3]));
    assert!(matches!(Message::parse(&bytes), Ok(Message::TransportData(_))));
}

#[test]
fn session_indices_print_as_extract_keys_does() {
    assert_eq!(SessionIndex(0xbeef).to_string(), "0x0000beef");
}

proptest! {
    #[test]
    fn shape_alone_decides(kind in 0..6_u8, len in 0..200_usize) {
        let mut bytes = vec![0xa5; len];
        if let Some(first) = bytes.first_mut() {
            *first = kind;
        }
        let expected = matches!((kind, len), (1, 148) | (2, 92) | (3, 64) | (4, 32..));
        prop_assert_eq!(Message::parse(&bytes).is_ok(), expected);
    }
}
