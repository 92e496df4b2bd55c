//! A step of the tour, laid out for a terminal of some width.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::words::Words;
use crate::walkthrough::compare::{Pair, Relation};
use crate::walkthrough::{Outcome, Verdict};

/// A step, and what came of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'a> {
    /// Which of how many.
    pub(super) number: (usize, usize),
    pub(super) words: &'a Words,
    pub(super) outcome: &'a Outcome,
}

/// How wide the terminal is, and whether headings stand out on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paper {
    pub(super) width: usize,
    pub(super) bold: bool,
}

impl Page<'_> {
    /// Lays it out: two columns where they fit, else one above the other.
    pub(super) fn on(&self, paper: Paper) -> String {
        let Self { number: (number, count), words, outcome } = self;
        let mut text = String::new();
        let heading = format!("=== {number} of {count}: {} ", outcome.step);
        line(&mut text, &paper.bold(&format!("{heading:=<width$}", width = paper.width)));
        paper.hang(&mut text, "", outcome.about);
        if !outcome.command.is_empty() {
            paper.hang(&mut text, "$ ", &outcome.command);
            paper.hang(&mut text, "  ", &format!("({})", words.place));
        }
        line(&mut text, "");
        if !outcome.pairs.is_empty() {
            paper.pairs(&mut text, &outcome.pairs);
        }
        if let Verdict::NotRun { reason } = &outcome.verdict {
            paper.hang(&mut text, "  ! ", &format!("this step could not run: {reason}"));
        }
        paper.list(&mut text, "Seen as well", "  + ", &outcome.notes);
        paper.list(&mut text, "Not as it should be", "  ! ", &outcome.faults);
        paper.list(&mut text, "Look at", "  - ", &words.look);
        paper.list(&mut text, "Why", "  - ", &words.why);
        text
    }
}

impl Paper {
    /// The document's lines and the lab's.
    fn pairs(self, text: &mut String, pairs: &[Pair]) {
        let column = self.width.saturating_sub(3 + BETWEEN.len()) / 2;
        let is_wide = self.width >= WIDE;
        if is_wide {
            let head = format!("   {:<column$}{BETWEEN}{}", "the document printed", "here");
            line(text, &self.bold(&head));
        }
        let mut told = BTreeSet::new();
        let no_line = [NO_LINE.to_owned()];
        for pair in pairs {
            let here = shown(pair);
            let said: &[String] = if pair.said.is_empty() { &no_line } else { &pair.said };
            let sign = sign(&pair.relation);
            if is_wide {
                beside(text, sign, column, &lines(said, column), &lines(&here, column));
            } else {
                self.block(text, sign, "document", said);
                self.block(text, sign, "here", &here);
            }
            if let Relation::Other { because } = &pair.relation
                && told.insert(because)
            {
                self.hang(text, "   other on purpose: ", because);
            }
        }
        line(text, "");
    }

    /// One side above the other.
    fn block(self, text: &mut String, sign: char, label: &str, said: &[String]) {
        for (number, of) in said.iter().enumerate() {
            let label = if number == 0 { label } else { "" };
            self.hang(text, &format!(" {sign} {label:>8}  "), of);
        }
    }

    fn list(self, text: &mut String, heading: &str, bullet: &str, items: &[String]) {
        if items.is_empty() {
            return;
        }
        line(text, &self.bold(heading));
        for item in items {
            self.hang(text, bullet, item);
        }
        line(text, "");
    }

    /// A paragraph, whose first line begins with `first` and whose others are as far in.
    pub(super) fn hang(self, text: &mut String, first: &str, paragraph: &str) {
        let room = self.width.min(READABLE).max(first.len() + LEAST) - first.len();
        // what was printed is as long as it is; prose is not to be wider than people read
        for (number, part) in wrap(paragraph, room).iter().enumerate() {
            let start = if number == 0 { first.to_owned() } else { " ".repeat(first.len()) };
            line(text, &format!("{start}{part}"));
        }
    }

    fn bold(self, heading: &str) -> String {
        if self.bold { format!("\x1b[1m{heading}\x1b[0m") } else { heading.to_owned() }
    }
}

/// What there is in the place of the document's lines.
fn shown(pair: &Pair) -> Vec<String> {
    match &pair.relation {
        Relation::Missing { wanted } => {
            let wanted = wanted.iter().map(|line| format!("should be: {line}"));
            std::iter::once("(missing)".to_owned()).chain(wanted).collect()
        }
        _ if pair.here.is_empty() => vec!["(nothing)".to_owned()],
        Relation::Equal | Relation::EqualUpTo { .. } | Relation::Other { .. } | Relation::Unlisted => {
            pair.here.clone()
        }
    }
}

fn sign(relation: &Relation) -> char {
    match relation {
        Relation::Equal => '=',
        Relation::EqualUpTo { .. } => '~',
        Relation::Other { .. } => '*',
        Relation::Missing { .. } => '-',
        Relation::Unlisted => '+',
    }
}

fn lines(of: &[String], room: usize) -> Vec<String> {
    of.iter().flat_map(|line| wrap(line, room)).collect()
}

fn beside(text: &mut String, sign: char, column: usize, left: &[String], right: &[String]) {
    let none = String::new();
    for number in 0..left.len().max(right.len()) {
        let (left, right) = (left.get(number).unwrap_or(&none), right.get(number).unwrap_or(&none));
        let sign = if number == 0 { sign } else { ' ' };
        line(text, &format!(" {sign} {left:<column$}{BETWEEN}{right}"));
    }
}

/// Cut at blanks where that is possible; what is behind the first line is further in.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut part = String::new();
    for word in text.split(' ') {
        let blank = usize::from(!part.is_empty());
        if part.chars().count() + blank + word.chars().count() > room && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
        }
        if !part.is_empty() {
            part.push(' ');
        }
        for letter in word.chars() {
            if part.chars().count() >= room {
                parts.push(std::mem::take(&mut part));
            }
            part.push(letter);
        }
    }
    parts.push(part);
    parts
}

fn line(text: &mut String, of: &str) {
    // a String takes everything
    let _ = writeln!(text, "{}", of.trim_end());
}

/// From here on the document's lines have room beside the lab's.
const WIDE: usize = 120;
/// Letters of a line that people still read with ease.
const READABLE: usize = 110;
const LEAST: usize = 12;
const BETWEEN: &str = " | ";
const NO_LINE: &str = "(no such line)";

#[cfg(test)]
mod tests;
