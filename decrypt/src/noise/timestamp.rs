use std::fmt;

/// The handshake's TAI64N timestamp: 12 bytes that compare as the times do.
///
/// A peer's bytes are kept as they came; a responder only compares them (whitepaper 5.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tai64n([u8; 12]);

impl Tai64n {
    /// Takes the 12 bytes of a handshake.
    pub fn from_bytes(bytes: [u8; 12]) -> Self {
        Self(bytes)
    }

    /// The 12 bytes: big-endian seconds, then nanoseconds.
    pub fn as_bytes(&self) -> &[u8; 12] {
        &self.0
    }

    /// The timestamp of an instant in nanoseconds since 1970-01-01 UTC.
    pub fn from_unix_nanos(nanos: i64) -> Self {
        // Any 64-bit number of nanoseconds is less than 2^62 seconds away from the epoch.
        let seconds = UNIX_EPOCH.saturating_add_signed(nanos.div_euclid(NANOS_PER_SECOND));
        let rest = nanos.rem_euclid(NANOS_PER_SECOND).unsigned_abs();
        let [_, _, _, _, label @ ..] = (u128::from(seconds) << 32 | u128::from(rest)).to_be_bytes();
        Self(label)
    }

    /// Nanoseconds since 1970-01-01 UTC; `None` where the bytes are no time or out of 64 bits.
    pub fn to_unix_nanos(self) -> Option<i64> {
        let label = self.0.iter().fold(0, |label, byte| label << 8 | i128::from(*byte));
        let (seconds, rest) = (label >> 32, label & i128::from(u32::MAX));
        if rest >= i128::from(NANOS_PER_SECOND) {
            return None;
        }
        i64::try_from((seconds - i128::from(UNIX_EPOCH)) * i128::from(NANOS_PER_SECOND) + rest).ok()
    }
}

impl fmt::Debug for Tai64n {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The label of 1970-01-01: 2^62, and the ten leap seconds by which TAI was ahead.
// linux: drivers/net/wireguard/noise.c, tai64n_now
const UNIX_EPOCH: u64 = 0x4000_0000_0000_000a;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_instant_survives_and_order_is_kept(a: i64, b: i64) {
            let (x, y) = (Tai64n::from_unix_nanos(a), Tai64n::from_unix_nanos(b));
            prop_assert_eq!(x.to_unix_nanos(), Some(a));
            prop_assert_eq!(a.cmp(&b), x.cmp(&y));
        }

        #[test]
        fn any_bytes_are_read(bytes: [u8; 12]) {
            let stamp = Tai64n::from_bytes(bytes);
            if let Some(nanos) = stamp.to_unix_nanos() {
                prop_assert_eq!(Tai64n::from_unix_nanos(nanos), stamp);
            }
        }
    }

    #[test]
    fn a_second_has_no_more_than_its_nanoseconds() {
        let mut bytes = *Tai64n::from_unix_nanos(0).as_bytes();
        bytes[8..].copy_from_slice(&1_000_000_000_u32.to_be_bytes());
        assert_eq!(Tai64n::from_bytes(bytes).to_unix_nanos(), None);
        assert_eq!(format!("{:?}", Tai64n::from_unix_nanos(1)), "400000000000000a00000001");
    }
}
