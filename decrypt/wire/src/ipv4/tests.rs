use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::option::RawOption;

// 10.0.1.77 to 10.0.0.165, congestion-aware, DF, TTL 63.
const PING: [u8; 20] =
    [0x45, 0x01, 0x00, 0x1c, 0x12, 0x34, 0x40, 0x00, 0x3f, 0x01, 0x14, 0xb9, 10, 0, 1, 77, 10, 0, 0, 165];

fn ping(extra: usize) -> Vec<u8> {
    let mut packet = PING.to_vec();
    packet.extend((0..8 + extra).map(|_| 0xaa));
    packet
}

#[test]
fn every_field_is_where_the_rfc_has_it() {
    let packet = ping(0);
    let ip = Ipv4::parse(&packet).unwrap();
    assert_eq!((ip.src(), ip.dst()), (Ipv4Addr::new(10, 0, 1, 77), Ipv4Addr::new(10, 0, 0, 165)));
    assert_eq!((ip.protocol(), ip.ttl(), ip.id()), (Protocol::ICMP, 63, 0x1234));
    assert_eq!((ip.dscp(), ip.ecn(), ip.dont_fragment()), (0, 1, true));
    assert_eq!(ip.upper().fragment, None);
    assert_eq!((ip.claimed_len(), ip.payload().len(), ip.header_len()), (Some(8), 8, 20));
}

#[test]
fn checksum_covers_header_and_options() {
    let mut packet = ping(0);
    packet[10..12].fill(0);
    let sum = checksum::internet(&[&packet[..20]]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    assert!(Ipv4::parse(&packet).unwrap().checksum_is_valid());
    packet[8] -= 1;
    assert!(!Ipv4::parse(&packet).unwrap().checksum_is_valid());
}

#[test]
fn padding_behind_the_total_length_is_no_payload() {
    assert_eq!(Ipv4::parse(&ping(18)).unwrap().payload().len(), 8);
}

#[test]
fn a_cut_packet_still_tells_its_length() {
    let packet = ping(0);
    let ip = Ipv4::parse(&packet[..23]).unwrap();
    assert_eq!((ip.payload().len(), ip.claimed_len()), (3, Some(8)));
    assert_eq!(Ipv4::parse(&packet[..19]), Err(Error::Truncated { need: 20, have: 19 }));
}

#[test]
fn total_length_zero_leaves_the_rest_to_the_payload() {
    let mut packet = ping(1000);
    packet[2..4].fill(0);
    let ip = Ipv4::parse(&packet).unwrap();
    assert_eq!((ip.payload().len(), ip.claimed_len()), (1008, None));
}

#[test]
fn lengths_below_a_header_are_refused() {
    let mut packet = ping(0);
    packet[3] = 19;
    assert_eq!(Ipv4::parse(&packet), Err(Error::BadLength { claimed: 19 }));
    packet[0] = 0x44;
    assert_eq!(Ipv4::parse(&packet), Err(Error::BadLength { claimed: 16 }));
    packet[0] = 0x65;
    assert_eq!(Ipv4::parse(&packet), Err(Error::WrongVersion(6)));
}

#[test]
fn options_move_the_payload() {
    let mut packet = PING.to_vec();
    packet[0] = 0x46;
    packet[3] = 25;
    packet.extend([0x94, 4, 0, 0, 0xee]); // router alert (RFC 2113)
    let ip = Ipv4::parse(&packet).unwrap();
    assert_eq!((ip.header_len(), ip.payload()), (24, &[0xee][..]));
    assert_eq!(ip.options().collect::<Vec<_>>(), [Ok(RawOption { kind: 0x94, data: &[0, 0] })]);
    assert_eq!(Ipv4::parse(&packet[..23]), Err(Error::Truncated { need: 24, have: 23 }));
}

#[test]
fn fragments_tell_their_place_in_bytes() {
    let mut packet = ping(0);
    packet[6..8].copy_from_slice(&[0x20, 0xb9]);
    let fragment = Ipv4::parse(&packet).unwrap().upper().fragment;
    assert_eq!(fragment, Some(Fragment { id: 0x1234, offset: 1480, more: true }));
    packet[6..8].copy_from_slice(&[0x1f, 0xff]);
    let fragment = Ipv4::parse(&packet).unwrap().fragment();
    assert_eq!((fragment.offset, fragment.more), (65528, false));
}

proptest! {
    #[test]
    fn any_bytes_parse_or_fail_without_panic(mut packet in proptest::collection::vec(any::<u8>(), 0..120)) {
        if let Some(first) = packet.first_mut() {
            *first = 0x40 | (*first & 0x0f);
        }
        if let Ok(ip) = Ipv4::parse(&packet) {
            prop_assert!(ip.header_len() + ip.payload().len() <= packet.len());
            prop_assert!(ip.claimed_len().is_none_or(|claimed| claimed >= ip.payload().len()));
            prop_assert!(ip.options().count() <= 40);
            ip.checksum_is_valid();
        }
    }
}
