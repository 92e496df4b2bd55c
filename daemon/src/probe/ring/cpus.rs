//! Lists of CPUs as sysfs writes them.

use super::RingError;

/// CPUs that are up.
pub const ONLINE: &str = "/sys/devices/system/cpu/online";
/// CPUs that may ever be up: what per-CPU maps have values for, in this order.
pub const POSSIBLE: &str = "/sys/devices/system/cpu/possible";

/// Reads a list of CPUs, in rising order.
pub fn read(file: &'static str) -> Result<Vec<u32>, RingError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| RingError::Cpus { file, reason: error.kind().to_string() })?;
    parse(text.trim())
        .ok_or_else(|| RingError::Cpus { file, reason: format!("`{}` is no list of CPUs", text.trim()) })
}

/// `0-3,8,10-11`.
fn parse(text: &str) -> Option<Vec<u32>> {
    let mut cpus = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        // no kernel has more, and a slip of the file must not fill the memory
        if first > last || last >= 1 << 16 || cpus.last().is_some_and(|before| *before >= first) {
            return None;
        }
        cpus.extend(first..=last);
    }
    Some(cpus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_single_cpus_are_listed() {
        assert_eq!(parse("0"), Some(vec![0]));
        assert_eq!(parse("0-3,8,10-11"), Some(vec![0, 1, 2, 3, 8, 10, 11]));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in ["", "a", "3-1", "0,0", "1,0", "0-", "0-4294967295", "-1"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn this_machine_has_its_online_cpus_among_the_possible() {
        let possible = read(POSSIBLE).unwrap();
        assert!(read(ONLINE).unwrap().iter().all(|cpu| possible.contains(cpu)));
    }
}
