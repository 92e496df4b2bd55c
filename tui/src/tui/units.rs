//! Numbers as a person reads them, in few columns.

use super::text::Short;

/// A count in at most five columns: `9999`, `12.3k`, `1.2M`.
pub(crate) fn count(value: u64) -> Short {
    if value < 10_000 {
        return format_args!("{value}").into();
    }
    let mut unit = 1000;
    for letter in ['k', 'M', 'G', 'T', 'P'] {
        let tenths = value / (unit / 10);
        if tenths < 1000 {
            return format_args!("{}.{}{letter}", tenths / 10, tenths % 10).into();
        }
        if tenths < 10_000 {
            return format_args!("{}{letter}", tenths / 10).into();
        }
        unit *= 1000;
    }
    format_args!("{}E", value / unit).into()
}

/// A short time in nanoseconds: `850ns`, `12us`, `1.3ms`, `2.1s`.
pub(crate) fn short(nanos: u64) -> Short {
    match nanos {
        0..1_000 => format_args!("{nanos}ns").into(),
        1_000..1_000_000 => format_args!("{}us", nanos / 1_000).into(),
        1_000_000..1_000_000_000 => format_args!("{}.{}ms", nanos / 1_000_000, nanos / 100_000 % 10).into(),
        _ => format_args!("{}.{}s", nanos / SECOND, nanos / (SECOND / 10) % 10).into(),
    }
}

/// A long time in nanoseconds, to the second: `12s`, `3m41s`, `2h05m`, `3d04h`.
pub(crate) fn long(nanos: u64) -> Short {
    let seconds = nanos / SECOND;
    match seconds {
        0..60 => format_args!("{seconds}s").into(),
        60..3600 => format_args!("{}m{:02}s", seconds / 60, seconds % 60).into(),
        3600..86400 => format_args!("{}h{:02}m", seconds / 3600, seconds / 60 % 60).into(),
        _ => format_args!("{}d{:02}h", seconds / 86400, seconds / 3600 % 24).into(),
    }
}

/// From one moment to a later one; none if it is not later.
pub(crate) fn between(from: i64, to: i64) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or(0)
}

/// Time of day (UTC) with microseconds.
pub(crate) fn time_of_day(time: i64) -> Short {
    let nanos = time.rem_euclid(86_400_000_000_000);
    let (seconds, micros) = (nanos / 1_000_000_000, nanos / 1_000 % 1_000_000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format_args!("{hours:02}:{minutes:02}:{:02}.{micros:06}", seconds % 60).into()
}

/// Time of day (UTC) to the second.
pub(crate) fn time_to_the_second(time: i64) -> Short {
    time_of_day(time).split('.').next().unwrap_or_default().into()
}

/// Nanoseconds of a second.
pub(crate) const SECOND: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stay_within_five_columns() {
        let shown = [0, 9_999, 10_000, 12_345, 99_999, 100_000, 999_999, 1_000_000, 123_456_789, u64::MAX];
        assert_eq!(
            shown.map(count),
            ["0", "9999", "10.0k", "12.3k", "99.9k", "100k", "999k", "1.0M", "123M", "18E"]
        );
    }

    #[test]
    fn times_have_the_unit_that_fits() {
        assert_eq!([5, 12_000, 1_340_000, 2_150_000_000].map(short), ["5ns", "12us", "1.3ms", "2.1s"]);
        assert_eq!([12, 221, 7_500, 273_600].map(|s| long(s * SECOND)), ["12s", "3m41s", "2h05m", "3d04h"]);
        assert_eq!(time_of_day(1_720_257_144_280_618_000), "09:12:24.280618");
        assert_eq!(time_to_the_second(-1), "23:59:59");
        assert_eq!(between(5, 3), 0);
    }
}
