//! Which packets are wanted at a hook.

use core::net::IpAddr;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Rules of one hook: a packet is wanted when any of the first `count` matches it, or when there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Filter {
    /// How many of the rules hold, at most [`MAX_RULES`].
    pub count: u32,
    /// The rules.
    pub rules: [Rule; MAX_RULES],
}

/// Most rules of a hook.
pub const MAX_RULES: usize = 8;

const _: () = assert!(size_of::<Filter>() == 4 + MAX_RULES * 76);

/// Conditions that hold together; what is left at its default asks nothing.
///
/// A packet without the header that a condition is about (no ports in a later fragment, no addresses in ARP)
/// does not meet it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Rule {
    /// Where it comes from.
    pub source: Prefix,
    /// Where it goes.
    pub destination: Prefix,
    /// Source port.
    pub source_ports: PortRange,
    /// Destination port.
    pub destination_ports: PortRange,
    /// EtherType in host order behind all tags; 0 is any.
    pub ethertype: u16,
    /// IP protocol, if [`PROTOCOL`](Self::PROTOCOL) is set.
    pub protocol: u8,
    /// Which further conditions hold, as bits.
    pub flags: u8,
}

const _: () = assert!(size_of::<Rule>() == 76);

impl Rule {
    /// `protocol` is a condition.
    pub const PROTOCOL: u8 = 1 << 0;
    /// A packet with source and destination exchanged matches as well.
    pub const BOTH_WAYS: u8 = 1 << 1;
    /// It is a WireGuard message (in UDP, whatever the port).
    pub const WIREGUARD: u8 = 1 << 2;
}

/// A range of addresses, of both families: IPv4 as `::ffff:a.b.c.d`. The default holds all.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Prefix {
    /// Address in network order; bits outside the mask are 0.
    pub address: [u8; 16],
    /// The bits that count, in network order.
    pub mask: [u8; 16],
}

impl Prefix {
    /// The addresses that share their first `bits` bits with `address`; `None` for more bits than it has.
    ///
    /// A prefix of IPv4 holds no IPv6 address, `0.0.0.0/0` included. `::/0` holds everything: who means IPv6 alone
    /// asks for its EtherType too.
    pub fn new(address: IpAddr, bits: u8) -> Option<Self> {
        let (octets, offset) = match address {
            IpAddr::V4(v4) => (v4.to_ipv6_mapped().octets(), 96),
            IpAddr::V6(v6) => (v6.octets(), 0),
        };
        let host_bits = u128::BITS.checked_sub(u32::from(bits).checked_add(offset)?)?;
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
        let address = u128::from_be_bytes(octets) & mask;
        Some(Self { address: address.to_be_bytes(), mask: mask.to_be_bytes() })
    }

    /// Whether it holds every address.
    pub fn is_any(&self) -> bool {
        self.mask == [0; 16]
    }
}

/// A range of ports in host order, both ends included. The default asks nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct PortRange {
    /// The lowest; with `high` 0, every packet matches, with or without ports.
    pub low: u16,
    /// The highest.
    pub high: u16,
}

impl PortRange {
    /// One port.
    pub const fn one(port: u16) -> Self {
        Self { low: port, high: port }
    }

    /// Whether it asks nothing.
    pub const fn is_any(self) -> bool {
        self.high == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_keep_no_bits_outside_their_mask() {
        let prefix = Prefix::new("10.0.2.194".parse().unwrap(), 24).unwrap();
        assert_eq!(prefix.address, "::ffff:10.0.2.0".parse::<core::net::Ipv6Addr>().unwrap().octets());
        assert_eq!(u128::from_be_bytes(prefix.mask).leading_ones(), 120);
    }

    #[test]
    fn a_prefix_has_at_most_the_bits_of_its_family() {
        assert_eq!(Prefix::new("10.0.0.1".parse().unwrap(), 33), None);
        assert_eq!(Prefix::new("::1".parse().unwrap(), 129), None);
        assert!(Prefix::new("::".parse().unwrap(), 0).unwrap().is_any());
        assert!(!Prefix::new("0.0.0.0".parse().unwrap(), 0).unwrap().is_any());
    }
}
