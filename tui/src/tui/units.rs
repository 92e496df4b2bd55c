//! Numbers as a person reads them, in few columns.

/// A count in at most five columns: `9999`, `12.3k`, `1.2M`.
pub(crate) fn count(value: u64) -> String {
    if value < 10_000 {
        return value.to_string();
    }
    let mut unit = 1000;
    for letter in ['k', 'M', 'G', 'T', 'P'] {
        let tenths = value / (unit / 10);
        if tenths < 1000 {
            return format!("{}.{}{letter}", tenths / 10, tenths % 10);
        }
        if tenths < 10_000 {
            return format!("{}{letter}", tenths / 10);
        }
        unit *= 1000;
    }
    format!("{}E", value / unit)
}

/// A short time in nanoseconds: `850ns`, `12us`, `1.3ms`, `2.1s`.
pub(crate) fn short(nanos: u64) -> String {
    match nanos {
        0..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => format!("{}us", nanos / 1_000),
        1_000_000..1_000_000_000 => format!("{}.{}ms", nanos / 1_000_000, nanos / 100_000 % 10),
        _ => format!("{}.{}s", nanos / SECOND, nanos / (SECOND / 10) % 10),
    }
}

/// A long time in nanoseconds, to the second: `12s`, `3m41s`, `2h05m`, `3d04h`.
pub(crate) fn long(nanos: u64) -> String {
    let seconds = nanos / SECOND;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86400, seconds / 3600 % 24),
    }
}

/// From one moment to a later one; none if it is not later.
pub(crate) fn between(from: i64, to: i64) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or(0)
}

/// Time of day (UTC) with microseconds.
pub(crate) fn time_of_day(time: i64) -> String {
    let nanos = time.rem_euclid(86_400_000_000_000);
    let (seconds, micros) = (nanos / 1_000_000_000, nanos / 1_000 % 1_000_000);
    format!("{:02}:{:02}:{:02}.{micros:06}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Time of day (UTC) to the second.
pub(crate) fn time_to_the_second(time: i64) -> String {
    let mut text = time_of_day(time);
    text.truncate("00:00:00".len());
    text
}

/// Nanoseconds of a second.
pub(crate) const SECOND: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stay_within_five_columns() {
        let shown = [0, 9_999, 10_000, 12_345, 99_999, 100_000, 999_999, 1_000_000, 123_456_789, u64::MAX];
        let shown: Vec<String> = shown.into_iter().map(count).collect();
        assert_eq!(
            shown,
            ["0", "9999", "10.0k", "12.3k", "99.9k", "100k", "999k", "1.0M", "123M", "18E"]
                .map(str::to_owned)
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
