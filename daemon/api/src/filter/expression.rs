//! Conditions and what joins them.

use super::subject::Subject;
use super::term::Term;

/// An expression in its simplest form: no `All` within an `All`, no `Any` within an `Any`, each of at least two, no
/// `Not` of a `Not`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    Term(Term),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl Expression {
    pub(super) fn holds(&self, subject: &impl Subject) -> bool {
        match self {
            Self::Term(term) => term.holds(subject),
            Self::Not(inner) => !inner.holds(subject),
            Self::All(parts) => parts.iter().all(|part| part.holds(subject)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(subject)),
        }
    }

    /// `None` for nothing.
    pub(super) fn all(parts: Vec<Self>) -> Option<Self> {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::All(inner) => flat.extend(inner),
                Self::Term(_) | Self::Not(_) | Self::Any(_) => flat.push(part),
            }
        }
        if flat.len() > 1 { Some(Self::All(flat)) } else { flat.pop() }
    }

    /// `None` for nothing.
    pub(super) fn any(parts: Vec<Self>) -> Option<Self> {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Any(inner) => flat.extend(inner),
                Self::Term(_) | Self::Not(_) | Self::All(_) => flat.push(part),
            }
        }
        if flat.len() > 1 { Some(Self::Any(flat)) } else { flat.pop() }
    }

    pub(super) fn not(inner: Self) -> Self {
        match inner {
            Self::Not(inner) => *inner,
            Self::Term(_) | Self::All(_) | Self::Any(_) => Self::Not(Box::new(inner)),
        }
    }
}
