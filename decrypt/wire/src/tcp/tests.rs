use std::string::ToString;
use std::vec::Vec;

use proptest::prelude::*;

use super::option::{SackBlock, TcpOption};
use super::*;
use crate::option::RawOption;

// A Linux SYN to port 443.
const SYN: [u8; 40] = [
    0xc1, 0x20, 0x01, 0xbb, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 0, 0xa0, 0x02, 0x6b, 0xd0, 0x12, 0x34, 0,
    0, //
    2, 4, 5, 0x64, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0, 1, 3, 3, 7,
];

#[test]
fn a_syn_reads_as_the_kernel_wrote_it() {
    let tcp = Tcp::parse(&SYN).unwrap();
    assert_eq!((tcp.src_port(), tcp.dst_port()), (49440, 443));
    assert_eq!((tcp.sequence(), tcp.acknowledgment()), (0xdead_beef, 0));
    assert_eq!((tcp.flags(), tcp.window(), tcp.checksum(), tcp.urgent()), (Flags::SYN, 27600, 0x1234, 0));
    assert_eq!((tcp.header_len(), tcp.payload()), (40, &[][..]));
    assert_eq!(
        tcp.options().collect::<Result<Vec<_>, _>>().unwrap(),
        [
            TcpOption::MaximumSegmentSize(1380),
            TcpOption::SackPermitted,
            TcpOption::Timestamps { value: 7, echo: 0 },
            TcpOption::WindowScale(7),
        ]
    );
}

#[test]
fn flags_print_in_tcpdump_letters() {
    assert_eq!(Flags(0x012).to_string(), "S.");
    assert_eq!(Flags(0x1ff).to_string(), "FSRP.UEWe");
    assert!(Flags(0x012).contains(Flags::ACK) && !Flags(0x012).contains(Flags::FIN));
}

#[test]
fn selective_acknowledgments_are_blocks() {
    let mut segment = SYN;
    segment[20..40].copy_from_slice(&[1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 5, 9, 1, 2, 3, 4, 5, 6]);
    segment[12] = 0x90; // 36 bytes of header: the second list is cut by it
    let tcp = Tcp::parse(&segment).unwrap();
    let block = SackBlock { left: U32::new(1), right: U32::new(2) };
    assert_eq!(
        tcp.options().collect::<Vec<_>>(),
        [Ok(TcpOption::Sack(&[block])), Err(Error::BadLength { claimed: 9 })]
    );
}

#[test]
fn a_known_kind_with_another_length_stays_raw() {
    let mut segment = SYN;
    segment[20..24].copy_from_slice(&[3, 4, 9, 9]);
    let first = Tcp::parse(&segment).unwrap().options().next();
    assert_eq!(first, Some(Ok(TcpOption::Other(RawOption { kind: 3, data: &[9, 9] }))));
}

#[test]
fn offsets_that_cannot_be_are_refused() {
    let mut segment = SYN;
    segment[12] = 0x40;
    assert_eq!(Tcp::parse(&segment), Err(Error::BadLength { claimed: 16 }));
    segment[12] = 0xf0;
    assert_eq!(Tcp::parse(&segment), Err(Error::Truncated { need: 60, have: 40 }));
    assert_eq!(Tcp::parse(&SYN[..19]), Err(Error::Truncated { need: 20, have: 19 }));
}

proptest! {
    #[test]
    fn any_bytes_parse_or_fail_without_panic(segment in proptest::collection::vec(any::<u8>(), 0..100)) {
        if let Ok(tcp) = Tcp::parse(&segment) {
            prop_assert_eq!(tcp.header_len() + tcp.payload().len(), segment.len());
            prop_assert!(tcp.options().count() <= 40);
        }
    }
}
