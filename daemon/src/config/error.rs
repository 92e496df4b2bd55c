use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;

use thiserror::Error;

/// Why there is no configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// What the kernel said.
        error: io::ErrorKind,
    },
    /// What is in it.
    #[error("{}, {error}", path.display())]
    Wrong {
        /// Its path.
        path: PathBuf,
        /// What is wrong.
        error: ConfigError,
    },
}

/// What is wrong with a configuration, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Line and column, both from 1, the column in characters; `None` for what is missing.
    pub place: Option<(usize, usize)>,
    /// What is wrong, and what would be right.
    pub fault: String,
}

impl ConfigError {
    pub(super) fn at(text: &str, span: Range<usize>, fault: String) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.matches('\n').count().saturating_add(1);
        let column = before.rsplit('\n').next().map_or(0, |part| part.chars().count()).saturating_add(1);
        Self { place: Some((line, column)), fault }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.fault)
    }
}

impl std::error::Error for ConfigError {}
