//! `wgtrace decrypt`, run on a recording.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use pcap_file::pcap::PcapReader;
use serde_json::Value;

use crate::Recording;

/// What it made of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opened {
    /// The packets inside, in their order.
    pub packets: Vec<Vec<u8>>,
    /// Sessions that they were sent under.
    pub sessions: u64,
    /// What it could not open, and why.
    pub failures: Vec<String>,
}

impl Opened {
    /// Opens a recording with the keys in a file.
    ///
    /// # Errors
    /// When the program does not start or not answer; that nothing opens is none.
    pub fn with(program: &Path, keys: &Path, recording: &Recording) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let [capture, inner] = ["eth0.pcapng", "inner.pcap"].map(|name| folder.path().join(name));
        recording.write(&capture)?;
        let mut command = Command::new(program);
        command.arg("decrypt").arg(&capture).arg("-k").arg(keys).arg("-w").arg(&inner).arg("--json");
        let output = command.stdin(Stdio::null()).output();
        let output = output.with_context(|| format!("cannot start {}", program.display()))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success() || output.status.code() == Some(NOTHING),
            "wgtrace decrypt: {}: {}",
            output.status,
            said.trim()
        );
        let mut opened = Self::default();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let line: Value =
                serde_json::from_str(line).context("wgtrace decrypt --json does not print JSON")?;
            opened.line(&line);
        }
        if inner.exists() {
            let mut reader = PcapReader::new(File::open(&inner)?)?;
            while let Some(packet) = reader.next_packet() {
                opened.packets.push(packet?.data().to_vec());
            }
        }
        Ok(opened)
    }

    fn line(&mut self, line: &Value) {
        let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default();
        match text("type") {
            "total" => self.sessions = line.get("sessions").and_then(Value::as_u64).unwrap_or_default(),
            "failure" | "handshake-failure" => self.failures.push(text("reason").to_owned()),
            "warning" => self.failures.push(text("text").to_owned()),
            _ => {}
        }
    }
}

/// What it exits with when nothing opens; the summary says why.
const NOTHING: i32 = 3;
