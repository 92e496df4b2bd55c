//! The captures of a walkthrough as a scenario of `captures/`.

mod expect;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::stage::Seen;
use super::wire::Wire;
use crate::Container;

/// Writes the captures, the session keys that they need and no others, and what has to come out.
pub(super) fn write(folder: &Path, seen: &Seen, keys: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for (name, recording) in
        [("eth0", &seen.wire), ("cilium_wg0", &seen.tunnel), ("pod-eth0", &seen.pod)]
    {
        recording.write(&folder.join(format!("{name}.pcapng")), Container::PcapNg)?;
    }
    let log = fs::read_to_string(keys).with_context(|| keys.display().to_string())?;
    let wire = Wire::of(&seen.wire);
    fs::write(folder.join("transport.keys"), used(&log, &wire))?;
    fs::write(folder.join("expect.json"), expect::text(seen)?)?;
    Ok(())
}

/// The lines of a key log that a capture needs: their first field is the receiver.
fn used(log: &str, wire: &Wire) -> String {
    let receivers: Vec<String> = wire.data.iter().map(|(_, data)| format!("{:#010x}", data.receiver)).collect();
    let is_used = |line: &&str| {
        let receiver = line.split(' ').next().unwrap_or_default();
        receivers.iter().any(|used| used == receiver)
    };
    log.lines().filter(is_used).map(|line| format!("{line}\n")).collect()
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
        assert_eq!(used(log, &wire), "0x00c0ffee AAA= send\n");
    }
}
