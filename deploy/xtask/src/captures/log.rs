//! A node's key log, at both levels.

use std::cell::{Cell, RefCell};

use wgtrace_decrypt::capture::Timestamp;
use wgtrace_decrypt::keylog::{HandshakeKeys, KeyLog, SessionKeys, write_handshake};

/// Keeps what one node's handshakes tell.
#[derive(Debug, Default)]
pub(super) struct Log {
    wireshark: RefCell<String>,
    session: RefCell<String>,
    time: Cell<i64>,
}

impl Log {
    /// When the sessions from now on begin, in nanoseconds since 1970.
    pub(super) fn set_time(&self, nanos: i64) {
        self.time.set(nanos);
    }

    /// Wireshark's lines.
    pub(super) fn wireshark(&self) -> String {
        self.wireshark.borrow().clone()
    }

    /// Transport key lines.
    pub(super) fn session(&self) -> String {
        self.session.borrow().clone()
    }
}

impl KeyLog for Log {
    fn handshake(&self, keys: &HandshakeKeys<'_>) {
        let mut lines = String::new();
        // Writing to a string cannot fail.
        let _ = write_handshake(&mut lines, keys);
        let mut log = self.wireshark.borrow_mut();
        for line in lines.lines() {
            // Static keys are named once; a preshared key stays behind its ephemeral key.
            if !(line.contains("_STATIC_") && log.contains(line)) {
                log.push_str(line);
                log.push('\n');
            }
        }
    }

    fn session(&self, keys: &SessionKeys) {
        let mut log = self.session.borrow_mut();
        for line in keys.lines(Some(Timestamp(self.time.get()))) {
            let _ = line.write(&mut *log);
        }
    }
}
