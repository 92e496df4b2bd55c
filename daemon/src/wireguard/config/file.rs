use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use super::{Config, ParseError};

/// Reads a configuration that nobody else may read, if it holds a key.
pub fn load(path: &Path) -> Result<Config, FileError> {
    let failed = |error: io::Error| FileError::Unreadable { path: path.to_owned(), kind: error.kind() };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
    let mut text = Zeroizing::new(String::new());
    file.take(MOST + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MOST {
        return Err(FileError::TooLong { path: path.to_owned() });
    }
    let config = text.parse().map_err(|error| FileError::Malformed { path: path.to_owned(), error })?;
    if mode & OTHERS != 0 && holds_secret(&config) {
        return Err(FileError::Exposed { path: path.to_owned(), mode });
    }
    Ok(config)
}

fn holds_secret(config: &Config) -> bool {
    config.interface.private_key.is_some() || config.peers.iter().any(|peer| peer.preshared_key.is_some())
}

/// Why a file is no configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileError {
    /// Not there, not allowed, not text.
    #[error("reading {}: {kind}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        kind: io::ErrorKind,
    },
    /// Longer than any configuration.
    #[error("{} is longer than {} MiB: not a configuration", path.display(), MOST >> 20)]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// Something in it is wrong.
    #[error("{}: {error}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What, and where.
        error: ParseError,
    },
    /// Everybody on the machine can use its keys.
    #[error("{} holds keys and everybody can use it (mode {mode:04o}): run `chmod 600 {}`, and consider the keys known", path.display(), path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
}

const OTHERS: u32 = 0o007;
const MOST: u64 = 16 << 20;
