//! The captures of a walkthrough as a scenario of `captures/`.

mod expect;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::stage::Seen;
use super::wire::Wire;

/// Writes the captures, the session keys that they need and no others, and what has to come out.
pub(super) fn write(folder: &Path, seen: &Seen, keys: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for (name, recording) in [("eth0", &seen.wire), ("cilium_wg0", &seen.tunnel), ("pod-eth0", &seen.pod)] {
        recording.write(&folder.join(format!("{name}.pcapng")))?;
    }
    let log = fs::read_to_string(keys).with_context(|| keys.display().to_string())?;
    let keys = Keys::used(&log, &Wire::of(&seen.wire));
    fs::write(folder.join("transport.keys"), &keys.0)?;
    fs::write(folder.join("expect.json"), expect::text(seen, &keys)?)?;
    Ok(())
}

/// Lines of a key log.
struct Keys(String);

impl Keys {
    /// Those that a capture needs: their first field is the receiver.
    fn used(log: &str, wire: &Wire) -> Self {
        let used: BTreeSet<String> =
            wire.data.iter().map(|(_, data)| format!("{:#010x}", data.receiver)).collect();
        let is_used = |line: &&str| line.split(' ').next().is_some_and(|receiver| used.contains(receiver));
        Self(log.lines().filter(is_used).flat_map(|line| [line, "\n"]).collect())
    }

    /// How many sessions they are of, each with a key for either direction.
    fn sessions(&self) -> usize {
        let of =
            |direction: &str| self.0.lines().filter(|line| line.split(' ').nth(2) == Some(direction)).count();
        of("send").max(of("recv"))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::walkthrough::wire::Data;

    #[test]
    fn keys_of_other_sessions_stay_where_they_are() {
        let data = Data { receiver: 0x00c0_ffee, counter: 0 };
        let wire = Wire { data: vec![(Ipv4Addr::LOCALHOST, data)], ..Wire::default() };
        let log = "# keys\n0x00c0ffee AAA= send\n0x00000001 BBB= recv\n";
        let keys = Keys::used(log, &wire);
        assert_eq!((keys.0.as_str(), keys.sessions()), ("0x00c0ffee AAA= send\n", 1));
    }
}
