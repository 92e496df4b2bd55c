//! The committed table: each line of the document, and how the lab may differ from it.

mod raw;

use std::fmt;
use std::ops::RangeInclusive;

use thiserror::Error;

use super::mask::Mask;

/// The table, in the order of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its rows, which do not overlap.
    pub rows: Vec<Row>,
}

/// Some lines of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Their numbers, from 1 on.
    pub lines: RangeInclusive<usize>,
    /// What becomes of them.
    pub what: What,
}

/// What becomes of some lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A step compares them.
    Compared(Compared),
    /// None does.
    Passed {
        /// Why.
        because: String,
    },
}

/// Lines that a step compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The step.
    pub step: String,
    /// The lines, without blanks at either end.
    pub said: Vec<String>,
    /// What is not compared of them.
    pub up_to: Vec<Mask>,
    /// What there is instead, where that is another thing.
    pub other: Option<Other>,
}

/// A deliberate difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// What there is; nothing if it is empty.
    pub here: Vec<String>,
    /// Why.
    pub because: String,
}

/// How lines relate to the lab's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// To the letter.
    Equal,
    /// But for what is another one each time.
    EqualUpTo,
    /// Another thing, on purpose.
    Other,
}

impl Row {
    /// Its lines as they are written: `12` or `12-14`.
    pub fn numbers(&self) -> String {
        let (first, last) = (self.lines.start(), self.lines.end());
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    }
}

impl Compared {
    /// How these lines relate to the lab's.
    pub fn class(&self) -> Class {
        match (&self.other, self.up_to.as_slice()) {
            (Some(_), _) => Class::Other,
            (None, []) => Class::Equal,
            (None, _) => Class::EqualUpTo,
        }
    }

    /// What there has to be.
    pub fn wanted(&self) -> &[String] {
        self.other.as_ref().map_or(&self.said, |other| &other.here)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "equal",
            Self::EqualUpTo => "equal up to",
            Self::Other => "deliberately other",
        })
    }
}

/// What can be wrong with the table.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TableError {
    /// It is no table.
    #[error("{0}")]
    Malformed(String),
    /// A row's lines are no range of lines.
    #[error("`{0}` is no range of lines: expected `12` or `12-14`")]
    NoRange(String),
    /// Two rows speak of one line, or one is out of order.
    #[error("line {line} is spoken of twice, or its row is out of order")]
    Twice {
        /// The line.
        line: usize,
    },
    /// Nobody speaks of a line.
    #[error("no row speaks of line {line}: {text}")]
    Missing {
        /// The line.
        line: usize,
        /// What it says.
        text: String,
    },
    /// A row speaks of lines that are not there.
    #[error("the document has {have} lines, and a row speaks of line {line}")]
    Beyond {
        /// The line.
        line: usize,
        /// How many there are.
        have: usize,
    },
    /// A row quotes something else than the document says.
    #[error("line {line} says `{said}`, and its row quotes `{quoted}`")]
    Misquoted {
        /// The line.
        line: usize,
        /// What it says.
        said: String,
        /// What the row has.
        quoted: String,
    },
    /// A row lacks something.
    #[error("the row of lines {lines} {lack}")]
    Incomplete {
        /// Its lines.
        lines: String,
        /// What it lacks.
        lack: &'static str,
    },
}

impl Table {
    /// The committed one.
    ///
    /// # Errors
    /// Never, as long as the tests pass.
    pub fn committed() -> Result<Self, TableError> {
        Self::parse(&PARTS)
    }

    /// Reads one in several parts.
    ///
    /// # Errors
    /// When a part is malformed, or lines are spoken of twice.
    pub fn parse(parts: &[&str]) -> Result<Self, TableError> {
        let mut rows: Vec<Row> = Vec::new();
        for part in parts {
            for row in raw::read(part)? {
                let last = rows.last().map_or(0, |row| *row.lines.end());
                if *row.lines.start() <= last {
                    return Err(TableError::Twice { line: *row.lines.start() });
                }
                rows.push(row);
            }
        }
        Ok(Self { rows })
    }

    /// What a step compares, in the order of the document.
    pub fn of(&self, step: &str) -> Vec<(&Row, &Compared)> {
        let compared = self.rows.iter().filter_map(|row| match &row.what {
            What::Compared(compared) => Some((row, compared)),
            What::Passed { .. } => None,
        });
        compared.filter(|(_, compared)| compared.step == step).collect()
    }

    /// Whether it speaks of every line of a document once, in that line's words.
    ///
    /// # Errors
    /// When it does not.
    pub fn covers(&self, document: &str) -> Result<(), TableError> {
        let lines: Vec<&str> = document.lines().map(str::trim).collect();
        let mut next = 1;
        for row in &self.rows {
            if *row.lines.start() != next {
                let text = lines.get(next - 1).copied().unwrap_or_default().to_owned();
                return Err(TableError::Missing { line: next, text });
            }
            next = row.lines.end().saturating_add(1);
            if next - 1 > lines.len() {
                return Err(TableError::Beyond { line: next - 1, have: lines.len() });
            }
            let What::Compared(compared) = &row.what else { continue };
            for (line, quoted) in row.lines.clone().zip(&compared.said) {
                let said = lines.get(line - 1).copied().unwrap_or_default();
                if said != quoted {
                    let (said, quoted) = (said.to_owned(), quoted.clone());
                    return Err(TableError::Misquoted { line, said, quoted });
                }
            }
        }
        match lines.get(next - 1) {
            Some(text) => Err(TableError::Missing { line: next, text: (*text).to_owned() }),
            None => Ok(()),
        }
    }
}

const PARTS: [&str; 6] = [
    include_str!("../../walkthrough/1-cluster.toml"),
    include_str!("../../walkthrough/2-pod.toml"),
    include_str!("../../walkthrough/3-node.toml"),
    include_str!("../../walkthrough/4-tunnel.toml"),
    include_str!("../../walkthrough/5-ping.toml"),
    include_str!("../../walkthrough/6-services.toml"),
];

#[cfg(test)]
mod tests;
