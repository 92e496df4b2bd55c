use super::block::Block;
use crate::capture::frame::{LinkType, Timestamp};
use crate::capture::options::Options;

/// What an interface description block says.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) link: LinkType,
    pub(super) snaplen: u32,
    pub(super) name: String,
    /// Its description.
    pub(super) text: String,
    pub(super) clock: Clock,
    /// Every option could be read.
    pub(super) sound: bool,
}

/// How an interface counts time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    unit: Unit,
    /// Nanoseconds to add.
    offset: i64,
}

/// The unit of a timestamp, as what makes nanoseconds of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Times(u64),
    Per(u64),
    /// Negative powers of two.
    Shift(u8),
    /// Finer than 64 bits count up to a nanosecond.
    Vanishing,
}

impl Description {
    /// `None` when even the link type is missing; a bad option only costs itself and those behind it.
    pub(super) fn parse(block: &Block<'_>) -> Option<Self> {
        let order = block.order;
        let (&[l0, l1, _, _, s0, s1, s2, s3], options) = block.body.split_first_chunk()?;
        let mut options = Options::new(options, order);
        let mut this = Self {
            link: LinkType(order.u16([l0, l1])),
            snaplen: order.u32([s0, s1, s2, s3]),
            name: String::new(),
            text: String::new(),
            clock: Clock { unit: Unit::Times(1000), offset: 0 },
            sound: true,
        };
        let text = |value: &[u8]| {
            let value = value.get(..MAX_NAME_LEN).unwrap_or(value);
            String::from_utf8_lossy(value).trim_end_matches('\0').to_owned()
        };
        for (code, value) in options.by_ref() {
            match (code, value) {
                (IF_NAME, name) => this.name = text(name),
                (IF_DESCRIPTION, description) => this.text = text(description),
                (IF_TSRESOL, &[resolution]) => this.clock.unit = Unit::from_resolution(resolution),
                (IF_TSOFFSET, value) if let Ok(seconds) = <[u8; 8]>::try_from(value) => {
                    this.clock.offset = order.i64(seconds).saturating_mul(NANOS);
                }
                (IF_TSRESOL | IF_TSOFFSET, _) => this.sound = false,
                _ => {}
            }
        }
        this.sound &= options.is_sound();
        Some(this)
    }
}

impl Clock {
    /// Saturates where 64 bits of nanoseconds do not reach.
    #[inline]
    pub(super) fn time(self, ticks: u64) -> Timestamp {
        let nanos = match self.unit {
            Unit::Times(factor) => ticks.saturating_mul(factor),
            Unit::Per(divisor) => ticks.checked_div(divisor).unwrap_or_default(),
            Unit::Shift(bits) => {
                let nanos = u128::from(ticks).saturating_mul(1_000_000_000) >> bits;
                u64::try_from(nanos).unwrap_or(u64::MAX)
            }
            Unit::Vanishing => 0,
        };
        Timestamp(i64::try_from(nanos).unwrap_or(i64::MAX).saturating_add(self.offset))
    }
}

impl Unit {
    /// The upper bit chooses between powers of two and of ten (`if_tsresol`).
    fn from_resolution(resolution: u8) -> Self {
        if let Some(exponent) = resolution.checked_sub(0x80) {
            return Self::Shift(exponent);
        }
        match 9_u32.checked_sub(resolution.into()) {
            Some(exponent) => Self::Times(10_u64.pow(exponent)),
            None => {
                10_u64.checked_pow(u32::from(resolution).saturating_sub(9)).map_or(Self::Vanishing, Self::Per)
            }
        }
    }
}

const IF_NAME: u16 = 2;
const IF_DESCRIPTION: u16 = 3;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;
const NANOS: i64 = 1_000_000_000;
const MAX_NAME_LEN: usize = 255;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_clock_agrees_with_exact_arithmetic(resolution: u8, ticks: u64, seconds in -5_i64..5) {
            let clock = Clock { unit: Unit::from_resolution(resolution), offset: seconds * NANOS };
            let product = u128::from(ticks) * 1_000_000_000;
            let nanos = if resolution < 128 {
                10_u128.checked_pow(resolution.into()).map_or(0, |unit| product / unit)
            } else {
                product >> (resolution - 128)
            };
            let nanos = i64::try_from(nanos).unwrap_or(i64::MAX).saturating_add(seconds * NANOS);
            prop_assert_eq!(clock.time(ticks), Timestamp(nanos));
        }
    }
}
