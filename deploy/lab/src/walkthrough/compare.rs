//! What the document says beside what is.

use serde::Serialize;

use super::mask::{Mask, Masker};
use super::table::{Class, Compared, Row};

/// In what order texts have to be the document's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// In the same one.
    Same,
    /// In any.
    Any,
    /// In any, and any number of times each.
    AnyNumber,
}

/// Some lines of the document and what there is in their place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pair {
    /// Their numbers: `231-234`; none if the document says nothing of the kind.
    pub lines: Option<String>,
    /// What it says.
    pub said: Vec<String>,
    /// What there is.
    pub here: Vec<String>,
    /// How they relate.
    #[serde(flatten)]
    pub relation: Relation,
}

/// How two sides relate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "relation", rename_all = "kebab-case")]
pub enum Relation {
    /// To the letter.
    Equal,
    /// But for what is another one each time.
    #[serde(rename_all = "kebab-case")]
    EqualUpTo {
        /// What that is.
        up_to: Vec<Mask>,
    },
    /// Another thing, as the table says.
    Other {
        /// Why.
        because: String,
    },
    /// What should be there is not.
    Missing {
        /// What should.
        wanted: Vec<String>,
    },
    /// What is there should not be.
    Unlisted,
}

impl Relation {
    /// Whether the table has it.
    pub fn is_listed(&self) -> bool {
        matches!(self, Self::Equal | Self::EqualUpTo { .. } | Self::Other { .. })
    }
}

/// Puts the lab's texts beside the document's.
pub fn compare(rows: &[(&Row, &Compared)], texts: &[String], order: Order) -> Vec<Pair> {
    let mut sides =
        Sides { theirs: Masker::default(), ours: Masker::default(), taken: vec![false; texts.len()] };
    let mut pairs = Vec::new();
    for (row, compared) in rows {
        let wanted = compared.wanted();
        let found = if wanted.is_empty() { None } else { sides.find(compared, texts, order) };
        let is_missing = found.is_none() && !wanted.is_empty();
        let relation =
            if is_missing { Relation::Missing { wanted: wanted.to_vec() } } else { relation(compared) };
        let here = found.and_then(|at| texts.get(at)).map(|text| lines(text)).unwrap_or_default();
        pairs.push(Pair { lines: Some(row.numbers()), said: compared.said.clone(), here, relation });
    }
    let left = texts.iter().zip(&sides.taken).filter(|(_, taken)| !**taken);
    pairs.extend(left.map(|(text, _)| Pair {
        lines: None,
        said: Vec::new(),
        here: lines(text),
        relation: Relation::Unlisted,
    }));
    pairs
}

/// How far the comparison is. In an order, MACs and keys are told apart over all texts; without one, within one.
struct Sides {
    theirs: Masker,
    ours: Masker,
    /// Which of the lab's texts have their place.
    taken: Vec<bool>,
}

impl Sides {
    /// The first text that is as a row wants it.
    fn find(&mut self, compared: &Compared, texts: &[String], order: Order) -> Option<usize> {
        let masks = &compared.up_to;
        if order == Order::Any {
            self.theirs = Masker::default();
        }
        let need = self.theirs.apply(&compared.wanted().join("\n"), masks);
        let free = self.taken.iter().enumerate().filter(|(_, taken)| !**taken || order == Order::AnyNumber);
        let candidates: Vec<usize> = free.map(|(at, _)| at).collect();
        let limit = if order == Order::Same { 1 } else { usize::MAX };
        let mut first = None;
        for at in candidates.into_iter().take(limit) {
            let mut masker = match order {
                Order::Same => self.ours.clone(),
                Order::Any => Masker::default(),
                Order::AnyNumber => behind(texts, at, masks),
            };
            if masker.apply(texts.get(at)?, masks) != need {
                continue;
            }
            *self.taken.get_mut(at)? = true;
            first = first.or(Some(at));
            if order != Order::AnyNumber {
                self.ours = masker;
                break;
            }
        }
        first
    }
}

/// A masker that has seen the texts in front of one.
fn behind(texts: &[String], at: usize, masks: &[Mask]) -> Masker {
    let mut masker = Masker::default();
    for text in texts.iter().take(at) {
        masker.apply(text, masks);
    }
    masker
}

fn relation(compared: &Compared) -> Relation {
    match (compared.class(), &compared.other) {
        (Class::Other, Some(other)) => Relation::Other { because: other.because.clone() },
        (Class::EqualUpTo, _) => Relation::EqualUpTo { up_to: compared.up_to.clone() },
        (Class::Equal | Class::Other, _) => Relation::Equal,
    }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[cfg(test)]
mod tests;
