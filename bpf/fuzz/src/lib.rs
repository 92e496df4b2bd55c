//! What the fuzz target does with its input, and what the tests hold the kernel's parser against.
//!
//! `run` takes any bytes and panics only when something it states does not hold. `bpf/tests/headers.rs` includes
//! this file and runs captures, generated packets and the committed corpus through the same functions.

pub mod model;
pub mod oracle;

use wgtrace_abi::{Filter, PortRange, Prefix, Rule};
use wgtrace_bpf::headers::{self, Start};

/// Reads `data` as a filter and a packet.
pub fn run(data: &[u8]) {
    let Some((&[start, seed], packet)) = data.split_first_chunk() else { return };
    let start = if start & 1 == 0 { Start::Ethernet } else { Start::Ip };
    check(packet, start, seed);
}

/// Kernel and oracle agree on `packet`, on all its truncations at headers, and on filters made from it.
pub fn check(packet: &[u8], start: Start, seed: u8) {
    let headers = headers::parse(packet, start);
    assert_eq!(headers, oracle::parse(packet, start), "{start:?} {packet:02x?}");
    for filter in filters(&headers, seed) {
        let matched = wgtrace_bpf::filter::matches(&filter, &headers);
        assert_eq!(matched, model::matches(&filter, &headers), "{filter:?} {headers:?}");
    }
}

/// Filters that `headers` meet, or nearly meet.
fn filters(headers: &headers::Headers, seed: u8) -> [Filter; 3] {
    let prefix = |octets: [u8; 16], bits| Prefix::new(core::net::Ipv6Addr::from(octets).into(), bits);
    let bits = seed % 129;
    let (near, far) = (prefix(headers.source.0, bits), prefix(headers.destination.0, 128 - bits));
    let (near, far) = (near.unwrap_or_default(), far.unwrap_or_default());
    let one = Rule {
        source: near,
        destination: far,
        source_ports: PortRange { low: headers.source_port.saturating_sub(1), high: headers.source_port },
        destination_ports: PortRange { low: headers.destination_port, high: u16::MAX },
        ethertype: headers.ethertype,
        protocol: headers.protocol,
        flags: seed & 7,
    };
    let turned = Rule { source: far, destination: near, flags: one.flags ^ Rule::BOTH_WAYS, ..one };
    let bare = Rule { flags: seed >> 3 & 7, protocol: seed, ..Rule::default() };
    let odd = Rule { ethertype: u16::from(seed), ..one };
    let of = |count, [a, b, c]: [Rule; 3]| {
        let mut filter = Filter { count, ..Filter::default() };
        filter.rules = [a, b, c, a, b, c, a, b];
        filter
    };
    [of(1, [one, turned, bare]), of(u32::from(seed & 15), [odd, turned, bare]), of(1, [bare, one, odd])]
}
