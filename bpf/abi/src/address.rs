//! Addresses as they lie in maps.

use core::net::{IpAddr, Ipv6Addr};

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, transmute};

/// 16 bytes of address in network order, of IPv4 as `::ffff:a.b.c.d`, aligned so that they are compared as words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C, align(8))]
pub struct Address(pub [u8; 16]);

const _: () = assert!(size_of::<Address>() == 16);

impl Address {
    /// The IPv4 address with these bytes.
    #[inline]
    pub const fn v4(octets: [u8; 4]) -> Self {
        // by words: programs would fill bytes one by one
        let mapped = [0, 0, u32::from_ne_bytes([0, 0, 0xff, 0xff]), u32::from_ne_bytes(octets)];
        transmute!(mapped)
    }

    /// Whether it is `other`. For programs: `==` is a call there.
    #[inline]
    pub fn is(&self, other: &Self) -> bool {
        let [a, b]: [u64; 2] = transmute!(*self);
        let [c, d]: [u64; 2] = transmute!(*other);
        (a ^ c) | (b ^ d) == 0
    }

    /// Whether it is all zero: no address.
    #[inline]
    pub fn is_none(&self) -> bool {
        self.is(&Self::default())
    }

    /// The address as the standard library has it.
    pub fn ip(self) -> IpAddr {
        Ipv6Addr::from(self.0).to_canonical()
    }
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self::v4(v4.octets()),
            IpAddr::V6(v6) => Self(v6.octets()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_families_come_back() {
        for text in ["10.0.1.203", "0.0.0.0", "fd00::1", "::"] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(Address::from(address).ip(), address);
        }
        assert!(Address::from("10.0.1.203".parse::<IpAddr>().unwrap()).is(&Address::v4([10, 0, 1, 203])));
        assert!(Address::default().is_none() && !Address::v4([0; 4]).is_none());
    }
}
