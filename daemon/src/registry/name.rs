use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use thiserror::Error;

/// The name of a node or a cluster: 1 to 250 letters, digits, `-`, `.` and `_`, a letter or digit first.
///
/// It is also a file's name, with an extension behind it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Name(String);

impl Name {
    /// A name that stands in the code.
    pub(crate) fn known(name: &'static str) -> Self {
        debug_assert!(name.parse::<Self>().is_ok(), "{name} is no name");
        Self(name.to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if !(1..=MOST).contains(&text.len()) {
            return Err(NameError::Length { have: text.len() });
        }
        let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if !text.chars().all(is_known) || !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(NameError::Character);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameError {
    /// Empty, or longer than files' names.
    #[error("a name has 1 to {MOST} characters, this one {have}")]
    Length {
        /// Bytes given.
        have: usize,
    },
    /// Something that names do not have.
    #[error("a name has letters, digits, '-', '.' and '_', and begins with a letter or digit")]
    Character,
}

/// Of 255 bytes, five are for `.json`.
const MOST: usize = 250;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_such_that_no_path_hides_in_them() {
        for good in ["a", "worker-2", "node1.example.org", "N_1", &"x".repeat(250)] {
            assert_eq!(good.parse::<Name>().unwrap().as_str(), good);
        }
        for bad in ["a/b", "..", ".", ".hidden", "-a", "a b", "a\0", "ä", "a\n"] {
            assert_eq!(bad.parse::<Name>(), Err(NameError::Character), "{bad:?}");
        }
        assert_eq!("".parse::<Name>(), Err(NameError::Length { have: 0 }));
        assert_eq!("x".repeat(251).parse::<Name>(), Err(NameError::Length { have: 251 }));
    }
}
