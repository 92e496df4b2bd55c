use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::datapath::nfnetlink::Attributes;

fn tuple(to: &mut Attributes, kind: u16, addresses: [[u8; 4]; 2], ports: [u16; 2]) {
    to.nest(kind, |tuple| {
        tuple.nest(1, |ip| {
            ip.bytes(1, &addresses[0]).bytes(2, &addresses[1]);
        });
        tuple.nest(2, |protocol| {
            protocol.u8(1, 6).u16(2, ports[0]).u16(3, ports[1]);
        });
    });
}

/// The entry that the walkthrough shows.
fn walkthrough() -> Vec<u8> {
    let mut entry = Attributes::default();
    tuple(&mut entry, 1, [[10, 0, 1, 203], [172, 18, 0, 3]], [37004, 32000]);
    tuple(&mut entry, 2, [[10, 0, 1, 54], [10, 0, 1, 26]], [80, 37004]);
    entry.u32(3, 0x1be).u32(7, 66).u32(8, 0).u32(11, 1).u32(12, 7);
    entry.nest(4, |info| {
        info.nest(1, |tcp| {
            tcp.u8(1, 7);
        });
    });
    entry.as_bytes().unwrap().to_vec()
}

#[test]
fn an_entry_reads_like_the_walkthroughs() {
    let shown = decode::entry(&walkthrough()).unwrap().to_string();
    assert_eq!(
        shown.split_whitespace().collect::<Vec<_>>().join(" "),
        "tcp 6 66 TIME_WAIT src=10.0.1.203 dst=172.18.0.3 sport=37004 dport=32000 src=10.0.1.54 dst=10.0.1.26 \
         sport=80 dport=37004 [ASSURED] mark=0 use=1"
    );
    assert!(shown.starts_with("tcp      6 66 TIME_WAIT src="), "{shown}");
}

#[test]
fn a_filter_lets_through_what_it_says() {
    let entry = decode::entry(&walkthrough()).unwrap();
    let prefix = |text: &str| Some(text.parse().unwrap());
    let matching = [
        Filter::default(),
        Filter { protocol: Some(Protocol::TCP), ..Filter::default() },
        Filter { address: prefix("10.0.1.26"), ..Filter::default() },
        Filter { port: Some(80), source: prefix("10.0.1.0/24"), ..Filter::default() },
        Filter { port: Some(32000), reply_source: prefix("10.0.1.54"), ..Filter::default() },
        Filter {
            destination: prefix("172.18.0.3"),
            reply_destination: prefix("10.0.1.26"),
            ..Filter::default()
        },
        Filter { status: Status::DESTINATION_NAT, mark: Some((0, 0xf00)), ..Filter::default() },
    ];
    for filter in matching {
        assert!(filter.lets_through(&entry), "{filter:?}");
    }
    let others = [
        Filter { protocol: Some(Protocol::UDP), ..Filter::default() },
        Filter { address: prefix("10.0.2.0/24"), ..Filter::default() },
        Filter { port: Some(81), ..Filter::default() },
        Filter { source: prefix("10.0.1.54"), ..Filter::default() },
        Filter { status: Status::OFFLOAD, ..Filter::default() },
        Filter { mark: Some((0xf00, 0xf00)), ..Filter::default() },
        Filter { address: prefix("::/0"), ..Filter::default() },
    ];
    for filter in others {
        assert!(!filter.lets_through(&entry), "{filter:?}");
    }
}

#[test]
fn ipv6_and_echoes_are_read() {
    let mut bytes = Attributes::default();
    for kind in [1, 2] {
        bytes.nest(kind, |tuple| {
            tuple.nest(1, |ip| {
                ip.bytes(3, &[0xfd; 16]).bytes(4, &[0xfe; 16]);
            });
            tuple.nest(2, |protocol| {
                protocol.u8(1, 58).u16(7, 300).u8(8, 128).u8(9, 0);
            });
        });
    }
    let entry = decode::entry(bytes.as_bytes().unwrap()).unwrap();
    assert_eq!(entry.original.source, IpAddr::from([0xfd_u8; 16]));
    assert_eq!(entry.original.ports, Ports::Echo { kind: 128, code: 0, id: 300 });
    assert!(entry.to_string().contains("type=128 code=0 id=300 [UNREPLIED] src="), "{entry}");
}

#[test]
fn an_entry_without_a_direction_is_refused() {
    let mut bytes = Attributes::default();
    tuple(&mut bytes, 1, [[0; 4]; 2], [1, 2]);
    let error = decode::entry(bytes.as_bytes().unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "no tuple of the reply direction");
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(at in any::<prop::sample::Index>(), to in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = walkthrough();
        let at = at.index(bytes.len());
        bytes[at] = to;
        bytes.truncate(cut.index(bytes.len()) + 1);
        if let Ok(entry) = decode::entry(&bytes) {
            let _ = entry.to_string();
        }
    }
}
