//! The internet checksum, fast: sums are kept in the order of the machine's bytes, 64 bits wide.

use std::net::IpAddr;

/// A ones' complement sum that is not folded yet.
///
/// Exact for any packet: each addition brings at most 36 bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum(u64);

impl Sum {
    /// The bytes of `part`, which must have an even length unless it is the last.
    #[inline]
    pub(super) fn add(self, part: &[u8]) -> Self {
        let (blocks, rest) = part.as_chunks::<BLOCK>();
        let mut lanes = [0_u128; LANES];
        for block in blocks {
            let (words, _) = block.as_chunks::<WORD>();
            for (lane, word) in lanes.iter_mut().zip(words) {
                *lane += u128::from(u64::from_ne_bytes(*word));
            }
        }
        let (words, rest) = rest.as_chunks::<WORD>();
        let words = words.iter().map(|word| u128::from(u64::from_ne_bytes(*word)));
        let sum = lanes.iter().sum::<u128>() + words.sum::<u128>();
        Self(self.0 + narrow(sum) + rest_sum(rest))
    }

    /// The same while copying `from` to `to`, which is as long.
    #[inline]
    pub(super) fn add_copy(self, from: &[u8], to: &mut [u8]) -> Self {
        if let Some(room) = to.get_mut(..from.len()) {
            room.copy_from_slice(from);
        }
        // One after the other is faster than both at once: the copy uses wider instructions.
        self.add(from)
    }

    /// Both sums; `self` is over an even number of bytes.
    pub(super) fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    /// A 16-bit number as it stands in a packet.
    pub(super) fn add_u16(self, value: u16) -> Self {
        Self(self.0 + u64::from(value.to_be()))
    }

    /// The pseudo-header of TCP and UDP (RFC 9293 3.1, RFC 8200 8.1).
    pub(super) fn pseudo(src: IpAddr, dst: IpAddr, protocol: u8, len: u16) -> Self {
        let mut sum = Self::default();
        for addr in [src, dst] {
            sum = match addr {
                IpAddr::V4(addr) => sum.add(&addr.octets()),
                IpAddr::V6(addr) => sum.add(&addr.octets()),
            };
        }
        sum.add_u16(protocol.into()).add_u16(len)
    }

    /// The sum in 16 bits, as bytes of a packet.
    pub(super) fn fold(self) -> [u8; 2] {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        u16::try_from(sum).unwrap_or(u16::MAX).to_ne_bytes()
    }

    /// The checksum: the complement of the sum.
    pub(super) fn finish(self) -> [u8; 2] {
        self.fold().map(|byte| !byte)
    }

    /// The checksum with zero in its other form, as UDP has it, where zero means none.
    pub(super) fn finish_nonzero(self) -> [u8; 2] {
        match self.finish() {
            [0, 0] => [0xff, 0xff],
            checksum => checksum,
        }
    }

    /// Whether the bytes summed up hold their own valid checksum.
    pub(super) fn is_valid(self) -> bool {
        self.fold() == [0xff, 0xff]
    }
}

/// Sums that do not wait for each other. Of 128 bits, which compilers make add-with-carry of; of narrower
/// ones they make shuffles that take three times as long.
const LANES: usize = 4;
const WORD: usize = 8;
const BLOCK: usize = LANES * WORD;

/// The same sum in less than 35 bits: 2^32 is 1 among the sums of 16-bit words.
#[inline]
fn narrow(sum: u128) -> u64 {
    let bytes = sum.to_ne_bytes();
    let (parts, _) = bytes.as_chunks::<4>();
    parts.iter().map(|part| u64::from(u32::from_ne_bytes(*part))).sum()
}

#[inline]
fn rest_sum(rest: &[u8]) -> u64 {
    let (pairs, odd) = rest.as_chunks::<2>();
    let sum = pairs.iter().map(|pair| u64::from(u16::from_ne_bytes(*pair))).sum::<u64>();
    sum + odd.first().map_or(0, |&last| u64::from(u16::from_ne_bytes([last, 0])))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wgtrace_wire::checksum::internet;

    use super::*;

    proptest! {
        #[test]
        fn sums_are_those_of_the_plain_form(front in prop::collection::vec(any::<[u8; 2]>(), 0..90), last in prop::collection::vec(any::<u8>(), 0..200)) {
            let front = front.concat();
            let sum = Sum::default().add(&front).add(&last);
            let naive = internet(&[&front, &last]);
            prop_assert_eq!(!u16::from_be_bytes(sum.fold()), naive);
            let mut copy = vec![0; last.len()];
            prop_assert_eq!(Sum::default().add(&front).add_copy(&last, &mut copy), sum);
            prop_assert_eq!(copy, last);
        }
    }

    #[test]
    fn zero_is_written_in_the_form_asked_for() {
        assert_eq!(Sum::default().add(&[0xff, 0xff]).finish_nonzero(), [0xff, 0xff]);
        assert_eq!(Sum::default().add(&[0xff, 0xff]).finish(), [0, 0]);
        assert!(Sum::default().add(&[0xff, 0xff]).is_valid());
        assert!(!Sum::default().is_valid());
    }
}
