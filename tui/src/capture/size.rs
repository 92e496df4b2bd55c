//! Sizes as people write them.

/// Bytes, with k, M or G behind them for 1024 of the one before.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || "expected a size such as 500k, 100M or 2G, at least 64k".to_owned();
    let digits = text.trim_end_matches(|character: char| !character.is_ascii_digit());
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    let unit = text.strip_prefix(digits).unwrap_or_default();
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).filter(|bytes| *bytes >= LEAST).ok_or_else(wrong)
}

/// A file holds at least a packet.
const LEAST: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_what_is_none_is_not() {
        for (text, size) in [("65536", 65536), ("64k", 65536), ("100M", 100 << 20), ("2GiB", 2 << 30)] {
            assert_eq!(bytes(text), Ok(size), "{text}");
        }
        for text in ["", "M", "-1M", "1.5M", "63k", "1T", "99999999999G", "1 M 1"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
