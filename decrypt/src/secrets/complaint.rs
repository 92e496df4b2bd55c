//! What is said about lines that gave no key.

use std::fmt;

use thiserror::Error;

use super::looks::Looks;

/// How many complaints one text yields before the rest is only counted.
const MAX_COMPLAINTS: usize = 20;

/// One line that gave no key, and why; shows no character of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Name of the file or block, as given.
    pub origin: String,
    /// Line number from 1.
    pub line: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// Why a line gave no key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// Some byte is not UTF-8.
    #[error("not UTF-8 text")]
    NotUtf8,
    /// The line is of no known kind.
    #[error("neither a key log line, nor a transport key, nor a wg configuration")]
    UnknownLine,
    /// The value is a key, its name says nothing.
    #[error("a key under an unknown name")]
    UnknownName,
    /// The value has the wrong length.
    #[error("{name}: {have} characters, where a key has 44 of base64 or 64 of hexadecimal")]
    WrongLength {
        /// What was to be a key.
        name: &'static str,
        /// Characters found.
        have: usize,
    },
    /// The value has a key's length and another alphabet, or damaged padding.
    #[error("{name}: not the base64 or hexadecimal form of 32 bytes")]
    NotAKey {
        /// What was to be a key.
        name: &'static str,
    },
    /// A transport line whose index is not 0x and 1 to 8 hexadecimal digits.
    #[error("receiver index: not 0x and 1 to 8 hexadecimal digits")]
    BadIndex,
    /// A transport line that ends after its index.
    #[error("no key after the receiver index")]
    MissingKey,
    /// A transport key of zeros only: a session already erased when its key was read.
    #[error("the transport key is all zero: the session was over when it was read")]
    ZeroKey,
    /// A transport line with a field that is none of send, recv, t= and peer=.
    #[error("field {number}: none of send, recv, t=, peer=")]
    UnknownField {
        /// Position in the line, from 1.
        number: usize,
    },
    /// A transport line that says the same thing twice.
    #[error("field {number}: said before in this line")]
    RepeatedField {
        /// Position in the line, from 1.
        number: usize,
    },
    /// A transport line with a time that cannot be read.
    #[error("t=: not Unix seconds with up to nine decimals")]
    BadTime,
    /// There are too many keys already.
    #[error("not kept: there are {limit} keys already")]
    TooManyKeys {
        /// The limit.
        limit: usize,
    },
    /// The whole text gives no key.
    #[error("no keys: {0}")]
    NoKeys(Looks),
    /// Further complaints that were only counted, beginning at this line.
    #[error("and {0} more lines like these")]
    More(usize),
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.origin, self.line, self.fault)
    }
}

/// The complaints about one text, bounded.
pub(super) struct Complaints {
    origin: String,
    kept: Vec<(usize, Fault)>,
    first_omitted: usize,
    omitted: usize,
}

impl Complaints {
    /// None yet; `origin` loses its control characters, for one line has to remain one line.
    pub(super) fn new(origin: &str) -> Self {
        let origin = origin.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        Self { origin, kept: Vec::new(), first_omitted: 0, omitted: 0 }
    }

    /// Whether there is nothing to complain about.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Adds one, or counts it.
    pub(super) fn push(&mut self, line: usize, fault: Fault) {
        if self.kept.len() < MAX_COMPLAINTS {
            self.kept.push((line, fault));
            return;
        }
        if self.omitted == 0 {
            self.first_omitted = line;
        }
        self.omitted = self.omitted.saturating_add(1);
    }

    /// The one complaint that stands for all lines.
    pub(super) fn only(mut self, fault: Fault) -> Vec<Complaint> {
        self.kept = vec![(1, fault)];
        self.omitted = 0;
        self.finish()
    }

    /// All of them, with the count of the omitted ones behind.
    pub(super) fn finish(mut self) -> Vec<Complaint> {
        if self.omitted > 0 {
            self.kept.push((self.first_omitted, Fault::More(self.omitted)));
        }
        let origin = self.origin;
        self.kept.into_iter().map(|(line, fault)| Complaint { origin: origin.clone(), line, fault }).collect()
    }
}
