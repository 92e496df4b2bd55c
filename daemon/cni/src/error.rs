//! Errors, with the numbers that runtimes know.

use serde::Serialize;
use thiserror::Error;

use crate::config::NEWEST;

/// CNI 1.0, section 5: error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Code {
    /// The configuration's version is not known here.
    IncompatibleVersion = 1,
    /// The container is not known, or not as it should be.
    UnknownContainer = 3,
    /// The environment is wrong; the message names the variable.
    InvalidEnvironment = 4,
    /// Something could not be read or written.
    Io = 5,
    /// What was read is not JSON.
    Decode = 6,
    /// The configuration is wrong.
    InvalidConfig = 7,
    /// Later it may work.
    TryAgainLater = 11,
    /// The daemon refuses; numbers from 100 on are a plugin's own.
    Refused = 100,
}

/// Why the runtime does not get what it asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct CniError {
    /// For programs.
    pub code: Code,
    /// For people.
    pub message: String,
    /// The version that the error is written in.
    pub version: String,
}

impl CniError {
    /// An error in the newest version's form.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), version: NEWEST.to_owned() }
    }

    /// The same in the form of another version.
    #[must_use]
    pub fn in_version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// As it is written to standard output.
    pub fn json(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Form<'e> {
            cni_version: &'e str,
            code: u32,
            msg: &'e str,
        }
        let form = Form { cni_version: &self.version, code: self.code as u32, msg: &self.message };
        // Strings and a number: it does not fail.
        serde_json::to_string(&form).unwrap_or_default() + "\n"
    }
}
