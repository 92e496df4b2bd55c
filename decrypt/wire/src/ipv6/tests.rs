use std::vec::Vec;

use proptest::prelude::*;

use super::extension::MAX_EXTENSIONS;
use super::*;
use crate::ip::Fragment;
use crate::option::RawOption;

fn packet(next: Protocol, payload: &[u8]) -> Vec<u8> {
    let header = Header {
        version_class_flow: U32::new(0x6b8a_bcde),
        payload_len: U16::new(u16::try_from(payload.len()).unwrap()),
        next_header: next.0,
        hop_limit: 64,
        src: [0xfd; 16],
        dst: Ipv6Addr::LOCALHOST.octets(),
    };
    [header.as_bytes(), payload].concat()
}

#[test]
fn every_field_is_where_the_rfc_has_it() {
    let bytes = packet(Protocol::UDP, b"12345678");
    let ip = Ipv6::parse(&bytes).unwrap();
    assert_eq!((ip.dst(), ip.hop_limit()), (Ipv6Addr::LOCALHOST, 64));
    assert_eq!((ip.dscp(), ip.ecn(), ip.flow_label()), (0x2e, 0, 0xa_bcde));
    assert_eq!(ip.payload(), b"12345678");
    let upper = ip.upper().unwrap();
    assert_eq!(
        (upper.protocol, upper.payload, upper.claimed_len),
        (Protocol::UDP, &b"12345678"[..], Some(8))
    );
}

#[test]
fn padding_is_cut_and_missing_bytes_are_told() {
    let mut bytes = packet(Protocol::UDP, &[7; 8]);
    bytes.extend([0; 6]);
    assert_eq!(Ipv6::parse(&bytes).unwrap().payload(), [7; 8]);
    let ip = Ipv6::parse(&bytes[..43]).unwrap();
    assert_eq!((ip.payload().len(), ip.claimed_len()), (3, Some(8)));
    assert_eq!(Ipv6::parse(&bytes[..39]), Err(Error::Truncated { need: 40, have: 39 }));
    bytes[0] = 0x45;
    assert_eq!(Ipv6::parse(&bytes), Err(Error::WrongVersion(4)));
}

