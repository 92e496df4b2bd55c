//! What can be wrong with an expression.

use thiserror::Error;

use super::Filter;
use super::edit::nearest;

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("column {column}: {fault}")]
pub struct FilterError {
    /// Counted in characters from 1; one behind the last for what is missing there.
    pub column: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// What can be wrong with an expression. Text of it is short and without control characters here.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// A word that means nothing here.
    #[error("no such word \"{0}\"{near}", near = mean(*.1))]
    NoSuchWord(String, Option<&'static str>),
    /// A character that cannot stand here.
    #[error("\"{0}\" makes no sense here")]
    Stray(String),
    /// A condition should be here and is not.
    #[error("expected a condition{0}")]
    NoCondition(&'static str),
    /// `src` or `dst` before something without ends.
    #[error("\"{0}\" has no ends: expected ip, port, pod or node behind src or dst")]
    NoEnds(String),
    /// A word that takes no value was given one.
    #[error("\"{0}\" takes no value")]
    TakesNone(&'static str),
    /// No value behind a word that takes one.
    #[error("\"{0}\" needs {1} behind it")]
    NoValue(&'static str, &'static str),
    /// Not a value of this kind.
    #[error("\"{0}\" is not {1}")]
    Value(String, &'static str),
    /// None of the values there are.
    #[error("no such {kind} \"{text}\"{near}")]
    NoSuchValue {
        /// Of what kind it should be.
        kind: &'static str,
        /// What it is.
        text: String,
        /// What may have been meant, or what there is.
        near: String,
    },
    /// Host bits set in a network.
    #[error("\"{0}\" has bits beyond its prefix length; did you mean \"{1}\"?")]
    HostBits(String, String),
    /// A quote without its other half.
    #[error("this quote is not closed")]
    OpenQuote,
    /// A parenthesis without its other half.
    #[error("this parenthesis is not closed")]
    OpenParenthesis,
    /// Its other half alone.
    #[error("no parenthesis is open here")]
    NotOpen,
    /// More than is looked at.
    #[error("{0} bytes are too long: at most {most} are read", most = Filter::LONGEST)]
    TooLong(usize),
    /// A value longer than any name.
    #[error("this value is longer than {0} bytes")]
    LongValue(usize),
    /// Too many parentheses within each other.
    #[error("more than {most} parentheses within each other", most = Filter::DEEPEST)]
    TooDeep,
    /// Too many conditions.
    #[error("more than {most} conditions", most = Filter::MOST_CONDITIONS)]
    TooMany,
}

impl Fault {
    pub(super) fn at(self, column: usize) -> FilterError {
        FilterError { column, fault: self }
    }

    pub(super) fn value(text: &str, expected: &'static str) -> Self {
        Self::Value(Self::shown(text), expected)
    }

    /// With what may have been meant; if nothing is near, with what is there.
    pub(super) fn no_such<'a>(
        text: &str,
        kind: &'static str,
        candidates: impl IntoIterator<Item = &'a str> + Clone,
        expected: &str,
    ) -> Self {
        let begun = |candidate: &&str| {
            text.len() > 2
                && candidate.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text))
        };
        let near = nearest(text, candidates.clone()).or_else(|| candidates.into_iter().find(begun));
        let near = near.map_or_else(|| format!(": expected {expected}"), |near| mean(Some(near)));
        Self::NoSuchValue { kind, text: Self::shown(text), near }
    }

    /// A piece of the expression as it can be printed.
    pub(super) fn shown(text: &str) -> String {
        let mut short: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
        if text.chars().nth(SHOWN).is_some() {
            short.push('…');
        }
        short
    }
}

fn mean(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"))
}

/// Characters of the expression in a message.
const SHOWN: usize = 40;
