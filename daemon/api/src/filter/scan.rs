//! From characters to words and values.

use std::borrow::Cow;

use super::error::Fault;

/// Reads an expression from left to right; places are in bytes.
#[derive(Debug, Clone)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Where it is, behind any space.
    pub(super) fn place(&mut self) -> usize {
        self.at = self.text.len().saturating_sub(self.rest().trim_start().len());
        self.at
    }

    /// Whether nothing follows but space.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.place() == self.text.len()
    }

    /// The next character that is no space.
    pub(super) fn peek(&mut self) -> Option<char> {
        self.place();
        self.rest().chars().next()
    }

    /// Goes past this if it comes next.
    pub(super) fn take(&mut self, symbol: &str) -> bool {
        self.place();
        let found = self.rest().starts_with(symbol);
        if found {
            self.skip(symbol.len());
        }
        found
    }

    /// The word that comes next, not gone past.
    pub(super) fn word(&mut self) -> &'a str {
        self.place();
        let rest = self.rest();
        let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.');
        rest.split(|character| !is_part(character)).next().unwrap_or_default()
    }

    /// What is up to the next space, parenthesis, quote, `&&` or `||`; not gone past.
    pub(super) fn chunk(&mut self) -> &'a str {
        self.place();
        let rest = self.rest();
        let ends = |(at, character): (usize, char)| {
            let following = rest.get(at..).unwrap_or_default();
            let is_end = character.is_whitespace()
                || matches!(character, '(' | ')' | '"' | '\'')
                || following.starts_with("&&")
                || following.starts_with("||");
            is_end.then_some(at)
        };
        let end = rest.char_indices().find_map(ends).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    /// What stands in quotes, if a quote comes next; goes past it.
    pub(super) fn quotation(&mut self) -> Result<Option<Cow<'a, str>>, Fault> {
        let Some(quote) = self.peek().filter(|character| matches!(character, '"' | '\'')) else {
            return Ok(None);
        };
        let inside = self.rest().get(1..).unwrap_or_default();
        let mut owned = None::<String>;
        let mut characters = inside.char_indices();
        while let Some((at, character)) = characters.next() {
            if character == quote {
                let value =
                    owned.map_or_else(|| Cow::Borrowed(inside.get(..at).unwrap_or_default()), Cow::Owned);
                self.skip(at.saturating_add(2));
                return Ok(Some(value));
            }
            let literal = match character {
                '\\' => {
                    owned.get_or_insert_with(|| inside.get(..at).unwrap_or_default().to_owned());
                    characters.next().map(|(_, escaped)| escaped)
                }
                other => Some(other),
            };
            if let (Some(owned), Some(literal)) = (owned.as_mut(), literal) {
                owned.push(literal);
            }
        }
        Err(Fault::OpenQuote)
    }

    /// Goes past so many bytes.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes).min(self.text.len());
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }
}
