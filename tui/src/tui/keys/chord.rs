//! A key with its modifiers, as it is written: `q`, `G`, `ctrl-d`, `shift-tab`, `pgdn`.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers; shift is part of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Chord {
    /// What was pressed.
    pub(crate) fn pressed(event: KeyEvent) -> Self {
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        Self { code: event.code, modifiers: event.modifiers & known }.normal()
    }

    /// Leaves the program wherever it is pressed.
    pub(crate) const fn interrupt() -> Self {
        Self { code: KeyCode::Char('c'), modifiers: KeyModifiers::CONTROL }
    }

    /// The character that a text gets by it.
    pub(crate) fn character(self) -> Option<char> {
        let KeyCode::Char(character) = self.code else { return None };
        self.modifiers.is_empty().then_some(character)
    }

    /// One way to write each.
    fn normal(self) -> Self {
        let Self { code, mut modifiers } = self;
        if code == KeyCode::BackTab {
            return Self { code: KeyCode::Tab, modifiers: modifiers | KeyModifiers::SHIFT };
        }
        if let KeyCode::Char(character) = code {
            let shift = modifiers.contains(KeyModifiers::SHIFT);
            modifiers -= KeyModifiers::SHIFT;
            let upper = shift && modifiers.is_empty();
            let character = if upper { character.to_ascii_uppercase() } else { character };
            let folded = if modifiers.is_empty() { character } else { character.to_ascii_lowercase() };
            return Self { code: KeyCode::Char(folded), modifiers };
        }
        Self { code, modifiers }
    }
}

impl FromStr for Chord {
    type Err = UnknownKey;

    fn from_str(text: &str) -> Result<Self, UnknownKey> {
        let unknown = || UnknownKey(text.to_owned());
        let mut rest = text;
        let mut modifiers = KeyModifiers::NONE;
        for (prefix, modifier) in MODIFIERS {
            if let Some(behind) = rest.strip_prefix(prefix).filter(|behind| !behind.is_empty()) {
                rest = behind;
                modifiers |= modifier;
            }
        }
        let mut characters = rest.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(character), None) if !character.is_control() && character != ' ' => {
                KeyCode::Char(character)
            }
            _ => named(rest).ok_or_else(unknown)?,
        };
        Ok(Self { code, modifiers }.normal())
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (prefix, modifier) in MODIFIERS {
            if self.modifiers.contains(modifier) {
                out.write_str(prefix)?;
            }
        }
        if let Some((name, _)) = NAMES.iter().find(|(_, code)| *code == self.code) {
            return out.write_str(name);
        }
        if let KeyCode::F(number) = self.code {
            return write!(out, "f{number}");
        }
        if let KeyCode::Char(character) = self.code {
            return write!(out, "{character}");
        }
        write!(out, "{}", self.code)
    }
}

/// Text that names no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownKey(pub(crate) String);

fn named(name: &str) -> Option<KeyCode> {
    if let Some(number) = name.strip_prefix('f').and_then(|number| number.parse().ok()) {
        return (1..=12).contains(&number).then_some(KeyCode::F(number));
    }
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, code)| *code)
}

const MODIFIERS: [(&str, KeyModifiers); 3] =
    [("ctrl-", KeyModifiers::CONTROL), ("alt-", KeyModifiers::ALT), ("shift-", KeyModifiers::SHIFT)];

const NAMES: [(&str, KeyCode); 15] = [
    ("space", KeyCode::Char(' ')),
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in
            ["q", "G", "ctrl-d", "alt-x", "shift-tab", "space", "pgdn", "f12", "<", "/", "-", "ctrl-alt-a"]
        {
            assert_eq!(text.parse::<Chord>().unwrap().to_string(), text);
        }
        assert_eq!("shift-g".parse::<Chord>(), "G".parse());
        for text in ["", "ctrl-", "page", "f13", " ", "qq", "\u{7}"] {
            assert_eq!(text.parse::<Chord>(), Err(UnknownKey(text.to_owned())), "{text:?}");
        }
    }

    #[test]
    fn a_terminals_ways_to_say_one_key_are_one_chord() {
        let pressed = |code, modifiers| Chord::pressed(KeyEvent::new(code, modifiers)).to_string();
        assert_eq!(pressed(KeyCode::Char('G'), KeyModifiers::SHIFT), "G");
        assert_eq!(pressed(KeyCode::Char('G'), KeyModifiers::NONE), "G");
        assert_eq!(pressed(KeyCode::BackTab, KeyModifiers::SHIFT), "shift-tab");
        assert_eq!(pressed(KeyCode::Char('C'), KeyModifiers::CONTROL | KeyModifiers::SHIFT), "ctrl-c");
    }
}
