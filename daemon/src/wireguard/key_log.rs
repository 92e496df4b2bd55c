//! Keys written to a file, for those who were told to hold them.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use wgtrace_decrypt::capture::Timestamp;
use wgtrace_decrypt::keylog::{HandshakeKeys, KeyLog, SessionKeys, write_handshake};
use zeroize::Zeroizing;

/// Which keys are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyLogLevel {
    /// Transport keys: each opens one session and nothing else.
    Session,
    /// What Wireshark reads, **with the device's private key**.
    Wireshark,
}

/// A key log that only its owner can read.
///
/// Each export is one write of whole lines to a file opened for appending, so that a reader never
/// sees a part of one; it is done before the message made with the keys can leave. A file that would
/// grow beyond its limit becomes `FILE.1`, and what was there before goes.
#[derive(Debug)]
pub struct KeyLogFile {
    path: PathBuf,
    level: KeyLogLevel,
    limit: u64,
    file: Mutex<Open>,
    failed: AtomicU64,
}

#[derive(Debug)]
struct Open {
    file: File,
    len: u64,
}

impl KeyLogFile {
    /// Appends to the file at `path`, which is made if needed; rotated at 64 MiB.
    pub fn open(path: &Path, level: KeyLogLevel) -> io::Result<Self> {
        Self::with_limit(path, level, LIMIT)
    }

    /// The same with another limit in bytes.
    pub fn with_limit(path: &Path, level: KeyLogLevel, limit: u64) -> io::Result<Self> {
        let file = Mutex::new(open(path)?);
        Ok(Self { path: path.to_owned(), level, limit, file, failed: AtomicU64::new(0) })
    }

    fn append(&self, text: &Zeroizing<String>) {
        if let Err(error) = self.try_append(text.as_bytes()) {
            self.failed.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(path = %self.path.display(), %error, "keys not written");
        }
    }

    fn try_append(&self, text: &[u8]) -> io::Result<()> {
        let mut open_file = self.lock();
        let len = text.len() as u64;
        if open_file.len > 0 && open_file.len.saturating_add(len) > self.limit {
            let mut previous = self.path.clone().into_os_string();
            previous.push(".1");
            std::fs::rename(&self.path, previous)?;
            *open_file = open(&self.path)?;
        }
        let written = open_file.file.write(text)?;
        open_file.len = open_file.len.saturating_add(written as u64);
        if written < text.len() {
            // The disk is full in the middle of a line: what is there of it must not be taken for one.
            open_file.file.set_len(open_file.len.saturating_sub(written as u64))?;
            open_file.len = open_file.len.saturating_sub(written as u64);
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyLog for KeyLogFile {
    fn handshake(&self, keys: &HandshakeKeys<'_>) {
        if self.level == KeyLogLevel::Wireshark {
            let mut text = Zeroizing::new(String::with_capacity(ROOM));
            // Writing into a string does not fail.
            let _ = write_handshake(&mut *text, keys);
            self.append(&text);
            tracing::info!(peer = %keys.remote_static, "handshake keys exported, private key included");
        }
    }

    fn session(&self, keys: &SessionKeys) {
        if self.level == KeyLogLevel::Session {
            let mut text = Zeroizing::new(String::with_capacity(ROOM));
            for line in keys.lines(Some(now())) {
                let _ = line.write(&mut *text);
            }
            self.append(&text);
            tracing::info!(peer = %keys.peer, "session keys exported");
        }
    }

    fn lost(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}

fn open(path: &Path) -> io::Result<Open> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    // It may have been there with others.
    file.set_permissions(Permissions::from_mode(0o600))?;
    let len = file.metadata()?.len();
    Ok(Open { file, len })
}

fn now() -> Timestamp {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(unix.as_nanos()).unwrap_or(i64::MAX))
}

const LIMIT: u64 = 64 << 20;
/// Room for one export, so that no copy of a key is left behind by growing.
const ROOM: usize = 1024;

#[cfg(test)]
mod tests {
    use wgtrace_decrypt::key::{PresharedKey, PrivateKey, PublicKey, TransportKey};
    use wgtrace_decrypt::keypair::Role;
    use wgtrace_decrypt::secrets::Secrets;
    use wgtrace_wire::wireguard::SessionIndex;

    use super::*;

    fn keys(n: u8) -> SessionKeys {
        SessionKeys {
            role: Role::Initiator,
            local: SessionIndex(u32::from(n)),
            remote: SessionIndex(u32::from(n) + 1000),
            peer: PublicKey::from_bytes([n; 32]),
            send: TransportKey::from_bytes([n; 32]),
            receive: TransportKey::from_bytes([n ^ 0x80; 32]),
        }
    }

    fn read(path: &Path) -> Secrets {
        let mut secrets = Secrets::new();
        assert_eq!(secrets.add(&std::fs::read(path).unwrap(), "keys"), []);
        secrets
    }

    #[test]
    fn sessions_are_readable_by_the_owner_alone_and_by_decrypt() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.log");
        std::fs::write(&path, "# earlier\n").unwrap();
        let log = KeyLogFile::open(&path, KeyLogLevel::Session).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        log.session(&keys(1));
        let (local_static, local_ephemeral) =
            (PrivateKey::from_bytes([7; 32]), PrivateKey::from_bytes([8; 32]));
        log.handshake(&HandshakeKeys {
            local_static: &local_static,
            remote_static: &PublicKey::from_bytes([9; 32]),
            local_ephemeral: &local_ephemeral,
            psk: &PresharedKey::NONE,
        });
        let secrets = read(&path);
        assert_eq!(secrets.transport().len(), 2);
        assert!(secrets.private_of(&local_static.public()).is_none());
        let log = KeyLogFile::open(&path, KeyLogLevel::Wireshark).unwrap();
        log.handshake(&HandshakeKeys {
            local_static: &local_static,
            remote_static: &PublicKey::from_bytes([9; 32]),
            local_ephemeral: &local_ephemeral,
            psk: &PresharedKey::NONE,
        });
        assert!(read(&path).private_of(&local_static.public()).is_some());
    }

    #[test]
    fn a_full_file_makes_way_with_whole_lines_in_both() {
        let dir = tempfile::tempdir().unwrap();
        let (path, previous) = (dir.path().join("keys.log"), dir.path().join("keys.log.1"));
        let log = KeyLogFile::with_limit(&path, KeyLogLevel::Session, 1000).unwrap();
        for n in 1..=4 {
            log.session(&keys(n));
        }
        assert_eq!((read(&previous).transport().len(), read(&path).transport().len()), (6, 2));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(log.lost(), 0);
    }

    #[test]
    fn keys_that_cannot_be_written_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let log = KeyLogFile::with_limit(&dir.path().join("keys.log"), KeyLogLevel::Session, 10).unwrap();
        log.session(&keys(1));
        assert_eq!(log.lost(), 0);
        // The next asks for a rotation, and there is nowhere to rotate to.
        dir.close().unwrap();
        log.session(&keys(2));
        assert_eq!(log.lost(), 1);
    }
}
