//! The lines in which a machine reports to `cargo xtask test vm`, on its second serial port.
//!
//! ```
//! use wgtrace_vm::Line;
//!
//! let line = Line::Booted { release: "6.1.0-56-cloud-amd64".to_owned() };
//! assert_eq!(Line::parse(&format!("{line}\r")), Some(line));
//! assert_eq!(Line::parse("anything else that reached the port"), None);
//! ```
#![forbid(unsafe_code)]

use std::fmt;

use serde::{Deserialize, Serialize};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// Init runs.
    Booted {
        /// What `uname -r` says.
        release: String,
    },
    /// The kernel took a program.
    Program {
        /// Its name in the object.
        name: String,
        /// What it came to.
        size: Size,
    },
    /// A check is over.
    Check {
        /// What was checked.
        name: String,
        /// How it went.
        passed: bool,
        /// How long it took, in milliseconds of the machine's clock.
        millis: u64,
        /// What was measured, or what went wrong.
        notes: String,
    },
    /// All checks were made; the machine goes off.
    Finished,
}

/// What the verifier made of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Instructions that the verifier looked at, along all paths.
    pub verified: u32,
    /// Instructions after its rewriting.
    pub translated: u32,
}

/// What a line begins with.
const PREFIX: &str = "wgtrace-vm ";

impl Line {
    /// Reads a line; `None` for one that is not of ours.
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line.trim_end().strip_prefix(PREFIX)?).ok()
    }
}

impl fmt::Display for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        write!(out, "{PREFIX}{json}")
    }
}
