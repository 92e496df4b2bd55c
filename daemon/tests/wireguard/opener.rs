//! What opens captures: our own program, and tshark.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::capture::Captured;
use crate::packets;

/// What `wgtrace decrypt` made of a capture.
pub(crate) struct Opened {
    /// The inner packets.
    pub(crate) packets: Vec<Vec<u8>>,
    /// Sessions that they were sent under.
    pub(crate) sessions: u64,
}

/// Opens every message of a capture with the keys in a file.
pub(crate) fn wgtrace(capture: &Captured, keys: &Path) -> Opened {
    let program = std::env::var_os("WGTRACE_PROGRAM").expect(
        "WGTRACE_PROGRAM names no wgtrace program to decrypt with: `cargo xtask test netns` builds and names it",
    );
    let dir = tempfile::tempdir().unwrap();
    let inner = dir.path().join("inner.pcap");
    let mut command = Command::new(program);
    command.arg("decrypt").arg(capture.path()).arg("-k").arg(keys).arg("-w").arg(&inner).arg("--json");
    let output = command.output().expect("WGTRACE_PROGRAM does not start");
    let (said, json) = (String::from_utf8_lossy(&output.stderr), String::from_utf8(output.stdout).unwrap());
    assert!(output.status.success(), "{said}");
    assert_eq!(said, "", "it complains");
    let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for bad in ["failure", "handshake-failure", "warning"] {
        assert!(lines.iter().all(|line| line["type"] != bad), "{json}");
    }
    let total = lines.last().unwrap();
    assert_eq!((&total["not_decrypted"], &total["malformed"]), (&0.into(), &0.into()), "{json}");
    let packets = packets::read(&inner);
    assert_eq!(total["packets"], packets.len());
    Opened { packets, sessions: total["sessions"].as_u64().unwrap() }
}

/// Lengths of the inner packets that tshark opens with the keys in a file, in their order, by who sent them; it has
/// to open every message.
pub(crate) fn tshark(capture: &Captured, keys: &Path) -> BTreeMap<IpAddr, Vec<usize>> {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new("tshark");
    command.env("HOME", home.path()).env("XDG_CONFIG_HOME", home.path()).arg("-nr").arg(capture.path());
    command.arg("-o").arg(format!("wg.keylog_file:{}", keys.display())).args([
        "-Y",
        "wg.type == 4",
        "-T",
        "fields",
    ]);
    for field in FIELDS {
        command.args(["-e", field]);
    }
    let output = command.output().expect("tshark is not installed (Debian: tshark)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut lengths = BTreeMap::<_, Vec<usize>>::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [number, keepalive, error, v4, v4_len, v6, v6_len] = fields[..] else { panic!("{line}") };
        assert_eq!(error, "", "frame {number}");
        if keepalive.is_empty() {
            // The outer packet's are first.
            let (src, len) = match (v4.rsplit_once(','), v6.is_empty()) {
                (Some((_, src)), true) => (src, last(v4_len)),
                (None, false) => (last_of(v6), 40 + last(v6_len)),
                _ => panic!("frame {number} was not opened: {line}"),
            };
            lengths.entry(src.parse().unwrap()).or_default().push(len);
        }
    }
    lengths
}

fn last_of(values: &str) -> &str {
    values.rsplit(',').next().unwrap()
}

fn last(values: &str) -> usize {
    last_of(values).parse().unwrap()
}

const FIELDS: [&str; 7] =
    ["frame.number", "wg.keepalive", "wg.decryption_error", "ip.src", "ip.len", "ipv6.src", "ipv6.plen"];
