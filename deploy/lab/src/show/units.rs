//! Amounts and times as wg(8) prints them.

/// Bytes (wireguard-tools: src/show.c, `bytes`).
pub(super) fn bytes(bytes: u64) -> String {
    let scaled = UNITS.iter().rev().find(|(unit, _)| bytes >= *unit);
    match scaled {
        None | Some((1, _)) => format!("{bytes} B"),
        Some((unit, name)) => {
            // to the nearest hundredth, without going through floating point
            let hundredths = (u128::from(bytes) * 100 + u128::from(*unit) / 2) / u128::from(*unit);
            format!("{}.{:02} {name}", hundredths / 100, hundredths % 100)
        }
    }
}

/// How long ago, in seconds (wireguard-tools: src/show.c, `pretty_time`).
pub(super) fn ago(seconds: u64) -> String {
    let mut parts = Vec::new();
    let mut left = seconds;
    for (unit, name) in SPANS {
        let count = left / unit;
        left %= unit;
        if count != 0 {
            parts.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        }
    }
    if parts.is_empty() { "Now".to_owned() } else { format!("{} ago", parts.join(", ")) }
}

const UNITS: [(u64, &str); 5] =
    [(1, "B"), (1 << 10, "KiB"), (1 << 20, "MiB"), (1 << 30, "GiB"), (1 << 40, "TiB")];
const SPANS: [(u64, &str); 5] =
    [(365 * 86_400, "year"), (86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_times_are_wgs() {
        assert_eq!([476, 1023, 1024, 1_500_000].map(bytes), ["476 B", "1023 B", "1.00 KiB", "1.43 MiB"]);
        assert_eq!(
            [0, 1, 221, 3600, 90_061].map(ago),
            [
                "Now",
                "1 second ago",
                "3 minutes, 41 seconds ago",
                "1 hour ago",
                "1 day, 1 hour, 1 minute, 1 second ago"
            ]
        );
    }
}
