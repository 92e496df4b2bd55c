//! Filters as their documentation reads, one condition after the other.

use wgtrace_abi::filter::MAX_RULES;
use wgtrace_abi::{Filter, PortRange, Prefix, Rule};
use wgtrace_bpf::headers::Headers;

/// Whether any rule holds, or there are none.
pub fn matches(filter: &Filter, headers: &Headers) -> bool {
    let count = usize::try_from(filter.count).unwrap().min(MAX_RULES);
    count == 0 || filter.rules[..count].iter().any(|rule| holds(rule, headers))
}

fn holds(rule: &Rule, headers: &Headers) -> bool {
    let turned = Headers {
        source: headers.destination,
        destination: headers.source,
        source_port: headers.destination_port,
        destination_port: headers.source_port,
        ..*headers
    };
    let ways = if rule.flags & Rule::BOTH_WAYS == 0 { 1 } else { 2 };
    (rule.ethertype == 0 || rule.ethertype == headers.ethertype)
        && (rule.flags & Rule::PROTOCOL == 0
            || headers.knows(Headers::PROTOCOL) && rule.protocol == headers.protocol)
        && (rule.flags & Rule::WIREGUARD == 0 || headers.wireguard.kind != 0)
        && [headers, &turned].into_iter().take(ways).any(|headers| {
            within(rule.source, headers, headers.source.0)
                && within(rule.destination, headers, headers.destination.0)
                && inside(rule.source_ports, headers, headers.source_port)
                && inside(rule.destination_ports, headers, headers.destination_port)
        })
}

fn within(prefix: Prefix, headers: &Headers, address: [u8; 16]) -> bool {
    let same = u128::from_be_bytes(address) & u128::from_be_bytes(prefix.mask);
    prefix.is_any() || headers.knows(Headers::ADDRESSES) && same == u128::from_be_bytes(prefix.address)
}

fn inside(range: PortRange, headers: &Headers, port: u16) -> bool {
    range.is_any() || headers.knows(Headers::PORTS) && (range.low..=range.high).contains(&port)
}
