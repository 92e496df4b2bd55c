//! The node's private key, on disk.

use std::path::{Path, PathBuf};

use rustix::fs::statfs;
use thiserror::Error;
use wgtrace_cni::PrivateDirectory;
use wgtrace_decrypt::key::{self, PrivateKey};
use zeroize::Zeroizing;

/// The key in `directory`, made when there is none: peers know the node by it after a restart, too.
///
/// # Errors
/// When it cannot be read or kept, or others could read it.
pub fn identity(directory: &PrivateDirectory) -> Result<PrivateKey, IdentityError> {
    let path = directory.path().join(NAME);
    let unusable =
        |error: std::io::Error| IdentityError::Unusable { path: path.clone(), reason: error.to_string() };
    match directory.read(&path, MOST_BYTES) {
        Ok(text) => {
            let text = Zeroizing::new(text);
            let text = std::str::from_utf8(&text).ok().map(str::trim);
            let bytes = text.and_then(key::parse).filter(|bytes| **bytes != [0; 32]);
            bytes.map(|bytes| PrivateKey::from_bytes(*bytes)).ok_or(IdentityError::NoKey { path })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut bytes = Zeroizing::new([0; 32]);
            getrandom::fill(&mut *bytes)?;
            clamp(&mut bytes);
            let key = PrivateKey::from_bytes(*bytes);
            let text = Zeroizing::new(format!("{}\n", *key.expose_base64()));
            directory.write(&path, text.as_bytes()).map_err(unusable)?;
            Ok(key)
        }
        Err(error) => Err(unusable(error)),
    }
}

/// Whether what is there is gone after the next boot, and with it the name that peers know.
pub fn is_fleeting(directory: &Path) -> bool {
    // linux: include/uapi/linux/magic.h
    const TMPFS_MAGIC: rustix::fs::FsWord = 0x0102_1994;
    statfs(directory).is_ok_and(|fs| fs.f_type == TMPFS_MAGIC)
}

/// RFC 7748, section 5; as `wg genkey` writes them.
fn clamp(key: &mut [u8; 32]) {
    let [first, .., last] = key;
    *first &= 0xf8;
    *last = *last & 0x7f | 0x40;
}

/// Why there is no key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The system refuses.
    #[error("the node's key, {}: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Something else is in the file.
    #[error("{} holds no key (44 characters of base64): restore it, or remove it for a new one", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The kernel has no randomness yet.
    #[error("no randomness for the node's key: {0}")]
    Random(#[from] getrandom::Error),
}

const NAME: &str = "private.key";
const MOST_BYTES: u64 = 1 << 10;

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_stays() {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o700)).unwrap();
        let private = PrivateDirectory::open(directory.path()).unwrap();
        let first = identity(&private).unwrap();
        assert_eq!(identity(&private).unwrap().public(), first.public());
        let path = directory.path().join(NAME);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "torn").unwrap();
        let error = identity(&private).unwrap_err();
        assert!(error.to_string().contains("holds no key"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "torn");
    }
}
