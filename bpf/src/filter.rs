//! Whether a packet is wanted.

use wgtrace_abi::{Filter, PortRange, Rule, filter::MAX_RULES};
use zerocopy::{FromBytes, Immutable, KnownLayout, transmute_ref};

use crate::headers::{Address, Headers};

/// Whether any of the filter's rules holds for a packet with these headers, or there are no rules.
#[inline(always)]
pub fn matches(filter: &Filter, headers: &Headers) -> bool {
    let Words { count, rules } = transmute_ref!(filter);
    if *count == 0 {
        return true;
    }
    let packet = Packet::of(headers);
    let mut left = *count;
    for rule in rules {
        if left == 0 {
            break;
        }
        left = left.wrapping_sub(1);
        if packet.misses(rule) == 0 {
            return true;
        }
    }
    false
}

/// A [`Filter`] whose addresses are words, as its alignment allows.
#[derive(FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Words {
    count: u32,
    rules: [RuleWords; MAX_RULES],
}

/// A [`Rule`] as words.
#[derive(FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct RuleWords {
    source: PrefixWords,
    destination: PrefixWords,
    source_ports: PortRange,
    destination_ports: PortRange,
    ethertype: u16,
    protocol: u8,
    flags: u8,
}

#[derive(FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct PrefixWords {
    address: [u32; 4],
    mask: [u32; 4],
}

const _: () = assert!(size_of::<RuleWords>() == size_of::<Rule>());

/// What rules are held against.
///
/// Conditions are sums of what differs, not branches: a verifier walks both sides of every branch, for each
/// rule, from each way that led through the headers.
struct Packet {
    source: [u32; 4],
    destination: [u32; 4],
    source_port: u32,
    destination_port: u32,
    ethertype: u32,
    protocol: u32,
    /// All ones where there are no addresses.
    no_addresses: u32,
    /// 1 where there are no ports.
    no_ports: u32,
    /// Not 0 where there is no IP protocol.
    no_protocol: u32,
    /// 1 where there is no WireGuard message.
    no_wireguard: u32,
}

impl Packet {
    #[inline(always)]
    fn of(headers: &Headers) -> Self {
        let known = u32::from(headers.known);
        Self {
            source: words(&headers.source),
            destination: words(&headers.destination),
            source_port: headers.source_port.into(),
            destination_port: headers.destination_port.into(),
            ethertype: headers.ethertype.into(),
            protocol: headers.protocol.into(),
            no_addresses: bit(known, Headers::ADDRESSES).wrapping_sub(1),
            no_ports: 1 ^ bit(known, Headers::PORTS),
            no_protocol: 1 ^ bit(known, Headers::PROTOCOL),
            no_wireguard: is_zero(headers.wireguard.kind.into()),
        }
    }

    /// 0 when all conditions of `rule` are met.
    #[inline(always)]
    fn misses(&self, rule: &RuleWords) -> u32 {
        let Self { source, destination, source_port, destination_port, .. } = self;
        let flags = u32::from(rule.flags);
        let ethertype = u32::from(rule.ethertype);
        let misfits = (is_zero(ethertype).wrapping_sub(1) & (ethertype ^ self.ethertype))
            | (bit(flags, Rule::PROTOCOL).wrapping_neg()
                & (u32::from(rule.protocol) ^ self.protocol | self.no_protocol))
            | (bit(flags, Rule::WIREGUARD) & self.no_wireguard);
        let there = self.way(rule, source, *source_port, destination, *destination_port);
        let back = self.way(rule, destination, *destination_port, source, *source_port);
        let one_way = 1 ^ bit(flags, Rule::BOTH_WAYS);
        misfits | ((1 ^ is_zero(there)) & (one_way | 1 ^ is_zero(back)))
    }

    /// 0 when addresses and ports are met by those of the packet, in this order.
    #[inline(always)]
    fn way(&self, rule: &RuleWords, from: &[u32; 4], from_port: u32, to: &[u32; 4], to_port: u32) -> u32 {
        self.outside(&rule.source, from)
            | self.outside(&rule.destination, to)
            | self.beyond(rule.source_ports, from_port)
            | self.beyond(rule.destination_ports, to_port)
    }

    #[inline(always)]
    fn outside(&self, prefix: &PrefixWords, address: &[u32; 4]) -> u32 {
        let ([m0, m1, m2, m3], [w0, w1, w2, w3], [a0, a1, a2, a3]) = (prefix.mask, prefix.address, *address);
        ((m0 | m1 | m2 | m3) & self.no_addresses)
            | ((w0 ^ a0) & m0)
            | ((w1 ^ a1) & m1)
            | ((w2 ^ a2) & m2)
            | ((w3 ^ a3) & m3)
    }

    #[inline(always)]
    fn beyond(&self, range: PortRange, port: u32) -> u32 {
        let (low, high) = (u32::from(range.low), u32::from(range.high));
        (1 ^ is_zero(high)) & (self.no_ports | is_less(port, low) | is_less(high, port))
    }
}

/// The words as they lie there: rules and packets have addresses in the same order.
#[inline(always)]
fn words(address: &Address) -> [u32; 4] {
    *transmute_ref!(address)
}

/// 1 when `bit` of `bits` is set.
#[inline(always)]
fn bit(bits: u32, bit: u8) -> u32 {
    bits >> bit.trailing_zeros() & 1
}

/// 1 for 0.
#[inline(always)]
fn is_zero(value: u32) -> u32 {
    (u64::from(value).wrapping_sub(1) >> 63) as u32
}

/// 1 when `a` is below `b`.
#[inline(always)]
fn is_less(a: u32, b: u32) -> u32 {
    a.wrapping_sub(b) >> 31
}
