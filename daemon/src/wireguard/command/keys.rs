//! Options about the export of keys.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use wgtrace_decrypt::keylog::{KeyLog, NoKeyLog};

use crate::wireguard::key_log::{KeyLogFile, KeyLogLevel};

/// Where keys are written, and which.
#[derive(Debug, Clone, Args)]
pub struct KeyArgs {
    /// Write keys to this file (mode 0600), so that captures can be decrypted.
    #[arg(long, value_name = "FILE")]
    pub key_log: Option<PathBuf>,

    /// Which keys: of sessions alone, or what Wireshark needs, which includes the device's PRIVATE KEY.
    #[arg(long, value_name = "LEVEL", requires = "key_log", default_value = "session")]
    pub key_level: KeyLevel,
}

/// See [`KeyLogLevel`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeyLevel {
    /// Transport keys: each opens one session.
    Session,
    /// Wireshark's lines, with the device's private key.
    Wireshark,
}

impl KeyArgs {
    /// The log that was asked for.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn open(&self) -> Result<Arc<dyn KeyLog + Send + Sync>> {
        let Some(path) = &self.key_log else { return Ok(Arc::new(NoKeyLog)) };
        let level = match self.key_level {
            KeyLevel::Session => {
                tracing::info!(path = %path.display(), "keys of sessions are exported");
                KeyLogLevel::Session
            }
            KeyLevel::Wireshark => {
                tracing::warn!(path = %path.display(), "the key log will hold this device's PRIVATE KEY");
                KeyLogLevel::Wireshark
            }
        };
        let log =
            KeyLogFile::open(path, level).with_context(|| format!("opening key log {}", path.display()))?;
        Ok(Arc::new(log))
    }
}
