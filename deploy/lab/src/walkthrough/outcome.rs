//! What came of a step.

use std::time::Duration;

use serde::Serialize;

use super::compare::{Order, Pair, compare};
use super::table::Table;

/// What a step saw, before it is held against the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What the document runs, or would.
    pub command: String,
    /// What it printed, in the pieces that the table has rows for.
    pub texts: Vec<String>,
    /// In what order they have to come.
    pub order: Order,
    /// What else was seen and is right.
    pub notes: Vec<String>,
    /// What else was seen and is wrong.
    pub faults: Vec<String>,
}

impl Evidence {
    /// Nothing but what was run yet.
    pub fn of(command: &str) -> Self {
        Self {
            command: command.to_owned(),
            texts: Vec::new(),
            order: Order::Same,
            notes: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// With what it printed.
    #[must_use]
    pub fn texts(mut self, texts: impl IntoIterator<Item = impl ToString>, order: Order) -> Self {
        self.texts = texts.into_iter().map(|text| text.to_string()).collect();
        self.order = order;
        self
    }

    /// Something that has to hold: noted if it does, a fault if not.
    pub fn holds(&mut self, does: bool, what: impl Into<String>) {
        if does { self.notes.push(what.into()) } else { self.faults.push(format!("not so: {}", what.into())) }
    }
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outcome {
    /// The step.
    pub step: &'static str,
    /// What it shows.
    pub about: &'static str,
    /// What the document runs, or would.
    pub command: String,
    /// How it went.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The document's lines beside the lab's.
    pub pairs: Vec<Pair>,
    /// What else was seen and is right.
    pub notes: Vec<String>,
    /// What was wrong, besides the lines.
    pub faults: Vec<String>,
    /// How long it took.
    #[serde(serialize_with = "millis")]
    pub milliseconds: Duration,
}

/// How a step went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// As the table says.
    Ok,
    /// Not as the table says.
    Differs,
    /// It could not run.
    NotRun {
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// Holds what a step saw against the table.
    pub fn of(
        step: (&'static str, &'static str),
        table: &Table,
        seen: anyhow::Result<Evidence>,
        took: Duration,
    ) -> Self {
        let (step, about) = step;
        let evidence = match seen {
            Ok(evidence) => evidence,
            Err(error) => {
                let verdict = Verdict::NotRun { reason: format!("{error:#}") };
                return Self {
                    step,
                    about,
                    command: String::new(),
                    verdict,
                    pairs: Vec::new(),
                    notes: Vec::new(),
                    faults: Vec::new(),
                    milliseconds: took,
                };
            }
        };
        let pairs = compare(&table.of(step), &evidence.texts, evidence.order);
        let is_listed = pairs.iter().all(|pair| pair.relation.is_listed()) && evidence.faults.is_empty();
        Self {
            step,
            about,
            command: evidence.command,
            verdict: if is_listed { Verdict::Ok } else { Verdict::Differs },
            pairs,
            notes: evidence.notes,
            faults: evidence.faults,
            milliseconds: took,
        }
    }
}

fn millis<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
