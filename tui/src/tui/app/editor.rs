//! The line that a filter is typed into.

use wgtrace_api::filter::{Filter, FilterError, Key, Suggestion, complete_with};

/// A line of text with a cursor, what is wrong with it, and what could stand at the cursor.
#[derive(Debug, Clone)]
pub(crate) struct Editor {
    text: String,
    /// In characters.
    cursor: usize,
    /// What was in force before, to go back to.
    pub(crate) before: String,
    pub(crate) error: Option<FilterError>,
    pub(crate) suggestions: Vec<Suggestion>,
    /// How far back in the history it is, and what was typed before.
    pub(crate) back: usize,
    pub(crate) typed: String,
}

impl Editor {
    /// Most characters of a filter that is typed.
    pub(crate) const MOST: usize = 1000;

    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            cursor: text.chars().count(),
            before: text.to_owned(),
            error: None,
            suggestions: Vec::new(),
            back: 0,
            typed: String::new(),
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What is before the cursor, and what is behind it.
    pub(crate) fn halves(&self) -> (&str, &str) {
        self.text.split_at_checked(self.offset(self.cursor)).unwrap_or((&self.text, ""))
    }

    pub(crate) fn replace(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.cursor = self.length();
    }

    /// False if there is no room for it.
    pub(crate) fn insert(&mut self, character: char) -> bool {
        if self.length() >= Self::MOST || character.is_control() {
            return false;
        }
        self.text.insert(self.offset(self.cursor), character);
        self.cursor += 1;
        true
    }

    /// All of a text, lines joined; false if there is no room for it.
    pub(crate) fn insert_all(&mut self, text: &str) -> bool {
        let room = Self::MOST.saturating_sub(self.length());
        // bytes are at least characters: what is far too long is not even looked at
        if text.len() > room.saturating_mul(4) || text.chars().count() > room {
            return false;
        }
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let text = text.trim_end();
        self.text.insert_str(self.offset(self.cursor), text);
        self.cursor += text.chars().count();
        true
    }

    pub(crate) fn go(&mut self, cursor: usize) {
        self.cursor = cursor.min(self.length());
    }

    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Takes away what is between the cursor and this place before it.
    pub(crate) fn delete_from(&mut self, start: usize) {
        let start = start.min(self.cursor);
        let range = self.offset(start)..self.offset(self.cursor);
        self.text.replace_range(range, "");
        self.cursor = start;
    }

    pub(crate) fn delete_here(&mut self) {
        if self.cursor < self.length() {
            self.cursor += 1;
            self.delete_from(self.cursor.saturating_sub(1));
        }
    }

    /// Where the word before the cursor begins.
    pub(crate) fn word(&self) -> usize {
        let before: Vec<char> = self.text.chars().take(self.cursor).collect();
        let words = before.iter().rposition(|c| !c.is_whitespace()).unwrap_or(0);
        let gap = before.iter().take(words).rposition(|c| c.is_whitespace());
        gap.map_or(0, |at| at.saturating_add(1))
    }

    /// Reads it; the filter if it is one.
    pub(crate) fn parse(&mut self, names: impl FnOnce(Key) -> Vec<String>) -> Option<Filter> {
        self.suggestions = complete_with(&self.text, self.cursor, names);
        match self.text.parse() {
            Ok(filter) => {
                self.error = None;
                Some(filter)
            }
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }

    /// Puts in the first suggestion; the others come first the next time.
    pub(crate) fn complete(&mut self) -> bool {
        let Some(first) = self.suggestions.first().cloned() else { return false };
        let end = self.cursor;
        self.delete_from(first.range.start.min(end));
        let is_in = self.insert_all(&first.text);
        if is_in && !first.text.ends_with('=') && !self.halves().1.starts_with(' ') {
            self.insert(' ');
        }
        is_in
    }

    fn length(&self) -> usize {
        self.text.chars().count()
    }

    fn offset(&self, cursor: usize) -> usize {
        self.text.char_indices().nth(cursor).map_or(self.text.len(), |(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_put_in_and_taken_out_at_the_cursor() {
        let mut editor = Editor::new("pod=nét and tcp");
        editor.go(7);
        assert!(editor.insert('x') && editor.text() == "pod=nétx and tcp");
        editor.delete_from(editor.word());
        assert_eq!((editor.text(), editor.cursor()), (" and tcp", 0));
        editor.delete_here();
        assert_eq!(editor.halves(), ("", "and tcp"));
        editor.go(99);
        editor.delete_from(0);
        assert_eq!((editor.text(), editor.cursor()), ("", 0));
    }

    #[test]
    fn a_pasted_megabyte_is_refused() {
        let mut editor = Editor::new("tcp");
        assert!(!editor.insert_all(&"x".repeat(1 << 20)) && editor.text() == "tcp");
        assert!(editor.insert_all(" and\nport 80\n") && editor.text() == "tcp and port 80");
        while editor.insert('y') {}
        assert_eq!(editor.text().chars().count(), Editor::MOST);
    }

    #[test]
    fn what_could_stand_there_is_put_in() {
        let mut editor = Editor::new("encr");
        editor.parse(|_| Vec::new());
        assert!(editor.error.is_some() && editor.complete());
        assert_eq!(editor.text(), "encrypted ");
        assert!(editor.parse(|_| Vec::new()).is_some());
    }
}
