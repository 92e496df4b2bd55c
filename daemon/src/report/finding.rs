use std::fmt;

use serde_json::{Value, json};

/// What was found, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was asked, as programs name it.
    pub key: &'static str,
    /// The answer.
    pub answer: Answer,
    /// What follows from it for this program.
    pub consequence: String,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is there.
    Yes(String),
    /// It is not, because of this.
    No(String),
    /// This process could not learn it, because of this.
    Unknown(String),
    /// Something that is neither.
    Text(String),
}

impl Finding {
    /// Without its key yet.
    pub(super) fn new(answer: Answer, consequence: impl Into<String>) -> Self {
        Self { key: "", answer, consequence: consequence.into() }
    }

    pub(super) fn named(self, key: &'static str) -> Self {
        Self { key, ..self }
    }

    pub(super) fn value(&self) -> Value {
        let (kind, text) = match &self.answer {
            Answer::Yes(text) => ("yes", text),
            Answer::No(text) => ("no", text),
            Answer::Unknown(text) => ("unknown", text),
            Answer::Text(text) => ("text", text),
        };
        json!({"answer": kind, "text": text, "consequence": self.consequence})
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, text) = match self {
            Self::Yes(text) => ("yes", text),
            Self::No(text) => ("no", text),
            Self::Unknown(text) => ("unknown", text),
            Self::Text(text) => return one_line(text, f),
        };
        f.write_str(word)?;
        if !text.is_empty() {
            f.write_str(" (")?;
            one_line(text, f)?;
            f.write_str(")")?;
        }
        Ok(())
    }
}

/// The kernel's texts may have several lines.
fn one_line(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, line) in text.split_whitespace().enumerate() {
        write!(f, "{}{line}", if at == 0 { "" } else { " " })?;
    }
    Ok(())
}
