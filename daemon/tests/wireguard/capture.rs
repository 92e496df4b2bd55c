//! Captures that tcpdump takes while a test runs.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use wgtrace_testbed::Namespace;

use crate::end::wait_for;

/// One that is being taken; it ends with this value.
pub(crate) struct Capture {
    tcpdump: Tcpdump,
    said: BufReader<ChildStderr>,
    captured: Captured,
}

/// One that is complete; the file goes with this value.
pub(crate) struct Captured {
    dir: TempDir,
}

impl Capture {
    /// Of what passes `filter` on a device, from now on.
    pub(crate) fn start(namespace: &Namespace, device: &str, filter: &str) -> Self {
        let captured = Captured { dir: tempfile::tempdir().unwrap() };
        let mut command = Command::new("tcpdump");
        // -Z: the folder is this user's alone. -B: room for bursts, in KiB.
        command.args(["-n", "-U", "-Z", "root", "-B", "32768", "-i", device, "-w"]);
        command.arg(captured.path()).arg(filter);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = namespace.run(|| command.spawn()).unwrap();
        let mut tcpdump = Tcpdump(child.expect("tcpdump is not installed (Debian: tcpdump)"));
        let mut said = BufReader::new(tcpdump.0.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening on") {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "tcpdump does not listen on {device}");
        }
        Self { tcpdump, said, captured }
    }

    /// Ends it once these bytes are in it, near its end.
    pub(crate) fn stop_behind(mut self, last: &[u8]) -> Captured {
        wait_for("tcpdump to have written the last packet", || self.captured.ends_about(last));
        kill_process(Pid::from_child(&self.tcpdump.0), Signal::INT).unwrap();
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        assert!(self.tcpdump.0.wait().unwrap().success());
        assert!(said.contains("\n0 packets dropped by kernel"), "{said}");
        self.captured
    }
}

impl Captured {
    /// The file, a classic pcap.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("capture.pcap")
    }

    fn ends_about(&self, last: &[u8]) -> bool {
        let mut file = File::open(self.path()).unwrap();
        let len = file.metadata().unwrap().len();
        let mut end = Vec::new();
        file.seek(SeekFrom::Start(len.saturating_sub(ABOUT))).unwrap();
        file.read_to_end(&mut end).unwrap();
        end.windows(last.len()).any(|bytes| bytes == last)
    }
}

struct Tcpdump(Child);

impl Drop for Tcpdump {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Bytes at the end of a capture that are looked at for its last packet.
const ABOUT: u64 = 64 << 10;
