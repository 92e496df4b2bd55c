//! What could be typed next.

use std::ops::Range;

use wgtrace_abi::{DropReason, Hook, Verdict};

use super::Filter;
use super::parse::{Wanted, wanted};
use super::show::quoted;
use super::value::{MESSAGES, PROTOCOLS, STATES};
use super::words::{Key, WORDS, Word};

/// Something that could stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The characters of the text that it takes the place of; the cursor is at the end of them.
    pub range: Range<usize>,
    /// What it is.
    pub text: String,
    /// What it means; may be empty.
    pub about: String,
}

/// What could stand at the cursor, which is behind so many characters of the text. What wants nothing more, or is
/// wrong already, has no suggestions.
pub fn complete(text: &str, cursor: usize) -> Vec<Suggestion> {
    complete_with(text, cursor, |_| Vec::new())
}

/// The same, with the names that there are of pods, nodes, peers, interfaces and addresses.
pub fn complete_with(text: &str, cursor: usize, names: impl FnOnce(Key) -> Vec<String>) -> Vec<Suggestion> {
    if text.len() > Filter::LONGEST {
        return Vec::new();
    }
    let end = text.char_indices().nth(cursor).map_or(text.len(), |(at, _)| at);
    let text = text.get(..end).unwrap_or_default();
    let begun = begun(text);
    let (before, part) = (text.get(..begun).unwrap_or_default(), text.get(begun..).unwrap_or_default());
    let Some(wanted) = wanted(before) else { return Vec::new() };
    let start = before.chars().count();
    let range = start..start.saturating_add(part.chars().count());
    let bare = part.trim_start_matches(['"', '\'']);
    let mut found = match wanted {
        Wanted::Value(key) => values(key, names),
        Wanted::Condition | Wanted::Sided | Wanted::Joint => words(wanted, before),
    };
    found.retain(|candidate| candidate.fits(bare) && candidate.text != part);
    found.sort_by_key(|candidate| !starts(&candidate.plain, bare));
    let suggestion = |candidate: Candidate| Suggestion {
        range: range.clone(),
        text: candidate.text,
        about: candidate.about,
    };
    found.into_iter().map(suggestion).collect()
}

struct Candidate {
    plain: String,
    text: String,
    about: String,
}

impl Candidate {
    fn value(plain: &str, about: &str) -> Self {
        Self { plain: plain.to_owned(), text: quoted(plain).into_owned(), about: about.to_owned() }
    }

    /// At its start, or at that of a part of it.
    fn fits(&self, begun: &str) -> bool {
        let parts = self.plain.match_indices(['/', '-', ' ']);
        let parts = parts.filter_map(|(at, _)| self.plain.get(at.saturating_add(1)..));
        starts(&self.plain, begun)
            || starts(&self.about, begun)
            || (!begun.is_empty() && parts.into_iter().any(|part| starts(part, begun)))
    }
}

fn starts(whole: &str, begun: &str) -> bool {
    whole.get(..begun.len()).is_some_and(|start| start.eq_ignore_ascii_case(begun))
}

fn words(wanted: Wanted, before: &str) -> Vec<Candidate> {
    let is_joint = wanted == Wanted::Joint;
    let is_possible = |word: Word| match word {
        Word::And | Word::Or => is_joint,
        Word::Key(key) => wanted != Wanted::Sided || key.has_ends(),
        Word::Not | Word::At(_) | Word::Flag(_) | Word::Protocol(_) => wanted != Wanted::Sided,
    };
    let mut found: Vec<_> = WORDS
        .iter()
        .filter(|entry| is_possible(entry.word))
        .filter_map(|entry| {
            let suffix = if matches!(entry.word, Word::Key(_)) { "=" } else { "" };
            Some(Candidate {
                plain: entry.name.to_owned(),
                text: format!("{}{suffix}", entry.name),
                about: entry.about?.to_owned(),
            })
        })
        .collect();
    // Behind a condition, what joins it to the next comes first.
    found.sort_by_key(|candidate| is_joint && !matches!(candidate.plain.as_str(), "and" | "or"));
    if is_joint && !before.ends_with([' ', '\t', ')', '"', '\'']) {
        found.clear();
    }
    found
}

fn values(key: Key, names: impl FnOnce(Key) -> Vec<String>) -> Vec<Candidate> {
    let plain = |names: &[&str]| names.iter().map(|name| Candidate::value(name, "")).collect();
    match key {
        Key::Protocol => plain(&PROTOCOLS.map(|(name, _)| name)),
        Key::Hook => plain(&Hook::ALL.map(Hook::name)),
        Key::Verdict => plain(&Verdict::ALL.map(Verdict::name)),
        Key::State => plain(&STATES),
        Key::Message => plain(&MESSAGES),
        Key::DropReason => (0..=u8::MAX)
            .filter_map(|number| Some(Candidate::value(DropReason(number).words()?, &number.to_string())))
            .collect(),
        Key::Ip | Key::Port | Key::Pod | Key::Node | Key::Peer | Key::Interface => {
            names(key).iter().map(|name| Candidate::value(name, "")).collect()
        }
    }
}

/// Where the word or value begins that the text ends in.
fn begun(text: &str) -> usize {
    let mut quote = None;
    let mut start = 0;
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        let behind = at.saturating_add(character.len_utf8());
        match (quote, character) {
            (Some(_), _) if is_escaped => is_escaped = false,
            (Some(_), '\\') => is_escaped = true,
            (Some(open), _) if character == open => (quote, start) = (None, behind),
            (None, '"' | '\'') => (quote, start) = (Some(character), at),
            (None, '(' | ')' | '!' | '=' | '&' | '|') => start = behind,
            (None, _) if character.is_whitespace() => start = behind,
            (Some(_) | None, _) => {}
        }
    }
    start
}