#[test]
fn the_chain_is_walked_to_its_end() {
    let mut payload = Vec::new();
    payload.extend([43, 0, 5, 2, 0, 0, 1, 0]); // hop-by-hop: router alert, padding
    payload.extend([60, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // routing, 16 bytes
    payload.extend([51, 0, 1, 4, 0, 0, 0, 0]); // destination options: padding only
    payload.extend([44, 1, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1]); // authentication, 12 bytes
    payload.extend([17, 0, 0, 0, 0, 0, 0, 5]); // atomic fragment
    payload.extend(b"datagram");
    let bytes = packet(Protocol::HOP_BY_HOP, &payload);
    let ip = Ipv6::parse(&bytes).unwrap();
    let chain = ip.extensions().collect::<Result<Vec<_>, _>>().unwrap();
    let [
        Extension::HopByHop(hop),
        Extension::Routing(routing),
        Extension::DestinationOptions(destination),
        ..,
    ] = chain.as_slice()
    else {
        panic!("{chain:?}")
    };
    assert_eq!(hop.clone().collect::<Vec<_>>(), [Ok(RawOption { kind: 5, data: &[0, 0] })]);
    assert_eq!(routing.len(), 14);
    assert_eq!(destination.clone().count(), 0);
    assert_eq!(chain.len(), 5);
    let upper = ip.upper().unwrap();
    assert_eq!((upper.protocol, upper.payload), (Protocol::UDP, &b"datagram"[..]));
    assert_eq!((upper.claimed_len, upper.fragment), (Some(8), None));
}

#[test]
fn a_true_fragment_ends_the_walk() {
    // The second header names destination options, but these bytes are the middle of a datagram.
    let bytes = packet(Protocol::FRAGMENT, &[60, 0, 0x05, 0xa9, 0, 0, 0, 5, 0xff, 0xff]);
    let upper = Ipv6::parse(&bytes).unwrap().upper().unwrap();
    assert_eq!(upper.fragment, Some(Fragment { id: 5, offset: 0x05a8, more: true }));
    assert_eq!((upper.protocol, upper.payload), (Protocol::DESTINATION_OPTIONS, &[0xff, 0xff][..]));
}

#[test]
fn a_jumbogram_takes_its_length_from_the_option() {
    let mut bytes = packet(Protocol::HOP_BY_HOP, &[17, 0, 0xc2, 4, 0, 1, 0, 8, 1, 2, 3]);
    bytes[4..6].fill(0);
    let upper = Ipv6::parse(&bytes).unwrap().upper().unwrap();
    assert_eq!((upper.payload, upper.claimed_len), (&[1, 2, 3][..], Some(0x1_0000)));
}

#[test]
fn length_zero_without_a_jumbo_option_leaves_the_rest_to_the_payload() {
    let mut bytes = packet(Protocol::TCP, &[1; 100]);
    bytes[4..6].fill(0);
    let ip = Ipv6::parse(&bytes).unwrap();
    assert_eq!((ip.payload().len(), ip.claimed_len()), (100, None));
    bytes[6] = Protocol::NONE.0;
    let ip = Ipv6::parse(&bytes).unwrap();
    assert_eq!((ip.payload().len(), ip.claimed_len()), (0, Some(0)));
    // A jumbo length that the ordinary field could hold is no jumbo length.
    let mut bytes = packet(Protocol::HOP_BY_HOP, &[17, 0, 0xc2, 4, 0, 0, 0, 9, 1]);
    bytes[4..6].fill(0);
    assert_eq!(Ipv6::parse(&bytes).unwrap().claimed_len(), None);
}

#[test]
fn a_cut_or_endless_chain_is_an_error() {
    let cut = packet(Protocol::ROUTING, &[17, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Ipv6::parse(&cut).unwrap().upper(), Err(Error::Truncated { need: 16, have: 8 }));
    let cut = packet(Protocol::FRAGMENT, &[17]);
    assert_eq!(Ipv6::parse(&cut).unwrap().upper(), Err(Error::Truncated { need: 8, have: 1 }));
    let endless =
        packet(Protocol::DESTINATION_OPTIONS, &[60, 0, 0, 0, 0, 0, 0, 0].repeat(MAX_EXTENSIONS + 1));
    let ip = Ipv6::parse(&endless).unwrap();
    assert_eq!(ip.upper(), Err(Error::TooDeep { limit: MAX_EXTENSIONS }));
    assert_eq!(ip.extensions().count(), MAX_EXTENSIONS + 1);
}

proptest! {
    #[test]
    fn any_chain_is_walked_without_panic(
        start in proptest::sample::select(&[0_u8, 17, 43, 44, 51, 59, 60]),
        words in proptest::collection::vec((proptest::sample::select(&[0_u8, 17, 43, 44, 51, 60]), 0..3_u8, any::<[u8; 6]>()), 0..30),
        cut in 0..300_usize,
    ) {
        let mut payload = Vec::new();
        for (next, len, rest) in words {
            payload.extend([next, len]);
            payload.extend(rest);
        }
        let bytes = packet(Protocol(start), &payload);
        let bytes = bytes.get(..cut).unwrap_or(&bytes);
        if let Ok(ip) = Ipv6::parse(bytes) {
            for extension in ip.extensions().flatten() {
                if let Extension::HopByHop(options) | Extension::DestinationOptions(options) = extension {
                    options.for_each(drop);
                }
            }
            if let Ok(upper) = ip.upper() {
                prop_assert!(bytes[upper.offset..].starts_with(upper.payload));
                prop_assert!(ip.payload().ends_with(upper.payload));
                prop_assert!(upper.claimed_len.is_none_or(|claimed| claimed >= upper.payload.len()));
            }
        }
    }
}
